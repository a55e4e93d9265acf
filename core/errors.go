package core

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
)

// What stores and strategies answer with. Compare with errors.Is. Any other
// error, but for a *RefusedError, means that a store cannot be reached, and
// becomes a 503.
var (
	// ErrNotFound: there is no such row, it has expired, or its id cannot
	// be parsed.
	ErrNotFound = errors.New("latchkey: not found")
	// ErrTaken: a unique key (id, e-mail, digest, credential) exists
	// already.
	ErrTaken = errors.New("latchkey: taken")
	// ErrConflict: other rows of the application stand in the way. A unique
	// index of its own has the values already, or its rows refer to the
	// user who is to be deleted.
	ErrConflict = errors.New("latchkey: conflict")
	// ErrFull: the owner has as many of the kind as there may be.
	ErrFull = errors.New("latchkey: full")
	// ErrUsed: a one-time token was consumed or burned before.
	ErrUsed = errors.New("latchkey: used before")
	// ErrNoCredential: the request has no credential of this kind, or the
	// token has another strategy's shape.
	ErrNoCredential = errors.New("latchkey: no credential")
	// ErrInvalid: the credential is of this strategy's shape and is not
	// good (forged, expired, revoked, of an older epoch).
	ErrInvalid = errors.New("latchkey: invalid credential")
)

// Codes of errors, as clients see them. They are stable, and they are the keys
// for translation.
const (
	CodeLoginBadCredentials   = "LOGIN_BAD_CREDENTIALS"
	CodeLoginUserNotVerified  = "LOGIN_USER_NOT_VERIFIED"
	CodeLoginFactorRequired   = "LOGIN_FACTOR_REQUIRED"
	CodeLoginEnrolment        = "LOGIN_ENROLMENT_REQUIRED"
	CodeMailLoginBadCode      = "MAIL_LOGIN_BAD_CODE"
	CodeProofRequired         = "PROOF_REQUIRED"
	CodeFactorBadCode         = "FACTOR_BAD_CODE"
	CodeFactorLocked          = "FACTOR_LOCKED"
	CodeFactorExists          = "FACTOR_ALREADY_EXISTS"
	CodeFactorExpired         = "FACTOR_ENROLMENT_EXPIRED"
	CodeFactorUnverified      = "FACTOR_NEEDS_VERIFIED_EMAIL"
	CodeFactorRequired        = "FACTOR_REQUIRED"
	CodeNoFactor              = "NO_FACTOR"
	CodeLastLoginMethod       = "LAST_LOGIN_METHOD"
	CodePasskeyUnknown        = "PASSKEY_UNKNOWN"
	CodePasskeyBadChallenge   = "PASSKEY_BAD_CHALLENGE"
	CodePasskeyRefused        = "PASSKEY_REFUSED"
	CodePasskeyTooMany        = "PASSKEY_TOO_MANY"
	CodeRegisterUserExists    = "REGISTER_USER_ALREADY_EXISTS"
	CodeRegisterNameExists    = "REGISTER_USERNAME_ALREADY_EXISTS"
	CodeRegisterPassword      = "REGISTER_INVALID_PASSWORD"
	CodeRegisterConflict      = "REGISTER_USER_CONFLICT"
	CodeResetBadToken         = "RESET_PASSWORD_BAD_TOKEN"
	CodeResetPassword         = "RESET_PASSWORD_INVALID_PASSWORD"
	CodeVerifyBadToken        = "VERIFY_USER_BAD_TOKEN"
	CodeVerifyAlreadyVerified = "VERIFY_USER_ALREADY_VERIFIED"
	CodeUpdateEmailExists     = "UPDATE_USER_EMAIL_ALREADY_EXISTS"
	CodeUpdateNameExists      = "UPDATE_USER_USERNAME_ALREADY_EXISTS"
	CodeUpdatePassword        = "UPDATE_USER_INVALID_PASSWORD"
	CodeUpdateBadCurrent      = "UPDATE_USER_BAD_CURRENT_PASSWORD"
	CodeUpdateConflict        = "UPDATE_USER_CONFLICT"
	CodeEmailChangeBadToken   = "EMAIL_CHANGE_BAD_TOKEN"
	CodeLeavingBadToken       = "LEAVING_BAD_TOKEN"
	CodeDeleteConflict        = "DELETE_USER_CONFLICT"
	CodeLastSuperuser         = "LAST_SUPERUSER"
	CodeDuplicateCredentials  = "DUPLICATE_CREDENTIALS"
	CodeCrossOriginRefused    = "CROSS_ORIGIN_REFUSED"
	CodeBodyTooLarge          = "BODY_TOO_LARGE"
	CodeUnsupportedMediaType  = "UNSUPPORTED_MEDIA_TYPE"
	CodeRateLimited           = "RATE_LIMITED"
	CodeCaptchaRequired       = "CAPTCHA_REQUIRED"
	CodeServiceUnavailable    = "SERVICE_UNAVAILABLE"
	CodeInsufficientScope     = "INSUFFICIENT_SCOPE"
	CodeAPIKeyLimit           = "API_KEY_LIMIT"
	CodeAPIKeyRotated         = "API_KEY_ROTATED"
	CodeLoginUserSuspended    = "LOGIN_USER_SUSPENDED"
	CodeAdminSelf             = "ADMIN_SELF"
	CodeImpersonationRefused  = "IMPERSONATION_REFUSED"
	CodeNotImpersonating      = "NOT_IMPERSONATING"
	CodeDevicePending         = "DEVICE_AUTHORIZATION_PENDING"
	CodeDeviceSlowDown        = "DEVICE_SLOW_DOWN"
	CodeDeviceExpired         = "DEVICE_EXPIRED_TOKEN"
	CodeDeviceDenied          = "DEVICE_ACCESS_DENIED"
	CodeDeviceBadCode         = "DEVICE_BAD_CODE"
)

