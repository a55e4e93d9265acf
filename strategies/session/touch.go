package session

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Wait returns nil when no touch is in progress, within 5 seconds after the
// last request, or ctx's error if ctx is done first. It implements core.Waiter:
// Auth.Close calls it.
func (s *Strategy) Wait(ctx context.Context) error { return s.touches.Wait(ctx) }

// touch records in the background that a session is in use. If the store cannot
// write now, the session's next request tries again.
func (s *Strategy) touch(digest [32]byte, seen, expires time.Time) {
	s.touches.Go(digest, func(ctx context.Context) {
		err := s.store.Touch(ctx, digest, seen, expires)
		if s.cache != nil && (err == nil || errors.Is(err, core.ErrNotFound)) { // the cached entry is out of date
			s.cache.Drop(digest)
		}
	})
}
