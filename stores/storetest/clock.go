package storetest

import (
	"sync"
	"testing"
	"time"
)

// Clock is a clock that a check moves. It starts at the present, so that a server's own expiry does not interfere.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock gives a clock that stands still at the present time, in UTC and whole microseconds.
func NewClock() *Clock { return &Clock{at: time.Now().UTC().Truncate(time.Microsecond)} }

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock; back, for a negative d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Clocked is a store and the clock that it reads.
type Clocked[S any] struct {
	Store S
	*Clock
}

func clocked[S any](open func(*testing.T, func() time.Time) S) func(*testing.T) Clocked[S] {
	return func(t *testing.T) Clocked[S] {
		c := NewClock()
		return Clocked[S]{open(t, c.Now), c}
	}
}
