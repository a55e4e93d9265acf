package core

import "context"

// Moment names an event.
type Moment string

// The moments, each before and after where both make sense.
const (
	Register      Moment = "register"
	LoggedIn      Moment = "login"
	FailedLogin   Moment = "failed_login"
	Logout        Moment = "logout"
	Update        Moment = "update"
	RequestVerify Moment = "request_verify"
	Verify        Moment = "verify"
	Forgot        Moment = "forgot_password"
	Reset         Moment = "reset_password"
	Delete        Moment = "delete"
)

// Event is what happens, with the user's type erased.
type Event struct {
	Moment  Moment
	Backend string  // of a login or logout
	Method  string  // of the proof, for a login: "password"
	User    AnyUser // nil for a failed login of an unknown identifier
	// Request is nil outside HTTP, and for what runs after the response
	// (forgot password, request verify). Its Body is consumed.
	Request *Request
	// Input is the body's members, without the password.
	Input Object
	// Identity is who the provider says it is, where a user registers or
	// logs in by OAuth, else nil.
	Identity *OAuthIdentity
}

// EventOf is an Event with the application's user type.
type EventOf[U any] struct {
	Moment          Moment
	Backend, Method string
	User            *U
	Request         *Request
	Input           Object
	Identity        *OAuthIdentity
}

// Hooks are an application's functions around what Latchkey does; each is
// optional.
//
// Before… run outside any transaction and may refuse: an *Error is the answer
// as it is, any other error is a 503. BeforeRegister may also edit the event's
// user, which is stored afterwards. After… run after the commit with a context
// that is not cancelled; they cannot fail the request, and a panic in one is
// logged. An account whose AfterRegister fails is kept. None of them sees a
// password or a token. AfterVerify runs wherever a user proves the address for
// the first time: by the mail, by a reset, by a login at a provider that takes
// the account over.
type Hooks[U any] struct {
	BeforeRegister, BeforeLogin, BeforeUpdate, BeforeDelete func(ctx context.Context, e *EventOf[U]) error

	AfterRegister, AfterLogin, AfterFailedLogin, AfterLogout, AfterUpdate,
	AfterRequestVerify, AfterVerify, AfterForgotPassword, AfterResetPassword,
	AfterDelete func(ctx context.Context, e EventOf[U])
}
