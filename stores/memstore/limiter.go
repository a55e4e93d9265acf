package memstore

import (
	"container/list"
	"context"
	"math/bits"
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
// Beyond MaxKeys it drops a count: one whose window is over (searched for at
// most once a minute), otherwise the oldest of those with the fewest events,
// and last one that refuses further events. So a flood of single events under
// ever new keys makes it drop single events. To make it drop a full count,
// MaxKeys others must be filled within its window; refusing new keys instead
// would let a flood lock everybody out.
type Limiter struct {
	clock   clock
	maxKeys int
	mu      sync.Mutex
	byKey   map[string]*list.Element // of *window
	ranks   [full + 1]list.List      // the oldest of each rank first
}

// full is the rank of windows that refuse. The rank of any other is the number
// of binary digits of its count, at most most.
const (
	most = 4 // eight or more events
	full = most + 1
)

// window counts the events of a key.
type window struct {
	key    string
	start  time.Time
	length time.Duration
	count  int
	rank   int
}

func (w *window) over(now time.Time) bool { return now.Sub(w.start) >= w.length }

// NewLimiter returns a limiter without counts.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.MaxKeys <= 0 {
		o.MaxKeys = 100_000
	}
	return &Limiter{clock: newClock(o.Now), maxKeys: o.MaxKeys, byKey: map[string]*list.Element{}}
}

// Take implements core.Limiter.
func (s *Limiter) Take(ctx context.Context, key string, l core.Limit) (wait time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if l.Events <= 0 {
		return 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	w := s.window(key, l.Window, now)
	if w.count >= l.Events {
		return w.start.Add(l.Window).Sub(now), nil
	}
	w.count++
	s.rank(w, w.count >= l.Events)
	return 0, nil
}

// Give implements core.Limiter.
func (s *Limiter) Give(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil {
		w := e.Value.(*window)
		w.count = max(w.count-1, 0)
		s.rank(w, false)
	}
	return nil
}

// Forget implements core.Limiter.
func (s *Limiter) Forget(ctx context.Context, key string) error {
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

// window returns key's current window, or a new one if there is none or it is
// over.
func (s *Limiter) window(key string, length time.Duration, now time.Time) *window {
	e := s.byKey[key]
	if e != nil {
		w := e.Value.(*window)
		w.length = length
		if now.Before(w.start) { // the clock was set back: nobody should have to wait for it to catch up
			w.start = now
		}
		if !w.over(now) {
			return w
		}
	}
	s.remove(e)
	s.makeRoom(now)
	w := &window{key: key, start: now, length: length, rank: 1} // as it is counted at once
	s.byKey[key] = s.ranks[w.rank].PushBack(w)
	return w
}

// rank moves a window to the list of its rank.
func (s *Limiter) rank(w *window, refuses bool) {
	rank := min(bits.Len(uint(w.count)), most)
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
		if e.Value.(*window).over(now) {
			s.remove(e)
		}
	}
	return before - len(s.byKey)
}

// remove drops a window; nil is none.
func (s *Limiter) remove(e *list.Element) {
	if e != nil {
		w := e.Value.(*window)
		delete(s.byKey, w.key)
		s.ranks[w.rank].Remove(e)
	}
}
