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

// Local times are others than UTC wherever the kit runs. The zone is set as the
// program starts, since any goroutine may read it later, by time.Now.
var _ = elsewhere()

// elsewhere returns the local time zone, which it changes on a machine in UTC.
func elsewhere() *time.Location {
	if _, offset := time.Now().Zone(); offset == 0 {
		time.Local = time.FixedZone("storetest", -(3*60+30)*60) // Newfoundland's in winter
	}
	return time.Local
}

// NewClock returns a clock that stands still at the present time, in UTC and
// whole microseconds.
func NewClock() *Clock { return &Clock{at: microseconds()} }

// RealClock returns the real clock, which only passes: moving it forward means
// waiting.
func RealClock() *Clock { return &Clock{real: true} }

func microseconds() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

const (
	// briefHour is what an hour becomes if it must be waited for.
	briefHour = 2 * time.Second
	// margin is how long before its end something is certainly still live,
	// as the check itself takes time.
	margin = 800 * time.Millisecond
	// tick is the granularity that a server's clock may have.
	tick = 50 * time.Millisecond
)

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	if c.real {
		return microseconds()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock, for a negative d back, which a real clock cannot do.
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

// advanceTo moves the clock to a future time.
func (c *Clock) advanceTo(end time.Time) { c.Advance(end.Sub(c.Now())) }

// hour returns how long everything that a case creates lives.
func (c *Clock) hour() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real && c.brief {
		return briefHour
	}
	return time.Hour
}

// waits declares that the case waits for things to expire, and returns the hour
// that they live from now on.
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
