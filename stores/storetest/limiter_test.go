package storetest_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
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

	firstOnly, countsSome, waitsShortest, anyLimits bool // of several limits
	refundsFirst, sweepsByFirst, sweepsByLast       bool

	race *barrier
	late bool // whether the race begins when a window has ended
	now  func() time.Time
	mu   sync.Mutex
	rows map[string][]count
}

type count struct {
	start  time.Time
	length time.Duration
	n      int
}

func (s *countStore) key(k string, limits []core.Limit) string {
	if s.cutKeys {
		k = k[:min(len(k), 255)]
	}
	if s.lowerKeys {
		k = strings.ToLower(k)
	}
	if s.mendsKeys {
		k = strings.ToValidUTF8(k, "\ufffd")
	}
	if s.ownCounts && len(limits) == 1 && limits[0].Events == 5 {
		k += "5"
	}
	return k
}

// current returns a key's counts for these limits, and the time.
func (s *countStore) current(k string, limits []core.Limit) ([]count, time.Time) {
	now, counts := s.now(), slices.Clone(s.rows[k])
	for i, l := range limits {
		if i == len(counts) {
			counts = append(counts, count{})
		}
		c := &counts[i]
		if now.Before(c.start) && !s.backBlocks {
			c.start = now
		}
		if now.Sub(c.start) >= l.Window {
			*c = count{start: now, length: l.Window}
			if s.aligned {
				c.start = now.Truncate(l.Window)
			}
		}
	}
	return counts, now
}

func (s *countStore) Allow(ctx context.Context, k string, limits ...core.Limit) (time.Duration, error) {
	if err := ctx.Err(); err != nil && !s.deaf {
		return 0, err
	}
	effective, err := core.Effective(limits)
	switch {
	case s.refusesZero: // without a window, it is a minute
		effective = slices.Clone(limits)
		for i := range effective {
			effective[i].Window = cmp.Or(effective[i].Window, time.Minute)
		}
	case s.anyLimits && err != nil:
		effective = limits
	case err != nil:
		return 0, err
	}
	if s.firstOnly {
		effective = effective[:min(len(effective), 1)]
	}
	k = s.key(k, effective)
	s.mu.Lock()
	defer s.mu.Unlock()
	counts, now := s.current(k, effective)
	if s.race != nil && (!s.late || len(s.rows[k]) > 0 && s.rows[k][0].n > 0 && counts[0].n == 0) {
		s.mu.Unlock()
		s.race.wait()
		s.mu.Lock()
	}
	wait := s.refusal(counts, effective, now)
	if wait > 0 && !s.countsRefused && !s.countsSome { // no window begins
		for i, old := range s.rows[k] {
			if i < len(effective) && counts[i].n == 0 {
				counts[i] = old
			}
		}
	}
	for i := range effective {
		c := &counts[i]
		if wait == 0 && s.sliding || wait > 0 && s.countsRefused {
			c.start = now
		}
		if wait == 0 || s.countsSome && c.n < effective[i].Events {
			c.n++
		}
	}
	if len(counts) > 0 {
		s.rows[k] = counts
	}
	return wait, nil
}

// refusal returns how long to wait until the limits have room.
func (s *countStore) refusal(counts []count, limits []core.Limit, now time.Time) (wait time.Duration) {
	for i, l := range limits {
		events := l.Events
		if s.offByOne {
			events++
		}
		if counts[i].n < events {
			continue
		}
		left := counts[i].start.Add(l.Window).Sub(now)
		if s.fullWait {
			left = l.Window
		}
		if wait == 0 || left > wait && !s.waitsShortest {
			wait = left
		}
	}
	return wait
}

