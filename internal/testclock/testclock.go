// Package testclock is the time of a test: it stands still until the test moves
// it, while goroutines of what is tested read it.
//
//	clock := testclock.New(time.Now())
//	sessions, err := session.New(store, session.Options{Now: clock.Now})
//	clock.Advance(10 * time.Minute)
package testclock

import (
	"sync"
	"time"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// New returns a clock that shows at.
func New(at time.Time) *Clock { return &Clock{at: at} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock, for a negative d back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Set makes the clock show t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}
