package recent

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"
)

// The tests here look at what no caller can provoke at will: an invalidation at
// every moment of a reading, and which session gives way.

const maxAge = 5 * time.Second

type cache = Cache[[32]byte, int]

func newCache(values int) *cache { return New[[32]byte, int](values, maxAge, Digest) }

func digest(n uint64) (d [32]byte) {
	binary.LittleEndian.PutUint64(d[:], n)
	return d
}

// put caches a session that was read at the given time, as a Find without a
// race does.
func put(c *cache, d [32]byte, asked time.Duration) {
	c.Keep(d, 0, asked, time.Hour, c.Generation(d))
}

func has(c *cache, d [32]byte) bool { return c.Find(d, time.Second) != nil }

func TestNoInvalidationIsLost(t *testing.T) {
	d, neighbour := digest(0), digest(1<<20)
	for name, invalidate := range map[string]func(*cache){
		"of the session":                   func(c *cache) { c.Drop(d) },
		"of everything":                    func(c *cache) { c.Flush() },
		"of another session of the bucket": func(c *cache) { c.Drop(neighbour) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCache(1000)
			generation := c.Generation(d)
			invalidate(c)
			c.Keep(d, 0, 0, time.Hour, generation)
			if has(c, d) {
				t.Error("what was read before the invalidation is believed after it")
			}
			put(c, d, 0)
			if !has(c, d) {
				t.Error("twin: what was read after it is not kept")
			}
		})
	}
}

func TestDropForgetsOneSession(t *testing.T) {
	c := newCache(1)
	put(c, digest(1), 0)
	put(c, digest(2), 0)
	c.Drop(digest(1))
	if has(c, digest(1)) || !has(c, digest(2)) {
		t.Error("drop forgot the wrong session")
	}
	c.Flush()
	if has(c, digest(2)) {
		t.Error("flush forgot nothing")
	}
}

func TestTheFirstAskedGivesWay(t *testing.T) {
	c := newCache(ways)
	for i := range uint64(ways) {
		put(c, digest(i), time.Duration((i+3)%ways)) // the sixth was asked for first
	}
	put(c, digest(1), ways)
	for i := range uint64(ways) {
		if !has(c, digest(i)) {
			t.Errorf("%d is missing: a session took another's place although it had one", i)
		}
	}
	put(c, digest(99), ways+1)
	for i := range uint64(ways) {
		if has(c, digest(i)) == (i == 5) {
			t.Errorf("%d: kept is %v", i, has(c, digest(i)))
		}
	}
}

func TestBounds(t *testing.T) {
	for sessions, want := range map[int]int{1: 8, 8: 8, 9: 16, 1000: 1024, 65_536: 65_536, 100_000: 131_072} {
		if got := len(newCache(sessions).buckets) * ways; got != want {
			t.Errorf("for %d sessions there is room for %d, want %d", sessions, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	c, d := newCache(1), digest(7)
	put(c, d, time.Minute)
	for age, want := range map[time.Duration]bool{0: true, maxAge - 1: true, maxAge: false, time.Hour: false, -1: false} {
		if got := c.Find(d, time.Minute+age) != nil; got != want {
			t.Errorf("at the age of %v: found is %v", age, got)
		}
	}
	c.Keep(d, 0, time.Minute, time.Second, c.Generation(d)) // it has a second to live
	for age, want := range map[time.Duration]bool{time.Second - 1: true, time.Second: false} {
		if got := c.Find(d, time.Minute+age) != nil; got != want {
			t.Errorf("%v before its end: found is %v", time.Second-age, got)
		}
	}
}

// TestReadersTakeNoLock is for the race detector.
func TestReadersTakeNoLock(t *testing.T) {
	c := newCache(1)
	var all sync.WaitGroup
	for i := range uint64(8) {
		all.Go(func() {
			for n := range uint64(1000) {
				d := digest(n % 12)
				put(c, d, time.Duration(i))
				has(c, d)
				if n%100 == 0 {
					c.Drop(d)
				}
			}
		})
	}
	all.Wait()
}
