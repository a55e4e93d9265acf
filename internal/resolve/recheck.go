package resolve

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// Recheck returns the question whether one who was let in would be let in
// again, without their token and beside what guards check: nil,
// core.ErrInvalid, or any other error if a store cannot be reached. Its error
// says why that cannot be answered.
func (r *Resolver) Recheck(c *core.Current) (func(context.Context) error, error) {
	ask, err := r.asker(c, r.settled)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := ask(ctx)
		return err
	}, nil
}

// reading is again or settled.
type reading func(
	ctx context.Context, b *core.Backend, strategy core.Rechecker, s *core.Session, sessionOnly bool,
) (core.Current, error)

// asker is Recheck's question with the login as it is now.
func (r *Resolver) asker(c *core.Current, read reading) (func(context.Context) (core.Current, error), error) {
	if c == nil || c.Session == nil {
		return nil, errors.New("the context knows no login: put Require with the guard Streaming before the handler, and pass its request's context")
	}
	for i := range r.Backends {
		b := &r.Backends[i]
		if b.Name != c.Session.Backend {
			continue
		}
		strategy, ok := core.As[core.Rechecker](b.Strategy)
		if !ok {
			return nil, fmt.Errorf("the strategy of backend %q has no core.Rechecker: the guard Streaming says so at set-up",
				b.Name)
		}
		return func(ctx context.Context) (core.Current, error) {
			return read(ctx, b, strategy, c.Session, c.User == nil && r.Fresh != nil)
		}, nil
	}
	return nil, fmt.Errorf("no backend is called %q", c.Session.Backend)
}

// Alive returns the session of a login as it is now, past every cache: one that
// has outlived a new password has another epoch. It returns a 401 if the
// session has ended since it was let in, and c's own session where the strategy
// cannot recheck.
func (r *Resolver) Alive(ctx context.Context, c *core.Current) (*core.Session, error) {
	ask, err := r.asker(c, r.again) // without pauses, as the caller may hold locks
	if err != nil {
		return c.Session, nil //nolint:nilerr // the caller compares the epoch in any case
	}
	now, err := ask(ctx)
	switch refusal := (*core.Error)(nil); {
	case err == nil:
		return now.Session, nil
	case errors.As(err, &refusal):
		return nil, err
	case errors.Is(err, core.ErrInvalid), errors.Is(err, core.ErrNoCredential):
		return nil, r.Unauthorized()
	}
	return nil, core.Unavailable(err)
}

// again asks for a session and its user's epoch as they are, past what is kept
// of both for some seconds.
func (r *Resolver) again(
	ctx context.Context, b *core.Backend, strategy core.Rechecker, s *core.Session, sessionOnly bool,
) (core.Current, error) {
	found, err := strategy.Recheck(ctx, s)
	if err != nil {
		return core.Current{}, err
	}
	fresh := *r
	fresh.Epochs = r.Fresh
	return fresh.confirm(ctx, b, found, sessionOnly)
}
