// Package epochs keeps users' epochs in a process' memory for a few seconds, so that a request under SessionOnly need not ask the store.
//
//	known := epochs.New(store, 5*time.Second, elapsed.Clock(nil))
//	epoch, err := known.Epoch(ctx, userID)
//	known.Forget(userID) // when this process has raised it
//
// Security notes. An epoch that this process has raised is never given again in its old form; one that another process raised is, for as
// long as the cache was made for. Only answers of the store are kept, no failures.
package epochs

import (
	"context"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	shards = 64
	// perShard users are known at the most, in each shard; one more, and it begins anew.
	perShard = 1024
)

// Cache is a core.EpochStore over another. It is safe for concurrent use.
type Cache struct {
	store  core.EpochStore
	maxAge time.Duration
	clock  func() time.Duration
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu sync.RWMutex
	// generation counts what was forgotten: what was being read meanwhile is not kept.
	generation uint64
	known      map[string]known
}

type known struct {
	epoch int64
	asked time.Duration
}

// New gives a cache that believes the store's answers for maxAge, by a clock of any zero.
func New(store core.EpochStore, maxAge time.Duration, clock func() time.Duration) *Cache {
	return &Cache{store: store, maxAge: maxAge, clock: clock, seed: maphash.MakeSeed()}
}

// Epoch is the store's, or what it was less than maxAge ago.
func (c *Cache) Epoch(ctx context.Context, userID string) (int64, error) {
	s, now := c.shard(userID), c.clock()
	s.mu.RLock()
	k, ok := s.known[userID]
	generation := s.generation
	s.mu.RUnlock()
	if age := now - k.asked; ok && 0 <= age && age < c.maxAge {
		return k.epoch, nil
	}
	epoch, err := c.store.Epoch(ctx, userID)
	if err == nil {
		s.keep(userID, known{epoch, now}, generation)
	}
	return epoch, err
}

// Forget makes the next Epoch of the user ask the store.
func (c *Cache) Forget(userID string) {
	s := c.shard(userID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	delete(s.known, userID)
}

func (c *Cache) shard(userID string) *shard { return &c.shards[maphash.String(c.seed, userID)%shards] }

func (s *shard) keep(userID string, k known, generation uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return
	}
	if s.known == nil || len(s.known) >= perShard {
		s.known = map[string]known{}
	}
	s.known[strings.Clone(userID)] = k // it may be a part of a token's text
}
