package queue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/internal/queue"
)

var errDown = errors.New("the server is down")

// journal is a log that tests read.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) lines(level string) (lines []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.b.String()) {
		if strings.Contains(line, "level="+level) {
			lines = append(lines, line)
		}
	}
	return lines
}

func newQueue(o queue.Options) (*queue.Queue, *journal) {
	log := &journal{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	return queue.New(o), log
}

// pass lets d go by and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// wantLine checks that there is one line of the level, and that it holds all
// parts.
func wantLine(t *testing.T, log *journal, level string, parts ...string) {
	t.Helper()
	lines := log.lines(level)
	if len(lines) != 1 {
		t.Fatalf("%d lines of level %s, want 1: %q", len(lines), level, lines)
	}
	for _, part := range parts {
		if !strings.Contains(lines[0], part) {
			t.Errorf("log line %q lacks %q", lines[0], part)
		}
	}
}

func TestRetry(t *testing.T) {
	t.Run("pauses grow up to five minutes and hold no worker", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Workers: 1, Attempts: 8})
			attempts := make(chan time.Time, 100)
			q.Add("a mail", func(context.Context) error {
				attempts <- time.Now()
				return errDown
			})
			synctest.Wait()
			ran := make(chan time.Time, 1)
			q.Add("another", func(context.Context) error { ran <- time.Now(); return nil })
			last := <-attempts
			if other := <-ran; !other.Equal(last) {
				t.Errorf("the other job had to wait for %v", other.Sub(last))
			}
			pass(time.Hour)
			close(attempts)
			var pauses []time.Duration
			for at := range attempts {
				pauses = append(pauses, at.Sub(last))
				last = at
			}
			want := []time.Duration{time.Second, 4 * time.Second, 16 * time.Second, 64 * time.Second, 256 * time.Second,
				5 * time.Minute, 5 * time.Minute}
			if len(pauses) != len(want) {
				t.Fatalf("pauses %v, want %v", pauses, want)
			}
			for i, pause := range want {
				if pauses[i] < pause || pauses[i] > pause+pause/4 {
					t.Errorf("pause %d is %v, want %v to %v", i+1, pauses[i], pause, pause+pause/4)
				}
			}
			wantLine(t, log, "ERROR", `job="a mail"`, "attempts=8", errDown.Error())
		})
	})
	t.Run("jobs that fail together come back apart", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Attempts: 2})
			var mu sync.Mutex
			runs := map[time.Time]int{}
			for range 20 {
				q.Add("mail", func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					runs[time.Now()]++
					return errDown
				})
			}
			pass(time.Minute)
			if len(runs) < 10 {
				t.Errorf("20 jobs failed at one moment and came back at %d moments", len(runs)-1)
			}
		})
	})
	t.Run("a success ends it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{})
			runs := 0
			q.Add("mail", func(context.Context) error {
				if runs++; runs < 3 {
					return errDown
				}
				return nil
			})
			pass(time.Hour)
			if runs != 3 || len(log.lines("WARN")) != 2 || len(log.lines("ERROR")) != 0 {
				t.Errorf("%d runs, %d warnings, errors %q; want 3, 2 and none", runs, len(log.lines("WARN")), log.lines("ERROR"))
			}
		})
	})
	t.Run("six attempts by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{})
			q.Add("mail", func(context.Context) error { return errDown })
			pass(time.Hour)
			wantLine(t, log, "ERROR", "attempts=6")
		})
	})
	t.Run("F14 a panic is a failure", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Workers: 1, Attempts: 2})
			runs := 0
			q.Add("mail", func(context.Context) error { runs++; panic("token-canary") })
			pass(time.Hour)
			if runs != 2 {
				t.Errorf("%d runs, want 2", runs)
			}
			wantLine(t, log, "ERROR", "job=mail", "panic with a string", "queue_test.go")
			if lines := log.lines(""); strings.Contains(strings.Join(lines, ""), "token-canary") {
				t.Errorf("L01: the value of a panic reached the log: %q", lines)
			}
			ran := false
			q.Add("next", func(context.Context) error { ran = true; return nil })
			synctest.Wait()
			if !ran {
				t.Error("the only worker died of the panic")
			}
		})
	})
	t.Run("F14 an attempt that hangs ends after the timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Attempts: 1})
			start := time.Now()
			var took time.Duration
			q.Add("mail", func(ctx context.Context) error {
				<-ctx.Done()
				took = time.Since(start)
				return ctx.Err()
			})
			pass(time.Hour)
			if took != 30*time.Second {
				t.Errorf("the attempt took %v, want 30s", took)
			}
			wantLine(t, log, "ERROR", context.DeadlineExceeded.Error())
		})
	})
}

func TestBounds(t *testing.T) {
	t.Run("a full queue refuses at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, log := newQueue(queue.Options{Workers: 1, Size: 3})
			slow := func(context.Context) error { time.Sleep(time.Second); return nil }
			start := time.Now()
			for i := range 3 {
				if !q.Add("mail", slow) {
					t.Fatalf("job %d was refused", i+1)
				}
			}
			if q.Add("one more", slow) {
				t.Error("the fourth of three jobs was taken")
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("Add took %v", took)
			}
			wantLine(t, log, "ERROR", `job="one more"`)
			pass(time.Second)
			if !q.Add("mail", slow) {
				t.Error("refused, though one of the three is done")
			}
			pass(time.Minute)
		})
	})
	t.Run("what waits for its next attempt counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{Size: 1, Attempts: 2})
			q.Add("mail", func(context.Context) error { return errDown })
			synctest.Wait()
			if q.Add("mail", func(context.Context) error { return nil }) {
				t.Error("taken, though one job waits and Size is 1")
			}
			pass(time.Minute)
			if !q.Add("mail", func(context.Context) error { return nil }) {
				t.Error("refused, though the job was given up")
			}
		})
	})
	t.Run("four jobs run at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, _ := newQueue(queue.Options{})
			var running, most, done atomic.Int32
			for range 40 {
				q.Add("mail", func(context.Context) error {
					if n := running.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(time.Second)
					running.Add(-1)
					done.Add(1)
					return nil
				})
			}
			pass(10*time.Second + time.Millisecond)
			if most.Load() != 4 || done.Load() != 40 {
				t.Errorf("at most %d at once and %d done after 10 s, want 4 and 40", most.Load(), done.Load())
			}
		})
	})
}
