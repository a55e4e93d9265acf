package storetest_test

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// countStore is a simple limiter. Each field is a mistake.
type countStore struct {
	offByOne, countsRefused, refusesZero, deaf bool
	aligned, sliding, backBlocks               bool // of the window
	fullWait, cutKeys, lowerKeys, ownCounts    bool
	givesNothing, givesBeyond, forgetsAll      bool
	mendsKeys, sweepsAll, sweepsNothing        bool

	race *barrier
	late bool // whether the race begins when a window has ended
	now  func() time.Time
	mu   sync.Mutex
	rows map[string]count
}

type count struct {
	start  time.Time
	length time.Duration
	n      int
}

func (s *countStore) key(k string, l core.Limit) string {
	if s.cutKeys {
		k = k[:min(len(k), 255)]
	}
	if s.lowerKeys {
		k = strings.ToLower(k)
	}
	if s.mendsKeys {
		k = strings.ToValidUTF8(k, "\ufffd")
	}
	if s.ownCounts && l.Events == 5 {
		k += "5"
	}
	return k
}

func (s *countStore) current(k string, l core.Limit) (count, time.Time) {
	now, c := s.now(), s.rows[k]
	if now.Before(c.start) && !s.backBlocks {
		c.start = now
	}
	if now.Sub(c.start) >= l.Window {
		c = count{start: now, length: l.Window}
		if s.aligned {
			c.start = now.Truncate(l.Window)
		}
	}
	return c, now
}

func (s *countStore) Take(ctx context.Context, k string, l core.Limit) (time.Duration, error) {
	if err := ctx.Err(); err != nil && !s.deaf {
		return 0, err
	}
	if l.Events <= 0 && !s.refusesZero {
		return 0, nil
	}
	if l == (core.Limit{}) {
		l.Window = time.Minute
	}
	k = s.key(k, l)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, now := s.current(k, l)
	if s.race != nil && (!s.late || s.rows[k].n > 0 && c.n == 0) {
		s.mu.Unlock()
		s.race.wait()
		s.mu.Lock()
	}
	events := l.Events
	if s.offByOne {
		events++
	}
	if c.n >= events {
		if s.countsRefused {
			c.start = now
		}
		s.rows[k] = c
		if s.fullWait {
			return l.Window, nil
		}
		return c.start.Add(l.Window).Sub(now), nil
	}
	if s.sliding {
		c.start = now
	}
	c.n++
	s.rows[k] = c
	return 0, nil
}

func (s *countStore) Give(ctx context.Context, k string) error {
	if err := ctx.Err(); err != nil || s.givesNothing {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k = s.key(k, core.Limit{})
	if c := s.rows[k]; c.n > 0 || s.givesBeyond {
		c.n--
		s.rows[k] = c
	}
	return nil
}

func (s *countStore) Forget(ctx context.Context, k string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, s.key(k, core.Limit{}))
	if s.forgetsAll {
		clear(s.rows)
	}
	return nil
}

func (s *countStore) Sweep(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil && !s.deaf {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.rows)
	maps.DeleteFunc(s.rows, func(_ string, c count) bool { return s.sweepsAll || s.now().Sub(c.start) >= c.length })
	if s.sweepsNothing {
		return 0, nil
	}
	return before - len(s.rows), nil
}

func TestBrokenLimiters(t *testing.T) {
	for name, fake := range map[string]struct {
		breaks func(s *countStore)
		rules  []string
	}{
		"none":                         {func(*countStore) {}, nil},
		"one too many":                 {func(s *countStore) { s.offByOne = true }, []string{"Take allows", "The window", "After the wait", "A refused", "Q08", "Keys", "One count", "A Limit without Events", "F16", "F25", "Give", "Of concurrent", "Forget", "Sweeper"}},
		"refusals lengthen":            {func(s *countStore) { s.countsRefused = true }, []string{"A refused Take", "The window begins", "After the wait", "Sweeper"}},
		"zero refuses":                 {func(s *countStore) { s.refusesZero = true }, []string{"A Limit without Events"}},
		"deaf to its context":          {func(s *countStore) { s.deaf = true }, []string{"F25", "Sweeper"}},
		"whole minutes of the clock":   {func(s *countStore) { s.aligned = true }, []string{"The window begins", "After the wait", "?A refused", "?Give of what", "?Sweeper"}},
		"the window slides":            {func(s *countStore) { s.sliding = true }, []string{"The window begins", "After the wait"}},
		"waits for the clock":          {func(s *countStore) { s.backBlocks = true }, []string{"F16"}},
		"the wait is the window":       {func(s *countStore) { s.fullWait = true }, []string{"After the wait"}},
		"keys of 255 bytes":            {func(s *countStore) { s.cutKeys = true }, []string{"Keys are independent"}},
		"keys without letter case":     {func(s *countStore) { s.lowerKeys = true }, []string{"Keys are independent"}},
		"broken keys are altered":      {func(s *countStore) { s.mendsKeys = true }, []string{"Keys are independent"}},
		"a sweep of all":               {func(s *countStore) { s.sweepsAll = true }, []string{"Sweeper"}},
		"a sweep without a number":     {func(s *countStore) { s.sweepsNothing = true }, []string{"Sweeper"}},
		"a count for every limit":      {func(s *countStore) { s.ownCounts = true }, []string{"One count"}},
		"nothing is given back":        {func(s *countStore) { s.givesNothing = true }, []string{"Give returns", "Give of what", "Of concurrent Takes and Gives"}},
		"more is given than was taken": {func(s *countStore) { s.givesBeyond = true }, []string{"Give of what"}},
		"all is forgotten":             {func(s *countStore) { s.forgetsAll = true }, []string{"Forget"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.LimiterCases(), func() storetest.Clocked[core.Limiter] { return counting(fake.breaks) },
				fake.rules...)
		})
	}
	t.Run("check-then-act at the end of a window", func(t *testing.T) {
		words := "Q08 concurrent Takes after"
		broken(t, rule(storetest.LimiterCases(), words), func() storetest.Clocked[core.Limiter] {
			return counting(func(s *countStore) { s.race, s.late = newBarrier(), true })
		}, words)
	})
	t.Run("check-then-act", func(t *testing.T) {
		words := "Q08 concurrent first Takes"
		broken(t, rule(storetest.LimiterCases(), words), func() storetest.Clocked[core.Limiter] {
			return counting(func(s *countStore) { s.race = newBarrier() })
		}, words)
	})
}

func counting(breaks func(*countStore)) storetest.Clocked[core.Limiter] {
	c := storetest.NewClock()
	s := &countStore{now: c.Now, rows: map[string]count{}}
	breaks(s)
	return storetest.Clocked[core.Limiter]{Store: s, Clock: c}
}
