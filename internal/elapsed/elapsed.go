// Package elapsed measures time for what is kept in memory for some seconds.
//
//	clock := elapsed.Clock(opts.Now)
//	kept := clock()
//	if clock()-kept < 5*time.Second { … }
//
// It exists because a request asks often: the monotonic clock alone costs half of time.Now, and no step of the wall clock reaches it.
package elapsed

import "time"

// Clock gives the time since now, by a clock of the application's, or by the monotonic one for nil.
func Clock(now func() time.Time) func() time.Duration {
	if now == nil {
		start := time.Now()
		return func() time.Duration { return time.Since(start) }
	}
	start := now()
	return func() time.Duration { return now().Sub(start) }
}
