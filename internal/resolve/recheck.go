package resolve

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// Recheck gives the question whether one who was let in would be let in again, without their token and beside what guards check: nil,
// core.ErrInvalid, or anything else for "could not ask". Its error says why that cannot be asked.
func (r *Resolver) Recheck(c *core.Current) (func(context.Context) error, error) {
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
			return nil, fmt.Errorf("the strategy of backend %q has no core.Rechecker: the guard Streaming says so at set-up", b.Name)
		}
		return func(ctx context.Context) error {
			_, err := r.again(ctx, b, strategy, c.Session, c.User == nil && r.Fresh != nil)
			return err
		}, nil
	}
	return nil, fmt.Errorf("no backend is called %q", c.Session.Backend)
}

// Alive returns the 401 of a login whose session has ended since it was let in,
// past every cache. A strategy that cannot recheck is not asked.
func (r *Resolver) Alive(ctx context.Context, c *core.Current) error {
	recheck, err := r.Recheck(c)
	if err != nil {
		return nil //nolint:nilerr // the caller compares the epoch in any case
	}
	err = recheck(ctx)
	switch refusal := (*core.Error)(nil); {
	case err == nil || errors.As(err, &refusal):
		return err
	case errors.Is(err, core.ErrInvalid), errors.Is(err, core.ErrNoCredential):
		return r.Unauthorized()
	}
	return core.Unavailable(err)
}

// again asks for a session and its user's epoch as they are, past what is kept of both for some seconds.
func (r *Resolver) again(ctx context.Context, b *core.Backend, strategy core.Rechecker, s *core.Session, sessionOnly bool) (core.Current, error) {
	found, err := strategy.Recheck(ctx, s)
	if err != nil {
		return core.Current{}, err
	}
	fresh := *r
	fresh.Epochs = r.Fresh
	return fresh.confirm(ctx, b, found, sessionOnly)
}
