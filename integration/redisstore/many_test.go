package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestAUserWithManySessions: created while there was no limit, 20,000 of them,
// or 200,000 with LATCHKEY_TEST_LONG.
func TestAUserWithManySessions(t *testing.T) {
	sessions := 20_000
	if os.Getenv("LATCHKEY_TEST_LONG") != "" {
		sessions = 200_000
	}
	const atOnce = 32
	addr := server.Redis(t)
	one, other := open(t, addr, redisstore.Options{CacheSessions: 1}).Sessions(),
		open(t, addr, redisstore.Options{CacheSessions: 1}).Sessions()
	name := func(i int) [32]byte { return core.Digest(fmt.Sprint(i)) }
	fill := func(t *testing.T) {
		t.Helper()
		begin := time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)
		var all sync.WaitGroup
		for worker := range atOnce {
			all.Go(func() {
				for i := worker; i < sessions; i += atOnce {
					mine := adas(fmt.Sprint(i))
					mine.Created = begin.Add(time.Duration(i) * time.Microsecond)
					if err := one.Create(t.Context(), name(i), mine); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	graces := adas("grace's")
	graces.UserID = "grace"
	if err := other.Create(t.Context(), core.Digest("grace's"), graces); err != nil {
		t.Fatal(err)
	}
	// meanwhile runs do, while grace works on another node, bypassing its
	// cache.
	meanwhile := func(t *testing.T, do func() error) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		var slowest atomic.Int64
		var working sync.WaitGroup
		for range 4 {
			working.Go(func() {
				for ctx.Err() == nil {
					begin := time.Now()
					err := other.Touch(context.Background(), core.Digest("grace's"), begin, begin.Add(time.Hour))
					if err != nil {
						t.Errorf("another user's session: %v", err)
					}
					slowest.Store(max(slowest.Load(), int64(time.Since(begin))))
				}
			})
		}
		begin := time.Now()
		if err := do(); err != nil {
			t.Error(err)
		}
		t.Logf("it took %v; another user waited for %v at the most", time.Since(begin), time.Duration(slowest.Load()))
		if time.Duration(slowest.Load()) > 500*time.Millisecond {
			t.Error("another user waited for too long")
		}
		stop()
		working.Wait()
	}
	fill(t)
	t.Run("their list is bounded, and has the newest", func(t *testing.T) {
		meanwhile(t, func() error {
			all, err := one.List(t.Context(), "ada")
			if len(all) > 1000 || len(all) == 0 {
				t.Errorf("it has %d sessions", len(all))
			}
			return err
		})
	})
	t.Run("S17 a limit leaves the newest alone", func(t *testing.T) {
		meanwhile(t, func() error {
			ended, err := one.Trim(t.Context(), "ada", "web", 100, [32]byte{})
			if len(ended) != sessions-100 {
				t.Errorf("%d sessions were ended, want all but 100 of %d", len(ended), sessions)
			}
			return err
		})
		for i := range sessions {
			if i < sessions-200 && i%100 != 0 {
				continue
			}
			if got, want := alive(t, one, name(i)), i >= sessions-100; got != want {
				t.Errorf("session %d of %d lives: %v, want %v", i, sessions, got, want)
			}
		}
		all, err := one.List(t.Context(), "ada")
		if err != nil || len(all) != 100 || all[0].ID != fmt.Sprint(sessions-1) {
			t.Errorf("the list has %d sessions, %v, want 100, and the newest first", len(all), err)
		}
	})
	if err := one.DeleteAll(t.Context(), "ada", 2, [32]byte{}); err != nil {
		t.Fatal(err)
	}
	client := raw(t, addr)
	redisDo(t, client, "DEL", keys(t, client, "*floor:*")[0])
	fill(t)
	kept := adas("kept")
	if err := one.Create(t.Context(), core.Digest("kept"), kept); err != nil {
		t.Fatal(err)
	}
	t.Run("S07 all of them end, and nobody else waits", func(t *testing.T) {
		meanwhile(t, func() error { return one.DeleteAll(t.Context(), "ada", 2, core.Digest("kept")) })
		if n := len(keys(t, client, "*session:*")); n != 2 {
			t.Errorf("%d sessions are left, want the spared one and grace's", n)
		}
		if !alive(t, one, core.Digest("kept")) || !alive(t, other, core.Digest("grace's")) {
			t.Error("twin: the spared session or grace's does not live")
		}
		if err := one.Create(t.Context(), core.Digest("late"), adas("late")); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("a login that comes late: got %v, want core.ErrInvalid", err)
		}
	})
	t.Run("S07 a call that failed can be made again", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := one.DeleteAll(ctx, "ada", 3, [32]byte{}); err == nil {
			t.Error("no error under a context that has ended")
		}
		if err := one.DeleteAll(t.Context(), "ada", 3, [32]byte{}); err != nil || alive(t, one, core.Digest("kept")) {
			t.Errorf("the next call: %v, or the session lives", err)
		}
	})
}
