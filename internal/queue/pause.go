package queue

import (
	"math/rand/v2"
	"time"
)

const longestPause = 5 * time.Minute

// pauseAfter is the pause after the n-th failed attempt: 1 s, 4 s, 16 s and so on, at most 5 minutes, and up to a quarter more at random,
// so that jobs that failed together do not come back together.
func pauseAfter(n int) time.Duration {
	pause := min(time.Second<<min(2*(n-1), 10), longestPause)
	return pause + rand.N(pause/4) //nolint:gosec // nothing secret depends on it
}
