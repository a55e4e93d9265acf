package seldom_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/internal/seldom"
)

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

// take returns the lines that were written since it was called last.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.b.Reset()
	return strings.FieldsFunc(j.b.String(), func(r rune) bool { return r == '\n' })
}

// in runs a test in a bubble. lines returns what was written since it was
// called last.
func in(t *testing.T, test func(t *testing.T, l *seldom.Log, lines func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		var written journal
		log := slog.New(slog.NewTextHandler(&written,
			&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}}))
		test(t, seldom.New(log), func() []string {
			synctest.Wait()
			return written.take()
		})
		time.Sleep(time.Hour) // a timer that is left must not write after the test
	})
}

func TestLog(t *testing.T) {
	full := func(t *testing.T, l *seldom.Log, n int) {
		for i := range n {
			l.Log(t.Context(), slog.LevelError, "full", "the queue is full", "job", i)
		}
	}
	want := func(t *testing.T, got []string, want ...string) {
		t.Helper()
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	t.Run("the first at once, then a count a minute", func(t *testing.T) {
		in(t, func(t *testing.T, l *seldom.Log, lines func() []string) {
			full(t, l, 10_000)
			want(t, lines(), `level=ERROR msg="the queue is full" job=0`)
			time.Sleep(time.Minute)
			want(t, lines(), `level=ERROR msg="the queue is full (again)" times=9999 kind=full`)
			full(t, l, 7)
			want(t, lines())
			time.Sleep(time.Minute)
			want(t, lines(), `level=ERROR msg="the queue is full (again)" times=7 kind=full`)
		})
	})
	t.Run("what happens once a minute is written each time", func(t *testing.T) {
		in(t, func(t *testing.T, l *seldom.Log, lines func() []string) {
			for range 3 {
				full(t, l, 1)
				want(t, lines(), `level=ERROR msg="the queue is full" job=0`)
				time.Sleep(time.Minute)
			}
		})
	})
	t.Run("kinds do not hide each other, and their number is bounded", func(t *testing.T) {
		in(t, func(t *testing.T, l *seldom.Log, lines func() []string) {
			full(t, l, 2)
			for i := range 5_000 {
				l.Log(t.Context(), slog.LevelWarn, fmt.Sprint("kind ", i), "odd")
			}
			if n := len(lines()); n < 50 || n > 102 {
				t.Errorf("%d lines for 5,001 kinds, want about 100", n)
			}
			time.Sleep(2 * time.Minute)
			lines()
			l.Log(t.Context(), slog.LevelWarn, "another", "odd")
			want(t, lines(), `level=WARN msg=odd`)
		})
	})
}
