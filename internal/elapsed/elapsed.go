// Package elapsed measures time for what is kept in memory for some seconds.
//
//	clock := elapsed.New(opts.Now)
//	kept := clock.Now()
//	if clock.Now()-kept < 5*time.Second { … }
//
// It exists because a request reads the clock often: the monotonic clock alone
// costs half of time.Now, and is not affected by steps of the wall clock.
package elapsed

import "time"

// Clock measures the time since it was made.
type Clock struct {
	start time.Time
	now   func() time.Time // nil: the monotonic clock
}

// New returns a clock that reads now, or the monotonic clock if now is nil.
func New(now func() time.Time) Clock {
	if now == nil {
		return Clock{start: time.Now()}
	}
	return Clock{now(), now}
}

// Now returns the time since the clock was made.
func (c Clock) Now() time.Duration {
	if c.now == nil {
		return time.Since(c.start)
	}
	return c.At(c.now())
}

// At returns what the clock shows at t, a time from its now or from time.Now.
func (c Clock) At(t time.Time) time.Duration { return t.Sub(c.start) }
