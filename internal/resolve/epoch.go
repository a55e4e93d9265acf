package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// errEpoch is core.ErrInvalid of a session that has another epoch than its
// user.
var errEpoch = fmt.Errorf("%w: of another epoch", core.ErrInvalid)

// errBefore is errEpoch of a session that may be about to be carried over: its
// user has the next epoch.
var errBefore = fmt.Errorf("%w: of the one before", errEpoch)

// outdated returns nil where a session has its user's epoch.
func outdated(session, user int64) error {
	switch {
	case session == user:
		return nil
	case session+1 == user:
		return errBefore
	}
	return errEpoch
}

// pauses are those before readings of a session whose user has the next epoch.
// A new password is committed before a store ends the user's sessions and
// carries one over, which takes it some milliseconds; in between, the one is
// like the others.
var pauses = []time.Duration{5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond}

// settled is again, and reads anew while the strategy may be carrying the
// session over to its user's epoch.
func (r *Resolver) settled(
	ctx context.Context, b *core.Backend, strategy core.Rechecker, s *core.Session, sessionOnly bool,
) (core.Current, error) {
	current, err := r.again(ctx, b, strategy, s, sessionOnly)
	if _, carries := core.As[core.AllRevoker](b.Strategy); !carries {
		return current, err
	}
	for _, pause := range pauses {
		if !errors.Is(err, errBefore) {
			break
		}
		select {
		case <-ctx.Done():
			return core.Current{}, core.Unavailable(ctx.Err())
		case <-time.After(pause):
		}
		current, err = r.again(ctx, b, strategy, s, sessionOnly)
	}
	return current, err
}
