package memstore

import (
	"container/list"
	"context"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// LimiterOptions configures a Limiter.
type LimiterOptions struct {
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// MaxKeys is how many keys are counted at once, which bounds the
	// memory: about 50 MB with the longest keys. Default: 100,000.
	MaxKeys int
}

// Limiter is a core.Limiter with fixed windows, and a core.Sweeper.
//
// Beyond MaxKeys it drops the counts of a key: one whose windows are over
// (searched for at most once a minute), otherwise the oldest of those with the
// fewest events, and last one that refuses further events. So a flood of single
// events under ever new keys makes it drop single events. To make it drop a
// full count, MaxKeys others must be filled within its window; refusing new
// keys instead would let a flood lock everybody out.
type Limiter struct {
	clock   clock
	maxKeys int
	mu      sync.Mutex
	byKey   map[string]*list.Element // of *entry
	ranks   [full + 1]list.List      // the oldest of each rank first
}

// full is the rank of entries that refuse. The rank of any other is the number
// of binary digits of its largest count, at most most.
const (
	most = 4 // eight or more events
	full = most + 1
)

// entry holds the counts of a key, one for each limit.
type entry struct {
	key    string
	counts []count
	rank   int
}

func (w *entry) over(now time.Time) bool {
	return !slices.ContainsFunc(w.counts, func(c count) bool { return !c.over(now) })
}

// count counts the events of a window.
type count struct {
	start  time.Time
	length time.Duration
	events int
}

func (c *count) over(now time.Time) bool { return now.Sub(c.start) >= c.length }

// NewLimiter returns a limiter without counts.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.MaxKeys <= 0 {
		o.MaxKeys = 100_000
	}
	return &Limiter{clock: newClock(o.Now), maxKeys: o.MaxKeys, byKey: map[string]*list.Element{}}
}

// Allow implements core.Limiter.
func (s *Limiter) Allow(ctx context.Context, key string, limits ...core.Limit) (wait time.Duration, err error) {
	if limits, err = core.Effective(limits); err != nil || len(limits) == 0 {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	w := s.entry(key, limits, now)
	for i, l := range limits {
		if c := &w.counts[i]; !c.over(now) && c.events >= l.Events {
			wait = max(wait, c.start.Add(l.Window).Sub(now))
		}
	}
	if wait > 0 {
		return wait, nil
	}
	refuses := false
	for i, l := range limits {
		c := &w.counts[i]
		if c.over(now) {
			*c = count{start: now, length: l.Window}
		}
		c.events++
		refuses = refuses || c.events >= l.Events
	}
	s.rank(w, refuses)
	return 0, nil
}

// Refund implements core.Limiter.
func (s *Limiter) Refund(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil {
		w := e.Value.(*entry)
		for i := range w.counts {
			w.counts[i].events = max(w.counts[i].events-1, 0)
		}
		s.rank(w, false)
	}
	return nil
}

// Reset implements core.Limiter.
func (s *Limiter) Reset(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(s.byKey[key])
	return nil
}

// Sweep implements core.Sweeper.
func (s *Limiter) Sweep(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweep(s.clock.now()), nil
}

// entry returns key's current counts. If there are none or their windows are
// over, it returns new ones, in which an event is counted at once.
func (s *Limiter) entry(key string, limits []core.Limit, now time.Time) *entry {
	e := s.byKey[key]
	if e != nil {
		w := e.Value.(*entry)
		w.counts = append(w.counts, make([]count, max(len(limits)-len(w.counts), 0))...)
		for i, l := range limits {
			c := &w.counts[i]
			c.length = l.Window
			if now.Before(c.start) { // the clock was set back: nobody should have to wait for it to catch up
				c.start = now
			}
		}
		if !w.over(now) {
			return w
		}
	}
	s.remove(e)
	s.makeRoom(now)
	w := &entry{key: key, counts: make([]count, len(limits)), rank: 1}
	s.byKey[key] = s.ranks[w.rank].PushBack(w)
	return w
}

// rank moves an entry to the list of its rank.
func (s *Limiter) rank(w *entry, refuses bool) {
	events := 0
	for _, c := range w.counts {
		events = max(events, c.events)
	}
	rank := min(bits.Len(uint(events)), most)
	if refuses {
		rank = full
	}
	if rank != w.rank {
		s.ranks[w.rank].Remove(s.byKey[w.key])
		w.rank = rank
		s.byKey[w.key] = s.ranks[rank].PushBack(w)
	}
}

func (s *Limiter) makeRoom(now time.Time) {
	if len(s.byKey) >= s.maxKeys && s.clock.due(now) {
		s.sweep(now)
	}
	for i := 0; len(s.byKey) >= s.maxKeys; i++ {
		s.remove(s.ranks[i].Front())
	}
}

func (s *Limiter) sweep(now time.Time) int {
	before := len(s.byKey)
	for _, e := range s.byKey {
		if e.Value.(*entry).over(now) {
			s.remove(e)
		}
	}
	return before - len(s.byKey)
}

// remove drops an entry; nil is none.
func (s *Limiter) remove(e *list.Element) {
	if e != nil {
		w := e.Value.(*entry)
		delete(s.byKey, w.key)
		s.ranks[w.rank].Remove(e)
	}
}
