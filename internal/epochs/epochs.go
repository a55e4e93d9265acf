// Package epochs keeps users' epochs in a process' memory for a few seconds, so
// that a request under SessionOnly need not ask the store.
//
//	known := epochs.New(store, 5*time.Second, elapsed.New(nil))
//	epoch, err := known.Epoch(ctx, userID)
//	known.Forget(userID) // when this process has raised it
//
// Security notes. An epoch that this process has raised is never given again in
// its old form; one that another process raised is, for as long as the cache
// was made for. Only answers of the store are kept, no failures.
package epochs

import (
	"context"
	"hash/maphash"
	"math"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
)

// users is about how many are known at the most.
const users = 1 << 14

// Cache is a core.EpochStore over another. It is safe for concurrent use.
type Cache struct {
	store core.EpochStore
	clock elapsed.Clock
	known *recent.Cache[string, int64]
}

// New returns a cache that believes the store's answers for maxAge.
func New(store core.EpochStore, maxAge time.Duration, clock elapsed.Clock) *Cache {
	seed := maphash.MakeSeed()
	hash := func(userID string) uint64 { return maphash.String(seed, userID) }
	return &Cache{store, clock, recent.New[string, int64](users, maxAge, hash)}
}

// Epoch is the store's, or what it was less than maxAge ago.
func (c *Cache) Epoch(ctx context.Context, userID string) (int64, error) {
	now := c.clock.Now()
	if epoch := c.known.Find(userID, now); epoch != nil {
		return *epoch, nil
	}
	generation := c.known.Generation(userID)
	epoch, err := c.store.Epoch(ctx, userID)
	if err == nil {
		userID = strings.Clone(userID) // it may be a part of a token's text
		c.known.Keep(userID, epoch, now, math.MaxInt64, generation)
	}
	return epoch, err
}

// Forget makes the next Epoch of the user ask the store.
func (c *Cache) Forget(userID string) { c.known.Drop(userID) }
