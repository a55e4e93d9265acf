package flowtest

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// limiter is a core.Limiter in memory, by the time of the bubble.
type limiter struct {
	mu     sync.Mutex
	counts map[string][]count
}

// count is what has happened in a window.
type count struct {
	events int
	ends   time.Time
}

// Allow implements core.Limiter.
func (l *limiter) Allow(_ context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	limits, err := core.Effective(limits)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now, counts := time.Now(), make([]count, len(limits))
	copy(counts, l.counts[key])
	var wait time.Duration
	for i, limit := range limits {
		if !now.Before(counts[i].ends) {
			counts[i] = count{ends: now.Add(limit.Window)}
		}
		if counts[i].events++; counts[i].events > limit.Events {
			wait = max(wait, counts[i].ends.Sub(now))
		}
	}
	if wait == 0 {
		l.counts[key] = counts
	}
	return wait, nil
}

// Refund implements core.Limiter.
func (l *limiter) Refund(_ context.Context, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.counts[key] {
		l.counts[key][i].events--
	}
	return nil
}

// Reset implements core.Limiter.
func (l *limiter) Reset(_ context.Context, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.counts, key)
	return nil
}
