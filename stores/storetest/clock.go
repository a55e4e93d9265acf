package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// Clock is a clock that a check moves. It starts at the present, so that a
// server's own expiry does not interfere.
type Clock struct {
	real bool

	mu    sync.Mutex
	at    time.Time
	brief bool
}

// NewClock returns a clock that stands still at the present time, in UTC and
// whole microseconds.
func NewClock() *Clock { return &Clock{at: microseconds()} }

// RealClock returns the true time, which only passes: moving it forward is
// waiting.
func RealClock() *Clock { return &Clock{real: true} }

func microseconds() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

const (
	// briefHour is what an hour becomes where it must be waited for.
	briefHour = 2 * time.Second
	// margin is how long before an end something lives without doubt, where
	// the check itself takes time.
	margin = 800 * time.Millisecond
	// tick is what a server's clock may be coarse by.
	tick = 50 * time.Millisecond
)

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	if c.real {
		return microseconds()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock; back, for a negative d, which a real clock does not
// do.
func (c *Clock) Advance(d time.Duration) {
	if c.real {
		time.Sleep(d + tick)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// advanceUntilBefore moves the clock to the last moment before end.
func (c *Clock) advanceUntilBefore(end time.Time) {
	last := time.Microsecond
	if c.real {
		last = margin + tick
	}
	c.Advance(end.Add(-last).Sub(c.Now()))
}

// advanceTo moves the clock to a time to come.
func (c *Clock) advanceTo(end time.Time) { c.Advance(end.Sub(c.Now())) }

// hour is how long everything that a case makes lives.
func (c *Clock) hour() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real && c.brief {
		return briefHour
	}
	return time.Hour
}

// waits says that the case waits for ends, and gives the hour that things live
// from now on.
func (c *Clock) waits() time.Duration {
	c.mu.Lock()
	c.brief = true
	c.mu.Unlock()
	return c.hour()
}

// Clocked is a store and the clock that it reads.
type Clocked[S any] struct {
	Store S
	*Clock
}

func clocked[S any](open func(*testing.T, func() time.Time) S, lacks []Lack) func(*testing.T) Clocked[S] {
	return func(t *testing.T) Clocked[S] {
		c := NewClock()
		if slices.Contains(lacks, NoClock) {
			c = RealClock()
		}
		return Clocked[S]{open(t, c.Now), c}
	}
}
