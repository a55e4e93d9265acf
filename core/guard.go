package core

import (
	"context"
	"reflect"
	"slices"
	"time"
)

// Guard is a condition on who is asking. Every guard asks for an active user
// with a valid session first.
type Guard struct {
	Name string
	// SessionOnly loads no user: active and verified are not known, and the
	// epoch comes from an EpochStore.
	SessionOnly bool
	// OwnOrigin makes transports look at a request with any method as at an
	// unsafe one: a credential that browsers attach by themselves is
	// refused from another origin, with 403 CROSS_ORIGIN_REFUSED. It is for
	// a GET that begins a change.
	OwnOrigin bool
	// Streaming is OwnOrigin, and asks each backend's strategy for a
	// Rechecker.
	Streaming bool
	// NeedsUser: Check reads the user, so the guard cannot stand beside a
	// SessionOnly one.
	NeedsUser bool
	// Backends are the only ones whose credentials are read; nil for all.
	Backends []string
	// MaxAge is how old the session's latest proof may be, by the
	// application's clock; 0 allows any age. An older one is 403
	// PROOF_REQUIRED.
	MaxAge time.Duration
	// Methods are those of which one must have made the proof; nil allows
	// any.
	Methods []string
	// Strong requires proofs of two kinds that were made in this login; see
	// ProofKinds.Strong and MadeHere.
	Strong bool
	// Scope is what a session with Scopes must have: 403 INSUFFICIENT_SCOPE
	// without. Of several guards it must have every Scope. Where no guard
	// names one, every session with Scopes is refused, so that a credential
	// of few rights opens nothing that was not opened to it.
	Scope string
	// Personal: Check refuses a session that is not in person (see
	// Session.InPerson). latchkey.Options.RouteScopes opens no such route.
	Personal bool
	// UserType is the type that Check expects the current user to point to.
	// Where guards are resolved, one that is not the application's panics.
	// nil: any.
	UserType reflect.Type
	// Check may refuse: with an *Error as it is (Forbidden() as a rule),
	// with anything else as 503. Nil checks nothing.
	Check func(ctx context.Context, c *Current) error
	// CheckRequest is Check with the head of the request, for what depends
	// on a header, the host or the path: see PathValue.
	CheckRequest func(ctx context.Context, h Head, c *Current) error
	// Refused turns a refusal, by this guard or another one, into another
	// error, such as the redirect to a login page in place of the plain
	// 401. nil leaves it as it is. Of several guards the first that turns
	// it decides.
	Refused func(h Head, refusal *Error) *Error
}

// Allows reports whether the guard reads the credentials of a backend.
func (g Guard) Allows(backend string) bool {
	return g.Backends == nil || slices.Contains(g.Backends, backend)
}

// The guards without parameters. Without any, an adapter's Require requires a
// valid session of an active user: 401 otherwise.
var (
	// Verified requires a verified e-mail address, else 403.
	Verified = Guard{Name: "verified", NeedsUser: true, Check: func(_ context.Context, c *Current) error {
		return allow(c.User.Base().IsVerified)
	}}
	// Superuser requires a superuser, else 403.
	Superuser = Guard{Name: "superuser", NeedsUser: true, Check: func(_ context.Context, c *Current) error {
		return allow(c.User.Base().IsSuperuser)
	}}
	// InPerson requires the person themselves, else 403; see
	// Session.InPerson. It is for what changes who may log in, and what the
	// user would not let others do in their name.
	InPerson = Guard{Name: "in person", Personal: true, Check: func(_ context.Context, c *Current) error {
		return allow(c.Session.InPerson())
	}}
	// SessionOnly loads no user: CurrentSession works, CurrentUser does
	// not. Deactivating a user raises the epoch, which is how this guard
	// notices.
	SessionOnly = Guard{Name: "session only", SessionOnly: true}
	// Streaming is for what stays open: server-sent events and the upgrade
	// to a WebSocket. A request that a browser sends from another origin,
	// with a credential that it attaches by itself, is refused as an unsafe
	// one is, although it is a GET: 403 CROSS_ORIGIN_REFUSED. (Nothing else
	// does that for a WebSocket, to which CORS does not apply: RFC 6455,
	// section 10.2; OWASP WebSocket Security Cheat Sheet, "Cross-Site
	// WebSocket Hijacking".) The cookie's TrustedOrigins may. Every backend
	// must have a strategy whose sessions can be rechecked, as session and
	// jwt do, so that Auth.Watch can end the stream.
	Streaming = Guard{Name: "streaming", Streaming: true}
)

// Via reads the credentials of the named backends only.
func Via(backends ...string) Guard {
	return Guard{Name: "via", Backends: append([]string{}, backends...)}
}

// Fresh requires a proof (a login, a second factor) that is at most age old by
// the application's clock, else 403 PROOF_REQUIRED. An age that is not positive
// lets nobody in.
func Fresh(age time.Duration) Guard { return Guard{Name: "fresh", MaxAge: max(age, 1)} }

// ProvedBy requires a proof by one of the methods that is at most age old, else
// 403 PROOF_REQUIRED. Without methods it requires proofs of two kinds, of which
// the latest is at most age old. An age of 0 allows any time in this login; a
// negative one lets nobody in.
func ProvedBy(age time.Duration, methods ...string) Guard {
	if age < 0 {
		age = 1
	}
	return Guard{Name: "proved by", MaxAge: age, Methods: append([]string(nil), methods...), Strong: len(methods) == 0}
}

// Scope admits sessions with Scopes that have this one, and every session
// without Scopes, such as a person's login. It is a scope-token of RFC 6749,
// section 3.3; where guards are resolved, anything else panics.
func Scope(scope string) Guard { return Guard{Name: "scope " + scope, Scope: scope} }

// CheckUser calls check with the current user, of the application's type: where
// guards are resolved, another type panics. A nil error admits the request, an
// *Error is sent as it is, and any other error becomes a 503. Forbidden() is
// the plain 403.
func CheckUser[U any](check func(ctx context.Context, u *U) error) Guard {
	g := Guard{Name: "check", NeedsUser: true, UserType: reflect.TypeFor[U]()}
	g.Check = func(ctx context.Context, c *Current) error {
		u, ok := any(c.User).(*U)
		if !ok {
			return Forbidden()
		}
		return check(ctx, u)
	}
	return g
}

func allow(ok bool) error {
	if ok {
		return nil
	}
	return Forbidden()
}
