package epochs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/epochs"
)

// fake is a store whose answer may be interrupted.
type fake struct {
	epoch  int64
	asked  int
	err    error
	during func()
}

func (f *fake) Epoch(context.Context, string) (int64, error) {
	f.asked++
	epoch := f.epoch
	if f.during != nil {
		f.during()
	}
	return epoch, f.err
}

func want(t *testing.T, c *epochs.Cache, user string, epoch int64) {
	t.Helper()
	if got, err := c.Epoch(t.Context(), user); err != nil || got != epoch {
		t.Errorf("got %d, %v, want %d", got, err, epoch)
	}
}

func TestCache(t *testing.T) {
	now := time.Now()
	f := &fake{epoch: 1}
	c := epochs.New(f, 5*time.Second, elapsed.New(func() time.Time { return now }))
	want(t, c, "ada", 1)
	f.epoch = 2
	now = now.Add(5*time.Second - 1)
	want(t, c, "ada", 1)
	now = now.Add(1)
	want(t, c, "ada", 2)
	f.epoch = 3
	c.Forget("ada")
	want(t, c, "ada", 3)
	if f.asked != 3 {
		t.Errorf("the store was asked %d times, want 3", f.asked)
	}
	t.Run("a clock that steps back lengthens nothing", func(t *testing.T) {
		f.epoch = 4
		now = now.Add(-time.Hour)
		want(t, c, "ada", 4)
	})
	t.Run("what was read while it changed is not kept", func(t *testing.T) {
		c.Forget("ada")
		f.during = func() { f.epoch = 5; c.Forget("ada") }
		want(t, c, "ada", 4)
		f.during = nil
		want(t, c, "ada", 5)
	})
	t.Run("failures are not kept", func(t *testing.T) {
		f.err = errors.New("away")
		if _, err := c.Epoch(t.Context(), "grace"); !errors.Is(err, f.err) {
			t.Errorf("got %v", err)
		}
		f.err = nil
		want(t, c, "grace", 5)
	})
}

func TestCacheIsBounded(t *testing.T) {
	f := &fake{}
	c := epochs.New(f, time.Hour, elapsed.New(nil))
	const users = 200_000
	for i := range users {
		want(t, c, fmt.Sprint(i), 0)
	}
	f.asked = 0
	for i := range users {
		want(t, c, fmt.Sprint(i), 0)
	}
	if kept := users - f.asked; kept > 64*1024 {
		t.Errorf("%d users are known", kept)
	}
}

// TestCacheKeepsNothingOfTokens: an ID is often a part of the text of a JWT.
func TestCacheKeepsNothingOfTokens(t *testing.T) {
	c := epochs.New(&fake{}, time.Hour, elapsed.New(nil))
	var m runtime.MemStats
	heap := func() uint64 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 64 {
		want(t, c, (fmt.Sprintf("%04d", i) + strings.Repeat("x", 1<<20))[:4], 0)
	}
	if after := heap(); after > before+16<<20 {
		t.Errorf("%d MiB are kept, of 64 that the texts had", (after-before)>>20)
	}
	runtime.KeepAlive(c)
}
