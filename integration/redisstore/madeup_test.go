package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestMadeUpTokens presents tokens that were never issued: 10^4, or 10^6 with
// LATCHKEY_TEST_LONG.
func TestMadeUpTokens(t *testing.T) {
	tokens := 10_000
	if os.Getenv("LATCHKEY_TEST_LONG") != "" {
		tokens = 1_000_000
	}
	const atOnce = 16
	addr := server.StartRedis(t).URL()
	client := raw(t, addr)
	one, other := open(t, addr, redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	d := login(t, one, "one")
	present := func(from, to int) {
		var all sync.WaitGroup
		for worker := range atOnce {
			all.Go(func() {
				for i := from + worker; i < to; i += atOnce {
					if _, err := one.Find(context.Background(), core.Digest(fmt.Sprint("made up ", i))); !errors.Is(err,
						core.ErrNotFound) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	present(0, 2000) // buffers grow once
	alive(t, one, d)
	stored, held := stat(t, client, "used_memory"), heap()
	present(2000, 2000+tokens)
	t.Run("S25 made-up tokens take no memory, in Redis or here", func(t *testing.T) {
		if n := stat(t, client, "tracking_total_keys"); n != 0 {
			t.Errorf("Redis tracks %d keys", n)
		}
		if n := stat(t, client, "used_memory") - stored; n > 256<<10 {
			t.Errorf("Redis holds %d bytes more after %d tokens", n, tokens)
		}
		if n := heap() - held; n > 1<<20 {
			t.Errorf("the process holds %d bytes more", n)
		}
	})
	t.Run("S25 twin: a known session stays known, and ends at once when another node ends it", func(t *testing.T) {
		alive(t, one, d)
		reads := stat(t, client, "keyspace_hits") + stat(t, client, "keyspace_misses")
		for range 100 {
			if !alive(t, one, d) {
				t.Fatal("not found")
			}
		}
		if n := stat(t, client, "keyspace_hits") + stat(t, client, "keyspace_misses") - reads; n != 0 {
			t.Errorf("Redis was asked %d times", n)
		}
		if err := other.Delete(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the session has ended", func() bool { return !alive(t, one, d) })
	})
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A caller who has learned that a session was revoked does not find it again in
// what another caller read before, whose reply is cached late.
func TestNothingComesBack(t *testing.T) {
	addr := server.Redis(t)
	one, other := open(t, addr, redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	for i := range 500 {
		d := login(t, other, fmt.Sprint(i))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for heard := false; !heard; {
					heard = !alive(t, one, d)
				}
				for range 20 {
					if alive(t, one, d) {
						t.Error("a session that had ended was found again")
						return
					}
				}
			})
		}
		if err := other.Delete(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		all.Wait()
	}
}
