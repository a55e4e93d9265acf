package lease_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/lease"
)

// tickets is as much of a store as leases need.
type tickets struct {
	core.TicketStore
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]core.Ticket
}

func (s *tickets) Put(_ context.Context, t core.Ticket, _ bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.all[t.Digest]; ok && old.Expires.After(s.now()) {
		return core.ErrTaken
	}
	s.all[t.Digest] = t
	return nil
}

func (s *tickets) Fail(_ context.Context, _ string, d [32]byte, _ int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, d)
	return nil
}

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := &tickets{now: clock, all: map[[32]byte]core.Ticket{}}
	leases := lease.Leases{Tickets: store, Purpose: "p", Lifetime: time.Minute, Now: clock}
	var holders atomic.Int32
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			if _, err := leases.Acquire(t.Context(), "a"); err == nil {
				holders.Add(1)
			} else if !errors.Is(err, core.ErrTaken) {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if holders.Load() != 1 {
		t.Errorf("%d hold the lease", holders.Load())
	}
	release, err := leases.Acquire(t.Context(), "b")
	if err != nil {
		t.Fatalf("another name: %v", err)
	}
	release()
	if _, err := leases.Acquire(t.Context(), "b"); err != nil {
		t.Errorf("after its release: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := leases.Acquire(t.Context(), "a"); err != nil {
		t.Errorf("after its lifetime: %v", err)
	}
}
