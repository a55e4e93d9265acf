package core

import (
	"context"
	"slices"
)

// Current is who is asking.
type Current struct {
	Session *Session
	// User is nil under SessionOnly, whatever the store knew.
	User AnyUser
	// Route is the one of Latchkey's own routes that the request is for,
	// nil in the application's handlers. Kit.Recheck checks its guards
	// again.
	Route *Route
}

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
	// Check may refuse: with an *Error as it is (Forbidden() as a rule),
	// with anything else as 503. Nil checks nothing.
	Check func(ctx context.Context, c *Current) error
}

// Allows reports whether the guard reads the credentials of a backend.
func (g Guard) Allows(backend string) bool {
	return g.Backends == nil || slices.Contains(g.Backends, backend)
}

type currentKey struct{}

// currentCtx carries Current in one allocation.
type currentCtx struct {
	context.Context
	current Current
}

func (c *currentCtx) Value(key any) any {
	if _, ok := key.(currentKey); ok {
		return &c.current
	}
	return c.Context.Value(key)
}

// WithCurrent returns a context that knows who is asking. The front door calls
// it; tests may.
func WithCurrent(ctx context.Context, c Current) context.Context {
	return &currentCtx{ctx, c}
}

// CurrentFrom returns who is asking; nil for nobody. It is read-only.
func CurrentFrom(ctx context.Context) *Current {
	c, _ := ctx.Value(currentKey{}).(*Current)
	return c
}

// CurrentUser is the user who is asking, as the application's type. It is false
// for anonymous requests, under SessionOnly, and for another type than the one
// that the application was built with.
func CurrentUser[U any](ctx context.Context) (*U, bool) {
	if c := CurrentFrom(ctx); c != nil {
		u, ok := any(c.User).(*U)
		return u, ok
	}
	return nil, false
}

// CurrentSession is the session of the one who is asking.
func CurrentSession(ctx context.Context) (*Session, bool) {
	if c := CurrentFrom(ctx); c != nil {
		return c.Session, true
	}
	return nil, false
}
