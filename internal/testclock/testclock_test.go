package testclock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/internal/testclock"
)

func TestClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	clock := testclock.New(start)
	if got := clock.Now(); got != start {
		t.Errorf("a new clock shows %v, want %v", got, start)
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			clock.Advance(time.Minute)
			if got := clock.Now(); got.Before(start.Add(time.Minute)) {
				t.Errorf("an advanced clock shows %v", got)
			}
		})
	}
	all.Wait()
	clock.Advance(-time.Second)
	if got, want := clock.Now(), start.Add(100*time.Minute-time.Second); got != want {
		t.Errorf("after all of them the clock shows %v, want %v", got, want)
	}
	clock.Set(start)
	if got := clock.Now(); got != start {
		t.Errorf("the clock was set to %v and shows %v", start, got)
	}
}
