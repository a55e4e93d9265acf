package memstore

import "time"

// sweepPause is how long expired rows may stay before a write removes them if
// nobody calls Sweep.
const sweepPause = time.Minute

// clock is a source of time, and remembers when to sweep next. Its owner's lock
// guards due.
type clock struct {
	now  func() time.Time
	next time.Time
}

func newClock(now func() time.Time) clock {
	if now == nil {
		now = time.Now
	}
	return clock{now: now}
}

// due reports, once every sweepPause, that it is time to sweep.
func (c *clock) due(now time.Time) bool {
	if now.Before(c.next) {
		return false
	}
	c.next = now.Add(sweepPause)
	return true
}
