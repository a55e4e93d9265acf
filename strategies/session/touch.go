package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	// touchesAtOnce is how many sessions are touched at the same time.
	// Those beyond it wait for their next requests.
	touchesAtOnce = 64
	// touchPatience is how long the store may take for one touch.
	touchPatience = 5 * time.Second
)

// touches holds the touches in progress, at most one a session.
type touches struct {
	mu       sync.Mutex
	underWay map[[32]byte]struct{}
	idle     chan struct{} // closed when none is in progress any more; made by whoever waits for that
}

// begin returns false if the session is being touched already, or if too many
// are.
func (t *touches) begin(digest [32]byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, same := t.underWay[digest]; same || len(t.underWay) >= touchesAtOnce {
		return false
	}
	if t.underWay == nil {
		t.underWay = map[[32]byte]struct{}{}
	}
	t.underWay[digest] = struct{}{}
	return true
}

func (t *touches) end(digest [32]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.underWay, digest)
	if len(t.underWay) == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// Wait returns nil when no touch is in progress, within 5 seconds after the
// last request, or ctx's error if ctx is done first. It implements core.Waiter:
// Auth.Close calls it.
func (s *Strategy) Wait(ctx context.Context) error {
	select {
	case <-s.touches.ended():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *touches) ended() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	if len(t.underWay) == 0 {
		close(t.idle)
		t.idle = nil
	}
	return idle
}

// touch records in the background that a session is in use: no request waits
// for it. If the store cannot write now, the session's next request tries
// again. It does not use the request's context, which ends with the request and
// may carry a transaction.
func (s *Strategy) touch(digest [32]byte, seen, expires time.Time) {
	if !s.touches.begin(digest) {
		return
	}
	go func() {
		defer s.touches.end(digest)
		defer func() { _ = recover() }() // a store that panics has failed, and must not end the process
		ctx, cancel := context.WithTimeout(context.Background(), touchPatience)
		defer cancel()
		err := s.store.Touch(ctx, digest, seen, expires)
		if s.cache != nil && (err == nil || errors.Is(err, core.ErrNotFound)) { // the cached entry is out of date
			s.cache.Drop(digest)
		}
	}()
}
