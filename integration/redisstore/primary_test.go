package redisstore_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// replicate makes a server the replica of an address, or a primary for "".
func replicate(t testing.TB, client rueidis.Client, primary string) {
	t.Helper()
	host, port := "NO", "ONE"
	if primary != "" {
		host, port, _ = net.SplitHostPort(primary)
	}
	n, err := strconv.ParseInt(port, 10, 64)
	command := client.B().Arbitrary("REPLICAOF", "NO", "ONE").Build()
	if err == nil {
		command = client.B().Replicaof().Host(host).Port(n).Build()
	}
	if err := client.Do(t.Context(), command).Error(); err != nil {
		t.Fatal(err)
	}
}

// nobody is the address of a primary that does not respond, so that its replica
// keeps what it has.
const nobody = "127.0.0.1:1"

// A failover by DNS or a virtual IP: the address leads to another server, and
// the old connection lives on.
func TestFailOver(t *testing.T) {
	t.Parallel()
	first, second := server.StartRedis(t).URL(), server.StartRedis(t).URL()
	g, admin := newGate(t, first), raw(t, first)
	store := connect(t, g.client(), redisstore.Options{})
	d := login(t, store.Sessions(), "one")
	if !alive(t, store.Sessions(), d) {
		t.Fatal("not found")
	}
	g.lead(second)
	replicate(t, admin, nobody)
	demoted := time.Now()
	t.Run("F28 a demoted server is left, and nothing of it is believed (field F15)", func(t *testing.T) {
		last := demoted
		for {
			_, err := store.Sessions().Find(t.Context(), d)
			if errors.Is(err, core.ErrNotFound) {
				break // the new one confirms it
			}
			if err == nil {
				last = time.Now()
			}
			if time.Since(demoted) > 8*time.Second {
				t.Fatalf("8 s later the new server was not found: %v", err)
			}
			time.Sleep(time.Millisecond)
		}
		t.Logf("the demoted server was believed for %v, the new one is asked after %v", last.Sub(demoted),
			time.Since(demoted))
		if last.Sub(demoted) > 5*time.Second {
			t.Error("that is more than 5 s")
		}
	})
	t.Run("F28 twin: the new server is used as the old one was", func(t *testing.T) {
		d := login(t, store.Sessions(), "two")
		if !alive(t, store.Sessions(), d) {
			t.Error("a new session is not found")
		}
		client := raw(t, second)
		if n := commands(t, client, func() { alive(t, store.Sessions(), d) }); n > 2 {
			t.Errorf("%d commands for a session that is known", n)
		}
	})
}

// The address keeps leading to a replica.
func TestReplica(t *testing.T) {
	t.Parallel()
	addr := server.StartRedis(t).URL()
	admin := raw(t, addr)
	store := open(t, addr, redisstore.Options{})
	d := login(t, store.Sessions(), "one")
	if !alive(t, store.Sessions(), d) {
		t.Fatal("not found")
	}
	replicate(t, admin, nobody)
	t.Run("F28 READONLY ends the connection, and what was read over it is forgotten at once", func(t *testing.T) {
		if err := store.Sessions().Create(t.Context(), core.Digest("two"), adas("two")); !outage(err) {
			t.Fatalf("Create on a replica: got %v, want an outage", err)
		}
		if _, err := store.Sessions().Find(t.Context(), d); !outage(err) {
			t.Errorf("Find of a session that was known: got %v, want an outage", err)
		}
	})
	t.Run("F28 a secret is not replaced on a replica", func(t *testing.T) {
		if got, err := store.Sessions().Rotate(t.Context(), d, turn("", "one")); !outage(err) || got != (core.Rotation{}) {
			t.Errorf("got %+v, %v, want an outage", got, err)
		}
	})
	t.Run("F28 a server that stays a replica is not stormed", func(t *testing.T) {
		before, begin := stat(t, admin, "total_connections_received"), time.Now()
		for time.Since(begin) < 3*time.Second {
			if _, err := store.Sessions().Find(t.Context(), d); !outage(err) {
				t.Fatalf("Find: got %v, want an outage", err)
			}
			if err := store.Tickets().Burn(t.Context(), "state", d, time.Now().Add(time.Hour)); !outage(err) {
				t.Fatalf("Burn: got %v, want an outage", err)
			}
			time.Sleep(time.Millisecond)
		}
		if n := stat(t, admin, "total_connections_received") - before; n > 4 {
			t.Errorf("%d connections in 3 s, want one a second", n)
		}
	})
	t.Run("F28 twin: when it is a primary again, everything is as before", func(t *testing.T) {
		replicate(t, admin, "")
		eventually(t, "the session is found", func() bool {
			_, err := store.Sessions().Find(context.Background(), d)
			return err == nil
		})
		login(t, store.Sessions(), "three")
		rotates(t, store.Sessions(), d, turn("", "one"))
	})
	t.Run("F28 twin: a primary stays connected", func(t *testing.T) {
		before := stat(t, admin, "total_connections_received")
		for begin := time.Now(); time.Since(begin) < 9*time.Second; time.Sleep(50 * time.Millisecond) {
			if !alive(t, store.Sessions(), d) {
				t.Fatal("not found")
			}
		}
		if n := stat(t, admin, "total_connections_received") - before; n != 0 {
			t.Errorf("%d new connections to a primary in 9 s, want none", n)
		}
	})
}

// F07: replication is asynchronous, so a promoted replica may not know the
// latest revocations. What was revoked by raising the epoch, which is in the
// users' database, stays revoked all the same.
func TestPromotedReplica(t *testing.T) {
	t.Parallel()
	first, second := server.StartRedis(t, "--repl-diskless-sync-delay", "0"), server.StartRedis(t)
	g, admin := newGate(t, first.URL()), raw(t, second.URL())
	a := appOver(t, connect(t, g.client(), redisstore.Options{}))
	replicate(t, admin, first.URL())
	out, err := a.issue(t)
	kept, err2 := a.issue(t)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the replica has both sessions", func() bool { return len(keys(t, admin, "*session:*")) >= 2 })
	replicate(t, admin, nobody) // from now on it receives nothing
	if err := a.revoke(t, out); err != nil {
		t.Fatal(err)
	}
	g.lead(second.URL())
	replicate(t, admin, "")
	first.Stop()
	eventually(t, "the promoted replica is asked", func() bool { return a.hello(t, kept).status == http.StatusOK })
	t.Run("F07 a logout that was not replicated is lost", func(t *testing.T) { // and the README says so
		if got := a.hello(t, out); got.status != http.StatusOK {
			t.Errorf("answered with %d, so the documents are wrong", got.status)
		}
	})
	t.Run("F07 what the user's epoch ended stays ended", func(t *testing.T) {
		if err := a.raiseEpoch(t); err != nil { // whose revocations never reach this server
			t.Fatal(err)
		}
		for _, token := range []string{out, kept} {
			if got := a.hello(t, token); got.status != http.StatusUnauthorized {
				t.Errorf("answered with %d, want 401", got.status)
			}
		}
	})
	t.Run("F07 twin: a login after it lives", func(t *testing.T) {
		token, err := a.issue(t)
		if err != nil || a.hello(t, token).status != http.StatusOK {
			t.Errorf("a new session is refused: %v", err)
		}
	})
}
