package latchkey

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The guards without parameters. Without any, an adapter's Require asks for a
// valid session of an active user: 401 otherwise.
var (
	// Verified asks for a verified e-mail address, else 403.
	Verified = Guard{Name: "verified", NeedsUser: true, Check: func(_ context.Context, c *core.Current) error {
		return allow(c.User.Base().IsVerified)
	}}
	// Superuser asks for a superuser, else 403.
	Superuser = Guard{Name: "superuser", NeedsUser: true, Check: func(_ context.Context, c *core.Current) error {
		return allow(c.User.Base().IsSuperuser)
	}}
	// SessionOnly loads no user: CurrentSession works, CurrentUser does
	// not. Whether the user is active is known by the epoch alone, which a
	// deactivation raises.
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

// Fresh asks for a proof (a login, a second factor) that is at most age old by
// the system's clock, else 403.
func Fresh(age time.Duration) Guard {
	return Guard{Name: "fresh", Check: func(_ context.Context, c *core.Current) error {
		return allow(time.Since(c.Session.ProvedAt()) <= age)
	}}
}

// Check asks the application: nil lets pass, an *Error is the answer as it is,
// anything else becomes a 503. Forbidden() is the plain 403.
func Check[U any](check func(ctx context.Context, u *U) error) Guard {
	return Guard{Name: "check", NeedsUser: true, Check: func(ctx context.Context, c *core.Current) error {
		u, ok := any(c.User).(*U)
		if !ok {
			return core.Forbidden()
		}
		return check(ctx, u)
	}}
}

// Forbidden is the plain 403, for checks and hooks.
func Forbidden() *Error { return core.Forbidden() }

// Refuse is a 400 with a code of the application's own, for checks and hooks.
func Refuse(code string) *Error { return core.Refuse(code) }

func allow(ok bool) error {
	if ok {
		return nil
	}
	return core.Forbidden()
}
