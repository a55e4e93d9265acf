package queue_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/internal/queue"
)

const least, most = 500 * time.Millisecond, 2500 * time.Millisecond

func TestAddWithin(t *testing.T) {
	t.Run("R16 jobs begin uniformly within the window", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			start := time.Now()
			begun := make(chan time.Duration, 1000)
			before := runtime.NumGoroutine()
			for range cap(begun) {
				q.AddWithin(least, most, "mail", func(context.Context) error { begun <- time.Since(start); return nil })
			}
			if n := runtime.NumGoroutine() - before; n > 0 {
				t.Errorf("%d goroutines wait with the jobs", n)
			}
			pass(most)
			close(begun)
			var quarters [4]int
			for at := range begun {
				if at < least || at >= most {
					t.Fatalf("a job began after %v", at)
				}
				quarters[(at-least)*4/(most-least)]++
			}
			for i, n := range quarters { // 250 each; 180 is five standard deviations away
				if n < 180 {
					t.Errorf("%d of 1,000 began in quarter %d", n, i+1)
				}
			}
		})
	})
	t.Run("the random source decides the moment", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Random: func(n time.Duration) time.Duration { return n / 4 }})
			start, begun := time.Now(), time.Duration(0)
			q.AddWithin(least, most, "mail", func(context.Context) error { begun = time.Since(start); return nil })
			pass(time.Minute)
			if begun != time.Second {
				t.Errorf("begun after %v, want 1s", begun)
			}
		})
	})
	t.Run("a job that is due earlier does not wait for others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			start := time.Now()
			begun := make(chan time.Duration, 3)
			note := func(context.Context) error { begun <- time.Since(start); return nil }
			q.AddWithin(time.Hour, time.Hour, "late", note)
			q.AddWithin(time.Minute, time.Minute, "early", note)
			q.Add("at once", note)
			pass(2 * time.Hour)
			for _, want := range []time.Duration{0, time.Minute, time.Hour} {
				if got := <-begun; got != want {
					t.Errorf("begun after %v, want %v", got, want)
				}
			}
		})
	})
	t.Run("jobs that are not due count", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Size: 3})
			taken := 0
			for range 10_000 {
				if q.AddWithin(least, most, "mail", func(context.Context) error { return nil }) {
					taken++
				}
			}
			if taken != 3 {
				t.Errorf("%d of 3 were taken", taken)
			}
			wantLine(t, log, "ERROR", "job=mail")
			pass(time.Minute)
			if n := len(log.lines("ERROR")); n != 2 {
				t.Errorf("%d lines about 9,997 refused jobs, want the first and a count", n)
			}
		})
	})
}

func TestWait(t *testing.T) {
	t.Run("what waits begins at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Workers: 1})
			start, done := time.Now(), 0
			for range 5 {
				q.AddWithin(time.Hour, 2*time.Hour, "mail", func(context.Context) error {
					done++
					q.Add("more", func(context.Context) error { done++; return nil })
					return nil
				})
			}
			if err := q.Wait(t.Context()); err != nil || done != 10 || !time.Now().Equal(start) {
				t.Errorf("Wait: %v after %v, with %d of 10 jobs done", err, time.Since(start), done)
			}
			if err := q.Wait(t.Context()); err != nil {
				t.Errorf("Wait of an idle queue: %v", err)
			}
			if !q.Add("later", func(context.Context) error { return nil }) {
				t.Error("Wait closed the queue")
			}
		})
	})
	t.Run("what fails again waits again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Attempts: 3})
			var runs atomic.Int32
			q.Add("mail", func(context.Context) error { runs.Add(1); return errDown })
			for want := int32(1); want <= 2; want++ {
				if err := q.Wait(t.Context()); err != nil || runs.Load() != want {
					t.Errorf("Wait: %v, %d runs, want %d", err, runs.Load(), want)
				}
			}
			pass(time.Hour)
			if runs.Load() != 3 {
				t.Errorf("%d runs, want 3", runs.Load())
			}
		})
	})
	t.Run("out of time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			q.Add("slow", func(context.Context) error { time.Sleep(10 * time.Second); return nil })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := q.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Wait: %v", err)
			}
			pass(time.Minute)
		})
	})
	t.Run("Close begins what is not due", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			start, done := time.Now(), 0
			q.AddWithin(time.Hour, time.Hour, "mail", func(context.Context) error { done++; return nil })
			if err := q.Close(t.Context()); err != nil || done != 1 || !time.Now().Equal(start) {
				t.Errorf("Close: %v after %v, %d done", err, time.Since(start), done)
			}
		})
	})
}
