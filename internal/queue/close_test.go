package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/internal/queue"
)

// A bubble of synctest fails where a goroutine is left, so each test also shows
// that nothing leaks.
func TestClose(t *testing.T) {
	t.Run("an idle queue closes at once, and again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			q.Add("mail", func(context.Context) error { return nil })
			synctest.Wait()
			for range 2 {
				if err := q.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	})
	t.Run("what is queued runs, and the closed queue refuses", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Workers: 1})
			done := 0
			for range 5 {
				q.Add("mail", func(context.Context) error { time.Sleep(time.Second); done++; return nil })
			}
			if err := q.Close(t.Context()); err != nil || done != 5 {
				t.Errorf("Close: %v with %d of 5 jobs done", err, done)
			}
			if q.Add("late", func(context.Context) error { done++; return nil }) {
				t.Error("a closed queue took a job")
			}
			synctest.Wait()
			if done != 5 {
				t.Error("a closed queue ran a job")
			}
			wantLine(t, log, "ERROR", "job=late")
		})
	})
	t.Run("a waiting job gets one attempt at once", func(t *testing.T) {
		for _, c := range []struct {
			name   string
			result error
			errors int
		}{{"that succeeds", nil, 0}, {"that fails", errDown, 1}} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					q, log := newQueue(queue.Options{})
					runs := 0
					q.Add("mail", func(context.Context) error {
						if runs++; runs < 3 {
							return errDown
						}
						return c.result
					})
					pass(2 * time.Second) // two attempts, the second pause has begun
					start := time.Now()
					if err := q.Close(t.Context()); err != nil {
						t.Error(err)
					}
					if took := time.Since(start); took != 0 || runs != 3 {
						t.Errorf("Close took %v and %d attempts were made, want 0s and 3", took, runs)
					}
					pass(time.Hour)
					if runs != 3 || len(log.lines("ERROR")) != c.errors {
						t.Errorf("%d attempts, errors %q", runs, log.lines("ERROR"))
					}
				})
			})
		}
	})
	t.Run("a job that a running one adds is run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Workers: 1})
			sent := false
			q.Add("ticket", func(context.Context) error {
				time.Sleep(time.Second)
				q.Add("mail", func(context.Context) error { sent = true; return nil })
				return nil
			})
			if err := q.Close(t.Context()); err != nil || !sent {
				t.Errorf("Close: %v, mail sent: %v", err, sent)
			}
		})
	})
	t.Run("out of time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Workers: 1})
			q.Add("hanging", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			var second error
			q.Add("second", func(ctx context.Context) error { second = ctx.Err(); return second })
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
				t.Errorf("Close: %v after %v", err, time.Since(start))
			}
			if q.Add("late", func(context.Context) error { return nil }) {
				t.Error("an aborted queue took a job")
			}
			synctest.Wait()
			if !errors.Is(second, context.Canceled) {
				t.Errorf("a job after the end saw a context with %v, want it cancelled", second)
			}
			if n := len(log.lines("ERROR")); n != 3 {
				t.Errorf("%d error lines, want one for each of the three jobs", n)
			}
		})
	})
}