// RefusedError is a store's refusal of a user whom the application's own
// columns or constraints do not take: a text that is too long for its column, a
// CHECK, a foreign key, a trigger. The same values are refused each time. It is
// not of a value that is taken, see ErrTaken and ErrConflict.
type RefusedError struct {
	// Field is the Go name of the user type's field whose value is refused,
	// the column's name if the type has no field for it, "" where the
	// database does not say.
	Field string
	// Cause says more, for logs; its text holds no value.
	Cause error
}

// Error names the field, and never its value.
func (e *RefusedError) Error() string {
	s := "latchkey: the application's schema refuses a user"
	if e.Field != "" {
		s = "latchkey: the application's schema refuses " + e.Field
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Cause }

// Error is an answer to a client. One with a Status below 400 is a redirect, to
// the Location of Header, without a body. Rendered, any other one is
// {"detail": X}: X is Problems if there are any, else an object with the code,
// the reason and Members if there are a Reason or Members, else Code, else the
// status' phrase. Beside it stands the code's OAuthError, if it has one. Cause
// is logged and never sent.
type Error struct {
	Code   string // "" for the plain 401, 403, 404, 500
	Status int
	// Reason is English for people, Localize's default. ReasonCode is its
	// key for translation, Args its values.
	Reason, ReasonCode string
	Args               map[string]any
	// Members stand beside the code, for programs: what would be enough.
	Members  map[string]any
	Problems []Problem
	Header   http.Header // sent along: Retry-After, WWW-Authenticate
	Cause    error
}

// Problem is one finding about a request's input, in pydantic 2's form. It
// never repeats the input.
type Problem struct {
	Loc  []any  `json:"loc"` // "body", then a member's name or an offset
	Msg  string `json:"msg"`
	Type string `json:"type"` // missing, string_type, bool_type, value_error, json_invalid, …
}

// Error returns the code and the cause, for logs.
func (e *Error) Error() string {
	s := e.Code
	if s == "" {
		s = http.StatusText(e.Status)
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// StatusCode is Status, for frameworks that ask errors for it.
func (e *Error) StatusCode() int { return e.Status }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is compares by Status and Code, so errors.Is works against the values below
// and against &Error{Status, Code}.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Status == e.Status && t.Code == e.Code
}

// Level is the level at which an answer of 500 and above is logged: Warn where
// anyone can cause it, by a wrong code or by giving the request up, else Error.
func (e *Error) Level() slog.Level {
	if errors.Is(e.Cause, ErrOAuthCodeRefused) || errors.Is(e.Cause, context.Canceled) {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// Refuse is a 400 with a code.
func Refuse(code string) *Error { return &Error{Code: code, Status: http.StatusBadRequest} }

// Unavailable is a 503 that asks the client to come again in some seconds. If
// the cause is ErrConflict or a *RefusedError, which will be there then too, it
// is a plain 500.
func Unavailable(cause error) *Error {
	if refused := (*RefusedError)(nil); errors.Is(cause, ErrConflict) || errors.As(cause, &refused) {
		return &Error{Status: http.StatusInternalServerError, Cause: cause}
	}
	return &Error{
		Code: CodeServiceUnavailable, Status: http.StatusServiceUnavailable,
		Header: http.Header{"Retry-After": {"2"}}, Cause: cause,
	}
}

// OrUnavailable returns err where it is nil or an answer, which is an *Error,
// else a 503.
func OrUnavailable(err error) error {
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return Unavailable(err)
}

// Unauthorized is the one 401, whatever the cause.
func Unauthorized() *Error { return &Error{Status: http.StatusUnauthorized} }

// Forbidden is the plain 403: known, and not allowed.
func Forbidden() *Error { return &Error{Status: http.StatusForbidden} }

// NotFound is the plain 404.
func NotFound() *Error { return &Error{Status: http.StatusNotFound} }

// Invalid is a 422 about the given problems.
func Invalid(problems ...Problem) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Problems: problems}
}

// Missing is the problem of a required member of the body that is not there.
func Missing(name string) Problem {
	return Problem{Loc: []any{"body", name}, Msg: "Field required", Type: "missing"}
}

// BadValue is the problem of a member whose value is not acceptable; msg must
// not repeat it.
func BadValue(name, msg string) Problem {
	return Problem{Loc: []any{"body", name}, Msg: "Value error, " + msg, Type: "value_error"}
}

// InvalidProblems is Invalid about those problems that are not nil; nil if
// there are none.
func InvalidProblems(problems ...*Problem) error { return AddProblems(nil, problems...) }

// AddProblems returns an error of ReadJSON or ReadForm about members, or nil,
// with further problems of the same body, so that a client learns all at once;
// nil if there are none. Left out are those that are nil, and those of a member
// that err has a problem of. An error of another kind is returned as it is.
func AddProblems(err error, problems ...*Problem) error {
	var found []Problem
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Problems == nil {
			return err
		}
		found = slices.Clone(e.Problems)
	}
	of := found
	for _, p := range problems {
		known := func(f Problem) bool { return slices.Equal(f.Loc, p.Loc) }
		if p != nil && !slices.ContainsFunc(of, known) {
			found = append(found, *p)
		}
	}
	if found == nil {
		return nil
	}
	return Invalid(found...)
}
