package latchkey

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The guards without parameters; core documents each. Without any, an adapter's
// Require requires a valid session of an active user: 401 otherwise.
var (
	// Verified requires a verified e-mail address, else 403.
	Verified = core.Verified
	// Superuser requires a superuser, else 403.
	Superuser = core.Superuser
	// InPerson requires the person themselves: no API key, and nobody who
	// acts as the user. Else 403; see core.InPerson.
	InPerson = core.InPerson
	// SessionOnly loads no user; see core.SessionOnly.
	SessionOnly = core.SessionOnly
	// Streaming is for what stays open; see core.Streaming.
	Streaming = core.Streaming
)

// Via reads the credentials of the named backends only.
func Via(backends ...string) Guard { return core.Via(backends...) }

// Fresh requires a proof (a login, a second factor) that is at most age old by
// Options.Now, else 403 PROOF_REQUIRED.
func Fresh(age time.Duration) Guard { return core.Fresh(age) }

// Factor requires a proof by one of the methods that is at most age old, else
// 403 PROOF_REQUIRED. Without methods it requires proofs of two kinds, or a
// passkey; see core.ProvedBy. An age of 0 allows any time in this login.
func Factor(age time.Duration, methods ...string) Guard { return core.ProvedBy(age, methods...) }

// Scope admits sessions with scopes that have this one, and every session
// without scopes; see core.Scope. A session with scopes is refused wherever no
// guard names one: 403 INSUFFICIENT_SCOPE.
func Scope(scope string) Guard { return core.Scope(scope) }

// Check calls check with the current user. Its type is the application's:
// another one panics where the guard is used. A nil error admits the request,
// an *Error is sent as it is, and any other error becomes a 503. Forbidden() is
// the plain 403.
func Check[U any](check func(ctx context.Context, u *U) error) Guard { return core.CheckUser(check) }

// Forbidden returns the plain 403, for checks and hooks.
func Forbidden() *Error { return core.Forbidden() }

// Refuse returns a 400 with a code of the application's own, for checks and
// hooks.
func Refuse(code string) *Error { return core.Refuse(code) }
