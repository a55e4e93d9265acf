package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// stat returns a number from the server's INFO.
func stat(t testing.TB, client rueidis.Client, name string) int {
	t.Helper()
	info, err := client.Do(context.Background(), client.B().Info().Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(info, "\r\n"+name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.Atoi(value)
	if !ok || err != nil {
		t.Fatalf("INFO has no number %s", name)
	}
	return n
}

// eventually waits for a condition, for less time than a session is cached
// without a notice from Redis.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 3 s: %s", what)
		}
	}
}

func alive(t testing.TB, s *redisstore.Sessions, d [32]byte) bool {
	t.Helper()
	_, err := s.Find(t.Context(), d)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
	return err == nil
}

// commands counts what Find sends to the server.
func commands(t testing.TB, client rueidis.Client, find func()) int {
	t.Helper()
	before := stat(t, client, "total_commands_processed")
	find()
	return stat(t, client, "total_commands_processed") - before - 1 // the INFO before
}

func TestWarmLookups(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	now := time.Now()
	sessions := open(t, addr, redisstore.Options{Now: func() time.Time { return now }}).Sessions()
	d := login(t, sessions, "one")
	many := func() {
		for range 1000 {
			if !alive(t, sessions, d) {
				t.Fatal("not found")
			}
		}
	}
	many()
	t.Run("ask nobody", func(t *testing.T) {
		if n := commands(t, client, many); n > 10 { // the clients' pings
			t.Errorf("%d commands for 1000 lookups", n)
		}
		ctx := context.Background()
		if n := testing.AllocsPerRun(100, func() { _, _ = sessions.Find(ctx, d) }); n != 0 {
			t.Errorf("%v allocations, want none", n)
		}
	})
	t.Run("ask once in 5 s", func(t *testing.T) {
		reads := stat(t, client, "keyspace_hits")
		for range 10 {
			now = now.Add(4999 * time.Millisecond)
			many()
			now = now.Add(time.Millisecond)
			many()
		}
		if n := stat(t, client, "keyspace_hits") - reads; n != 10 {
			t.Errorf("the session was read %d times in 50 s, want 10", n)
		}
	})
	t.Run("do not keep what is long", func(t *testing.T) {
		long, d := adas("long"), core.Digest("long")
		long.Label = strings.Repeat("x", 1<<10)
		if err := sessions.Create(t.Context(), d, long); err != nil {
			t.Fatal(err)
		}
		reads := stat(t, client, "keyspace_hits")
		for range 10 {
			alive(t, sessions, d)
		}
		if n := stat(t, client, "keyspace_hits") - reads; n != 10 {
			t.Errorf("a session of more than 1 KiB was read %d times in 10 lookups", n)
		}
	})
}

// TestAnotherNodeHears: the other node sees a change long before the 5 seconds
// are over.
func TestAnotherNodeHears(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	one, other := open(t, addr, redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	for name, end := range map[string]func(t *testing.T, d [32]byte) error{
		"Delete":    func(t *testing.T, d [32]byte) error { return one.Delete(t.Context(), d) },
		"DeleteAll": func(t *testing.T, _ [32]byte) error { return one.DeleteAll(t.Context(), "ada", 2, [32]byte{}) },
		"FLUSHALL": func(t *testing.T, _ [32]byte) error {
			return client.Do(t.Context(), client.B().Flushall().Build()).Error()
		},
		"expiry": func(t *testing.T, d [32]byte) error {
			return one.Touch(t.Context(), d, time.Now(), time.Now().Add(20*time.Millisecond))
		},
		"expiry of a rotated one": func(t *testing.T, d [32]byte) error {
			soon := turn("", "one")
			soon.Expires = time.Now().Add(20 * time.Millisecond)
			return second(one.Rotate(t.Context(), d, soon))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := client.Do(t.Context(), client.B().Flushall().Build()).Error(); err != nil {
				t.Fatal(err)
			}
			d := login(t, one, name)
			if !alive(t, other, d) {
				t.Fatal("the other node does not find it")
			}
			if err := end(t, d); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the session has ended on the other node", func() bool { return !alive(t, other, d) })
		})
	}
	t.Run("the spared session, a touched and a rotated one are read anew", func(t *testing.T) {
		if err := client.Do(t.Context(), client.B().Flushall().Build()).Error(); err != nil { // the floor too
			t.Fatal(err)
		}
		d := login(t, one, "kept")
		alive(t, other, d)
		if err := one.DeleteAll(t.Context(), "ada", 7, d); err != nil {
			t.Fatal(err)
		}
		seen := time.Now().Add(time.Minute).UTC().Truncate(time.Microsecond)
		if err := one.Touch(t.Context(), d, seen, seen.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the other node sees both", func() bool {
			found, err := other.Find(t.Context(), d)
			return err == nil && found.Epoch == 7 && found.LastSeen.Equal(seen)
		})
		next := turn("", "one")
		rotates(t, one, d, next)
		eventually(t, "the other node sees when its secret was replaced", func() bool {
			found, err := other.Find(t.Context(), d)
			return err == nil && found.Epoch == 7 && found.LastSeen.Equal(next.Seen) && found.Expires.Equal(next.Expires)
		})
	})
}

