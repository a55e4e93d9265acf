// Package recent keeps in memory what the process read from a store a moment
// ago, bounded in number and in time.
//
//	const most, lifetime = 1 << 16, 5 * time.Second
//	c := recent.New[[32]byte, core.Session](most, lifetime, recent.Digest)
//	// Before the store is queried:
//	generation, asked := c.Generation(digest), clock()
//	// And after it:
//	kept := c.Keep(digest, session, asked, left, generation)
//	kept = c.Find(digest, clock())
//
// Security notes. Keys are digests of tokens or users' ids, never tokens. A
// value is returned for at most the cache's maxAge, and never after it was
// dropped, whatever was being read meanwhile.
package recent

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Cache is safe for concurrent use. As in the set-associative cache of a
// processor a key belongs to one of many small buckets. Readers take no lock.
//
// No invalidation is lost between a reading and its insertion: whoever reads
// the store takes the bucket's generation first, and what was read is kept only
// if the generation is still the same. An invalidation, of any key of the
// bucket, begins a new one.
type Cache[K comparable, V any] struct {
	maxAge  time.Duration
	hash    func(K) uint64
	buckets []bucket[K, V] // as many as a power of two
}

const ways = 8

type bucket[K comparable, V any] struct {
	mu         sync.Mutex // of writers
	generation atomic.Uint64
	slots      [ways]atomic.Pointer[entry[K, V]]
}

// entry is never changed once it is in a slot.
type entry[K comparable, V any] struct {
	value V
	key   K
	until time.Duration // when it expires, on the caller's clock
}

// New returns a cache of about so many values, each valid for maxAge. All times
// are of one clock, with any zero. Nobody should be able to choose
// keys that hash puts into the same of its low bits.
func New[K comparable, V any](values int, maxAge time.Duration, hash func(K) uint64) *Cache[K, V] {
	return &Cache[K, V]{maxAge, hash, make([]bucket[K, V], 1<<bits.Len(uint(max(values-1, 0)/ways)))}
}

// Digest is the hash of keys that are digests: they are random, and what is
// kept under them exists, which nobody can choose.
func Digest(d [32]byte) uint64 { return binary.LittleEndian.Uint64(d[:]) }

func (c *Cache[K, V]) bucket(k K) *bucket[K, V] {
	return &c.buckets[c.hash(k)&uint64(len(c.buckets)-1)]
}

// Find returns the value that is cached for k at the time now, or nil. The
// caller must not change it.
func (c *Cache[K, V]) Find(k K, now time.Duration) *V {
	b := c.bucket(k)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && e.key == k {
			if left := e.until - now; left <= 0 || left > c.maxAge { // a clock that was set back lengthens nothing
				return nil
			}
			return &e.value
		}
	}
	return nil
}

// Generation returns the value to pass to Keep; call it before reading the
// store.
func (c *Cache[K, V]) Generation(k K) uint64 { return c.bucket(k).generation.Load() }

// Keep caches a value that was read at the time asked and is valid for left,
// unless k's bucket has another generation by now, and returns it. It replaces
// the value that expires first.
func (c *Cache[K, V]) Keep(k K, value V, asked, left time.Duration, generation uint64) *V {
	e := &entry[K, V]{value, k, asked + min(left, c.maxAge)}
	b := c.bucket(k)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.generation.Load() == generation {
		b.place(k).Store(e)
	}
	return &e.value
}

// place is the slot that a key has, or gets.
func (b *bucket[K, V]) place(k K) *atomic.Pointer[entry[K, V]] {
	place := &b.slots[0]
	for i := range b.slots {
		slot := &b.slots[i]
		held, first := slot.Load(), place.Load()
		if held != nil && held.key == k {
			return slot
		}
		if first != nil && (held == nil || held.until < first.until) {
			place = slot
		}
	}
	return place
}

// Drop forgets a key, and what is being read of it.
func (c *Cache[K, V]) Drop(k K) {
	c.bucket(k).drop(func(e *entry[K, V]) bool { return e.key == k })
}

// Flush forgets everything, and what is being read.
func (c *Cache[K, V]) Flush() {
	for i := range c.buckets {
		c.buckets[i].drop(func(*entry[K, V]) bool { return true })
	}
}

func (b *bucket[K, V]) drop(which func(*entry[K, V]) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.generation.Add(1)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && which(e) {
			b.slots[i].Store(nil)
		}
	}
}