func (s *countStore) Refund(ctx context.Context, k string) error {
	if err := ctx.Err(); err != nil || s.givesNothing {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.rows[s.key(k, nil)] {
		c := &s.rows[s.key(k, nil)][i]
		if (c.n > 0 || s.givesBeyond) && (i == 0 || !s.refundsFirst) {
			c.n--
		}
	}
	return nil
}

func (s *countStore) Reset(ctx context.Context, k string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, s.key(k, nil))
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
	maps.DeleteFunc(s.rows, func(_ string, counts []count) bool {
		runs := func(c count) bool { return s.now().Sub(c.start) < c.length }
		switch {
		case s.sweepsAll:
			return true
		case s.sweepsByFirst:
			return !runs(counts[0])
		case s.sweepsByLast:
			return !runs(counts[len(counts)-1])
		}
		return !slices.ContainsFunc(counts, runs)
	})
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
		"one too many":                 {func(s *countStore) { s.offByOne = true }, []string{"Allow allows", "The window", "After the wait", "A refused", "Q08", "Keys", "One count", "A Limit without Events", "F16", "F25", "Refund", "Of concurrent", "Reset", "Sweeper", "Each of several", "An event that one", "The wait is that", "Limits without", "Limits that core"}},
		"refusals lengthen":            {func(s *countStore) { s.countsRefused = true }, []string{"A refused Allow", "The window begins", "After the wait", "Sweeper", "Each of several", "The wait is that"}},
		"zero refuses":                 {func(s *countStore) { s.refusesZero = true }, []string{"A Limit without Events", "Limits without", "Limits that core"}},
		"deaf to its context":          {func(s *countStore) { s.deaf = true }, []string{"F25", "Sweeper"}},
		"whole minutes of the clock":   {func(s *countStore) { s.aligned = true }, []string{"The window begins", "After the wait", "?A refused", "?Refund of what", "?Sweeper", "?The wait is that", "?Refund leaves", "?Each of several", "?Q08 concurrent Allows after the end of one", "?Sweeper: Sweep forgets no", "?An event that one"}},
		"the window slides":            {func(s *countStore) { s.sliding = true }, []string{"The window begins", "After the wait", "Each of several", "Sweeper: Sweep forgets no count"}},
		"waits for the clock":          {func(s *countStore) { s.backBlocks = true }, []string{"F16"}},
		"the wait is the window":       {func(s *countStore) { s.fullWait = true }, []string{"After the wait", "The wait is that"}},
		"keys of 255 bytes":            {func(s *countStore) { s.cutKeys = true }, []string{"Keys are independent"}},
		"keys without letter case":     {func(s *countStore) { s.lowerKeys = true }, []string{"Keys are independent"}},
		"broken keys are altered":      {func(s *countStore) { s.mendsKeys = true }, []string{"Keys are independent"}},
		"a sweep of all":               {func(s *countStore) { s.sweepsAll = true }, []string{"Sweeper"}},
		"a sweep without a number":     {func(s *countStore) { s.sweepsNothing = true }, []string{"Sweeper"}},
		"a count for every limit":      {func(s *countStore) { s.ownCounts = true }, []string{"One count"}},
		"nothing is given back":        {func(s *countStore) { s.givesNothing = true }, []string{"Refund returns one", "Refund of what", "Of concurrent Allows and Refunds", "Refund returns an event under", "Refund leaves"}},
		"more is given than was taken": {func(s *countStore) { s.givesBeyond = true }, []string{"Refund of what", "Refund leaves"}},
		"only the first limit":         {func(s *countStore) { s.firstOnly = true }, []string{"Each of several", "An event that one", "The wait is that", "Refund leaves", "Q08 concurrent Allows after the end of one", "Sweeper: Sweep forgets no count"}},
		"limits that refuse nothing":   {func(s *countStore) { s.countsSome = true }, []string{"Each of several", "An event that one", "The wait is that", "F16 of several", "Refund leaves", "Q08 concurrent Allows after the end of one", "Sweeper: Sweep forgets no count"}},
		"the shortest wait":            {func(s *countStore) { s.waitsShortest = true }, []string{"The wait is that"}},
		"any limits":                   {func(s *countStore) { s.anyLimits = true }, []string{"Limits that core"}},
		"the first is given back":      {func(s *countStore) { s.refundsFirst = true }, []string{"Refund returns an event under", "Refund leaves"}},
		"a sweep by the first window":  {func(s *countStore) { s.sweepsByFirst = true }, []string{"Sweeper: Sweep forgets no count"}},
		"a sweep by the last window":   {func(s *countStore) { s.sweepsByLast = true }, []string{"Sweeper: Sweep forgets no count"}},
		"all is forgotten":             {func(s *countStore) { s.forgetsAll = true }, []string{"Reset"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.LimiterCases(), func() storetest.Clocked[core.Limiter] { return counting(fake.breaks) },
				fake.rules...)
		})
	}
	t.Run("check-then-act at the end of a window", func(t *testing.T) {
		words := "Q08 concurrent Allows after the end of a window"
		broken(t, rule(storetest.LimiterCases(), words), func() storetest.Clocked[core.Limiter] {
			return counting(func(s *countStore) { s.race, s.late = newBarrier(), true })
		}, words)
	})
	t.Run("check-then-act", func(t *testing.T) {
		words := "Q08 concurrent first Allows"
		broken(t, rule(storetest.LimiterCases(), words), func() storetest.Clocked[core.Limiter] {
			return counting(func(s *countStore) { s.race = newBarrier() })
		}, words)
	})
}

func counting(breaks func(*countStore)) storetest.Clocked[core.Limiter] {
	c := storetest.NewClock()
	s := &countStore{now: c.Now, rows: map[string][]count{}}
	breaks(s)
	return storetest.Clocked[core.Limiter]{Store: s, Clock: c}
}
