package redisstore

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/redis/rueidis"
)

// cache keeps decoded sessions for maxAge at the most. As in the set-associative cache of a processor a session belongs to one of many
// small buckets. Digests are random, so their first bytes pick it; nobody can choose them, as only sessions that exist are kept.
// Readers take no lock.
//
// No invalidation is lost between a reading and its insertion: whoever reads from Redis takes the bucket's generation first, and what was
// read is kept only if the generation is still the same. An invalidation, of any session of the bucket, begins a new one. Redis sends
// the invalidation of a change that follows a reading after the answer, on the same connection, so it meets either the generation or the
// entry.
type cache struct {
	start   time.Time
	buckets []bucket // as many as a power of two
}

const (
	ways = 8
	// maxKept is the longest encoding of a session that is kept, in bytes.
	maxKept = 1 << 10
)

type bucket struct {
	mu         sync.Mutex // of writers
	generation atomic.Uint64
	slots      [ways]atomic.Pointer[entry]
}

// entry is never changed once it is in a slot.
type entry struct {
	session core.Session
	digest  [32]byte
	asked   time.Duration // since the cache's start
}

func newCache(sessions int, start time.Time) *cache {
	return &cache{start, make([]bucket, 1<<bits.Len(uint(max(sessions-1, 0)/ways)))}
}

func (c *cache) bucket(d [32]byte) *bucket {
	return &c.buckets[binary.LittleEndian.Uint64(d[:])&uint64(len(c.buckets)-1)]
}

// find gives a session that was asked for less than maxAge ago, nil if there is none.
func (c *cache) find(d [32]byte, now time.Time) *core.Session {
	b := c.bucket(d)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && e.digest == d {
			if age := now.Sub(c.start) - e.asked; age < 0 || age >= maxAge {
				return nil
			}
			return &e.session
		}
	}
	return nil
}

// generation is what keep wants to know, as it is before Redis is asked.
func (c *cache) generation(d [32]byte) uint64 { return c.bucket(d).generation.Load() }

// keep inserts a session unless its bucket has another generation by now. It takes the place of the session that was asked for first.
func (c *cache) keep(e *entry, generation uint64) {
	b := c.bucket(e.digest)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.generation.Load() != generation {
		return
	}
	place := &b.slots[0]
	for i := range b.slots {
		slot := &b.slots[i]
		held, first := slot.Load(), place.Load()
		if held != nil && held.digest == e.digest {
			place = slot
			break
		}
		if first != nil && (held == nil || held.asked < first.asked) {
			place = slot
		}
	}
	place.Store(e)
}

// drop forgets a session, and what is being read of it.
func (c *cache) drop(d [32]byte) {
	c.bucket(d).drop(func(e *entry) bool { return e.digest == d })
}

// flush forgets everything.
func (c *cache) flush() {
	for i := range c.buckets {
		c.buckets[i].drop(func(*entry) bool { return true })
	}
}

func (b *bucket) drop(which func(*entry) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.generation.Add(1)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && which(e) {
			b.slots[i].Store(nil)
		}
	}
}

// uncached is a rueidis.CacheStore that keeps nothing. With it rueidis' DoCache asks Redis every time, and to be told of changes.
type uncached struct{}

func (uncached) Flight(string, string, time.Duration, time.Time) (miss rueidis.RedisMessage, flight rueidis.CacheEntry) {
	return miss, nil
}
func (uncached) Update(string, string, rueidis.RedisMessage) (expires int64) { return 0 }
func (uncached) Cancel(string, string, error)                                {}
func (uncached) Delete([]rueidis.RedisMessage)                               {}
func (uncached) Close(error)                                                 {}