// TestALostConnectionIsForgotten: the node cannot know which notices it missed.
func TestALostConnectionIsForgotten(t *testing.T) {
	addr := server.Redis(t)
	client, sessions := raw(t, addr), open(t, addr, redisstore.Options{}).Sessions()
	d := login(t, sessions, "one")
	alive(t, sessions, d)
	reads := stat(t, client, "keyspace_hits")
	if err := client.Do(t.Context(), client.B().ClientKill().TypeNormal().SkipmeYes().Build()).Error(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the session is read again", func() bool {
		_, _ = sessions.Find(t.Context(), d)
		return stat(t, client, "keyspace_hits") > reads
	})
}

// TestAnInvalidationThatOvertakesItsReading: the reply and the notice of the
// change arrive together, so that the notice may be handled before the reply is
// cached.
func TestAnInvalidationThatOvertakesItsReading(t *testing.T) {
	addr := server.Redis(t)
	client, g := raw(t, addr), newGate(t, addr)
	one, other := connect(t, g.client(), redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	alive(t, one, core.Digest("none")) // the server has been asked for its role
	for i := range 100 {
		d := login(t, other, fmt.Sprint(i))
		reads := stat(t, client, "keyspace_hits")
		g.hold()
		var reading sync.WaitGroup
		reading.Go(func() { _, _ = one.Find(t.Context(), d) })
		eventually(t, "the server has answered", func() bool { return stat(t, client, "keyspace_hits") > reads })
		if err := other.Delete(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		g.release()
		reading.Wait()
		eventually(t, "the session has ended", func() bool { return !alive(t, one, d) })
	}
}

// TestAHungConnection: its node receives no notices, detects that in time, and
// uses nothing for more than 5 seconds.
func TestAHungConnection(t *testing.T) {
	t.Parallel()
	addr := server.Redis(t)
	g := newGate(t, addr)
	one, other := connect(t, g.client(), redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	d := login(t, one, "one")
	if !alive(t, one, d) {
		t.Fatal("not found")
	}
	g.hold()
	if err := other.Delete(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	ended, last := time.Now(), time.Duration(0)
	var err error
	for {
		if _, err = one.Find(t.Context(), d); err != nil {
			break
		}
		last = time.Since(ended)
	}
	t.Logf("the session was accepted for %v", last)
	if last > 5500*time.Millisecond {
		t.Error("that is more than 5.5 s")
	}
	if errors.Is(err, core.ErrNotFound) {
		t.Errorf("a node that cannot ask says %v", err)
	}
	begin := time.Now()
	if _, err := one.Find(t.Context(), d); err == nil || errors.Is(err, core.ErrNotFound) ||
		time.Since(begin) > 2*time.Second {
		t.Errorf("a lookup over a connection that hangs: %v after %v", err, time.Since(begin))
	}
	g.release()
	eventually(t, "the node has found out", func() bool {
		_, err := one.Find(t.Context(), d)
		return errors.Is(err, core.ErrNotFound)
	})
}

// TestEverythingFailsFast: over a connection that hangs every call soon reports
// an outage, and not a result.
func TestEverythingFailsFast(t *testing.T) {
	t.Parallel()
	addr, ctx := server.Redis(t), t.Context()
	g := newGate(t, addr)
	store := connect(t, g.client(), redisstore.Options{})
	d, later := login(t, store.Sessions(), "one"), time.Now().Add(time.Hour)
	g.hold()
	defer g.release()
	begin := time.Now()
	var all sync.WaitGroup
	for name, call := range map[string]func() error{
		"Create":    func() error { return store.Sessions().Create(ctx, core.Digest("two"), adas("two")) },
		"Find":      func() error { return second(store.Sessions().Find(ctx, d)) },
		"Touch":     func() error { return store.Sessions().Touch(ctx, d, later, later) },
		"Rotate":    func() error { return second(store.Sessions().Rotate(ctx, d, turn("", "one"))) },
		"Delete":    func() error { return store.Sessions().Delete(ctx, d) },
		"DeleteAll": func() error { return store.Sessions().DeleteAll(ctx, "ada", 2, d) },
		"List":      func() error { return second(store.Sessions().List(ctx, "ada")) },
		"Put":       func() error { return store.Tickets().Put(ctx, core.Ticket{Digest: d, Expires: later}, true) },
		"Consume":   func() error { return second(store.Tickets().Consume(ctx, "", d)) },
		"Burn":      func() error { return store.Tickets().Burn(ctx, "", d, later) },
		"Allow":     func() error { return second(store.Limiter().Allow(ctx, "", core.Limit{Events: 1, Window: time.Hour})) },
		"Refund":    func() error { return store.Limiter().Refund(ctx, "") },
		"Reset":     func() error { return store.Limiter().Reset(ctx, "") },
	} {
		all.Go(func() {
			if err := call(); !outage(err) {
				t.Errorf("%s: got %v, want an outage", name, err)
			}
			if took := time.Since(begin); took > 2500*time.Millisecond {
				t.Errorf("%s took %v", name, took)
			}
		})
	}
	all.Wait()
}

func second[T any](_ T, err error) error { return err }
