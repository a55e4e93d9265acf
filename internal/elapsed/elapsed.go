// Package elapsed measures time for what is kept in memory for some seconds.
//
//	clock := elapsed.New(opts.Now)
//	kept := clock.Now()
//	if clock.Now()-kept < 5*time.Second { … }
//
// It exists because a request asks often: the monotonic clock alone costs half
// of time.Now, and no step of the wall clock reaches it.
package elapsed

import "time"

// Clock gives the time since it was made.
type Clock struct {
	start time.Time
	now   func() time.Time // nil: the monotonic clock
}

// New returns a clock that stands on one of the application's, or on the
// monotonic one for nil.
func New(now func() time.Time) Clock {
	if now == nil {
		return Clock{start: time.Now()}
	}
	return Clock{now(), now}
}

// Now reads the clock.
func (c Clock) Now() time.Duration {
	if c.now == nil {
		return time.Since(c.start)
	}
	return c.At(c.now())
}

// At is what the clock shows at t, which its now has given, or time.Now.
func (c Clock) At(t time.Time) time.Duration { return t.Sub(c.start) }
