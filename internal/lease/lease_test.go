package lease_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/lease"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestALeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	leases := lease.Leases{Tickets: memstore.NewTickets(clock), Purpose: "p", Lifetime: time.Minute, Now: clock}
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
