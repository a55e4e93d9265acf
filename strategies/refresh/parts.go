package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Unwrap returns the store, which may implement optional interfaces such as
// listing sessions. What the access strategy implements is called by methods of
// this one.
func (s *Strategy) Unwrap() any { return s.store }

// PublicKeys returns the access strategy's, if it has any. See core.KeySet.
func (s *Strategy) PublicKeys() []json.RawMessage {
	if keys, ok := core.As[core.KeySet](s.access); ok {
		return keys.PublicKeys()
	}
	return nil
}

// Lifetime returns that of an access token, 0 where the access strategy is no
// core.Lasting.
func (s *Strategy) Lifetime() time.Duration {
	if l, ok := core.As[core.Lasting](s.access); ok {
		return l.Lifetime()
	}
	return 0
}

// Examine returns what the store and the access strategy find. See
// core.Examiner.
func (s *Strategy) Examine(ctx context.Context, svc *core.Services) (found []core.Finding) {
	for _, part := range []any{s.store, s.access} {
		if examiner, ok := core.As[core.Examiner](part); ok {
			found = append(found, examiner.Examine(ctx, svc)...)
		}
	}
	return slices.DeleteFunc(found, func(f core.Finding) bool {
		return f.Code == "JWT_LOGOUT" && !s.options.Stateless // the store ends it
	})
}

// Sweep deletes expired sessions, and what the access strategy sweeps. See
// core.Sweeper.
func (s *Strategy) Sweep(ctx context.Context) (int, error) {
	total, errs := 0, []error(nil)
	for _, part := range []any{s.store, s.access} {
		if sweeper, ok := core.As[core.Sweeper](part); ok {
			n, err := sweeper.Sweep(ctx)
			total += n
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}

// Wait waits for what the access strategy does in the background. See
// core.Waiter.
func (s *Strategy) Wait(ctx context.Context) error {
	if w, ok := core.As[core.Waiter](s.access); ok {
		return w.Wait(ctx)
	}
	return nil
}
