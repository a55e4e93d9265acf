// Package sessioncache keeps decoded sessions in a process' memory, bounded in number and in time.
//
//	c := sessioncache.New(1<<16, 5*time.Second)
//	generation, asked := c.Generation(digest), clock() // before the store is asked
//	c.Keep(&sessioncache.Entry{Session: session, Digest: digest}, asked, left, generation)
//	session := c.Find(digest, clock())
//
// Security notes. Keys are digests of tokens, never tokens. A session is given for as long as the cache was made for, not once it has expired,
// and not once it was dropped, whatever was being read meanwhile.
package sessioncache

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"github.com/latchkey-go/latchkey/core"
)

// Cache is safe for concurrent use. As in the set-associative cache of a processor a session belongs to one of many small buckets. Digests
// are random, so their first bytes pick it; nobody can choose them, as only sessions that exist are kept. Readers take no lock.
//
// No invalidation is lost between a reading and its insertion: whoever reads from Redis takes the bucket's generation first, and what was
// read is kept only if the generation is still the same. An invalidation, of any session of the bucket, begins a new one.
type Cache struct {
	maxAge  time.Duration
	buckets []bucket // as many as a power of two
}

const ways = 8

type bucket struct {
	mu         sync.Mutex // of writers
	generation atomic.Uint64
	slots      [ways]atomic.Pointer[Entry]
}

// Entry is a session and its digest. It is never changed once it was given to Keep.
type Entry struct {
	Session core.Session
	Digest  [32]byte
	until   time.Duration // when it is believed no more, on the clock that the cache is told of
	// label holds the session's, which is a browser's name: sessions share those.
	label unique.Handle[string]
}

// New gives a cache of about so many sessions, each believed for maxAge. Its times are those of one clock, from any zero.
func New(sessions int, maxAge time.Duration) *Cache {
	return &Cache{maxAge, make([]bucket, 1<<bits.Len(uint(max(sessions-1, 0)/ways)))}
}

func (c *Cache) bucket(d [32]byte) *bucket {
	return &c.buckets[binary.LittleEndian.Uint64(d[:])&uint64(len(c.buckets)-1)]
}

// Find gives a session that is believed at that time, nil if there is none.
func (c *Cache) Find(d [32]byte, now time.Duration) *core.Session {
	b := c.bucket(d)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && e.Digest == d {
			if left := e.until - now; left <= 0 || left > c.maxAge { // a clock that was set back lengthens nothing
				return nil
			}
			return &e.Session
		}
	}
	return nil
}

// Generation is what Keep wants to know, as it is before the store is asked.
func (c *Cache) Generation(d [32]byte) uint64 { return c.bucket(d).generation.Load() }

// Keep inserts a session that was asked for at that time and has so long to live, unless its bucket has another generation by now. It takes
// the place of the one that will be believed for the shortest time.
func (c *Cache) Keep(e *Entry, asked, left time.Duration, generation uint64) {
	e.until, e.label = asked+min(left, c.maxAge), unique.Make(e.Session.Label)
	e.Session.Label = e.label.Value()
	b := c.bucket(e.Digest)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.generation.Load() != generation {
		return
	}
	place := &b.slots[0]
	for i := range b.slots {
		slot := &b.slots[i]
		held, first := slot.Load(), place.Load()
		if held != nil && held.Digest == e.Digest {
			place = slot
			break
		}
		if first != nil && (held == nil || held.until < first.until) {
			place = slot
		}
	}
	place.Store(e)
}

// Drop forgets a session, and what is being read of it.
func (c *Cache) Drop(d [32]byte) {
	c.bucket(d).drop(func(e *Entry) bool { return e.Digest == d })
}

// Flush forgets everything, and what is being read.
func (c *Cache) Flush() {
	for i := range c.buckets {
		c.buckets[i].drop(func(*Entry) bool { return true })
	}
}

func (b *bucket) drop(which func(*Entry) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.generation.Add(1)
	for i := range b.slots {
		if e := b.slots[i].Load(); e != nil && which(e) {
			b.slots[i].Store(nil)
		}
	}
}
