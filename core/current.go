package core

import "context"

// Current is who is asking.
type Current struct {
	Session *Session
	// User is nil under SessionOnly, whatever the store knew.
	User AnyUser
	// Route is the one of Latchkey's own routes that the request is for,
	// nil in the application's handlers. A Commit checks its guards
	// again.
	Route *Route
	// Request is the one to that route, nil in the application's handlers.
	Request *Request
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

// WithCurrent returns a context with the current user in it. The front door
// calls it; tests may.
func WithCurrent(ctx context.Context, c Current) context.Context {
	return &currentCtx{ctx, c}
}

// WithoutCurrent returns a context without a current user, for a request that
// is made for another one and finds out by itself who is asking.
func WithoutCurrent(ctx context.Context) context.Context { return nobodyCtx{ctx} }

type nobodyCtx struct{ context.Context }

func (c nobodyCtx) Value(key any) any {
	if _, ok := key.(currentKey); ok {
		return nil
	}
	return c.Context.Value(key)
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
