package storetest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// counted counts the lookups of a session store.
type counted struct {
	core.SessionStore
	lookUps *atomic.Int64
}

// Find counts, then calls the store.
func (c counted) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	c.lookUps.Add(1)
	return c.SessionStore.Find(ctx, d)
}

// Unwrap lets core.As find the store's List and Sweep.
func (c counted) Unwrap() any { return c.SessionStore }

func TestCounted(t *testing.T) {
	storetest.Sessions(t, func(_ *testing.T, now func() time.Time) core.SessionStore {
		return counted{memstore.NewSessions(now), new(atomic.Int64)}
	})
}
