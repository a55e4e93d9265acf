package memstore

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// LimiterOptions are options of NewLimiter.
type LimiterOptions struct {
	// Now is nil for time.Now.
	Now func() time.Time
	// MaxKeys bounds the memory: so many keys are counted at once, 0 for 100,000 (some 50 MB with the longest keys).
	MaxKeys int
}

// Limiter is a core.Limiter with fixed windows, and a core.Sweeper.
//
// Beyond MaxKeys the count that began first is forgotten, ended ones (looked for at most once a minute) before all others. So whoever
// wants a count forgotten must make MaxKeys events under other keys within its window, each limited itself, and gains one window's worth
// of events; refusing new keys instead would let the same flood lock everybody out.
type Limiter struct {
	clock   clock
	maxKeys int
	mu      sync.Mutex
	byKey   map[string]*list.Element // of *window
	byStart *list.List               // the oldest first
}

// window counts the events of a key.
type window struct {
	key    string
	start  time.Time
	length time.Duration
	count  int
}

func (w *window) over(now time.Time) bool { return now.Sub(w.start) >= w.length }

// NewLimiter makes a limiter that has counted nothing.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.MaxKeys <= 0 {
		o.MaxKeys = 100_000
	}
	return &Limiter{clock: newClock(o.Now), maxKeys: o.MaxKeys, byKey: map[string]*list.Element{}, byStart: list.New()}
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

// window is key's current window, a new one if there is none or it is over.
func (s *Limiter) window(key string, length time.Duration, now time.Time) *window {
	e := s.byKey[key]
	if e != nil {
		w := e.Value.(*window)
		w.length = length
		if now.Before(w.start) { // the clock was set back: nobody shall wait for it to catch up
			w.start = now
		}
		if !w.over(now) {
			return w
		}
	}
	s.remove(e)
	s.makeRoom(now)
	w := &window{key: key, start: now, length: length}
	s.byKey[key] = s.byStart.PushBack(w)
	return w
}

func (s *Limiter) makeRoom(now time.Time) {
	if len(s.byKey) >= s.maxKeys && s.clock.due(now) {
		s.sweep(now)
	}
	if len(s.byKey) >= s.maxKeys {
		s.remove(s.byStart.Front())
	}
}

func (s *Limiter) sweep(now time.Time) int {
	before := len(s.byKey)
	for e := s.byStart.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*window).over(now) {
			s.remove(e)
		}
		e = next
	}
	return before - len(s.byKey)
}

// remove forgets a window; nil is none.
func (s *Limiter) remove(e *list.Element) {
	if e != nil {
		delete(s.byKey, s.byStart.Remove(e).(*window).key)
	}
}
