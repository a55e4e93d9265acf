package redisstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func strategy(t testing.TB, store core.SessionStore) *session.Strategy {
	t.Helper()
	s, err := session.New(store, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// issued returns the token of a session of ada's.
func issued(t testing.TB, s *session.Strategy) string {
	t.Helper()
	token, err := s.Issue(t.Context(), core.Login{Session: adas("")})
	if err != nil {
		t.Fatal(err)
	}
	return token.Raw
}

func refused(t testing.TB, s *session.Strategy, token string) bool {
	t.Helper()
	_, err := s.Verify(t.Context(), token)
	if err != nil && !errors.Is(err, core.ErrInvalid) {
		t.Error(err)
	}
	return err != nil
}

// The strategy looks into the store's memory itself, which is filled and
// emptied as before.
func TestAStrategyKnowsWhatItsStoreKnows(t *testing.T) {
	addr := server.Redis(t)
	here, there := strategy(t, open(t, addr, redisstore.Options{}).Sessions()),
		strategy(t, open(t, addr, redisstore.Options{}).Sessions())
	token := issued(t, there)
	found, err := here.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { refused(t, here, token) }); n != 0 {
		t.Errorf("%v allocations for a session that is known, want none", n)
	}
	if err := there.Revoke(t.Context(), found.Session); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a session that ended on another node is refused", func() bool { return refused(t, here, token) })

	token = issued(t, here)
	if refused(t, here, token) {
		t.Error("a new session is refused")
	}
	if err := here.RevokeAll(t.Context(), "ada", 2, ""); err != nil {
		t.Fatal(err)
	}
	if !refused(t, here, token) {
		t.Error("a session that this node has ended is accepted")
	}
}

// A floor matters for as long as a session lives.
func TestFloorsLiveAsLongAsSessions(t *testing.T) {
	addr := server.Redis(t)
	client, store := raw(t, addr), open(t, addr, redisstore.Options{}).Sessions()
	left := func() time.Duration {
		answer := redisDo(t, client, "PTTL", keys(t, client, "*floor:*")[0])
		n, _ := answer.AsInt64()
		return (time.Duration(n) * time.Millisecond).Round(time.Minute)
	}
	const day = 24 * time.Hour
	if err := store.DeleteAll(t.Context(), "ada", 2, [32]byte{}); err != nil || left() != 400*day {
		t.Errorf("without a strategy a floor stays for %v, %v", left(), err)
	}
	s := strategy(t, store)
	if err := s.RevokeAll(t.Context(), "ada", 1, ""); err != nil || left() != 31*day {
		t.Errorf("with sessions of 30 days a floor stays for %v, %v", left(), err)
	}
	t.Run("one of an earlier release gets an end when it is met", func(t *testing.T) {
		redisDo(t, client, "PERSIST", keys(t, client, "*floor:*")[0])
		if err := store.Create(t.Context(), core.Digest("late"), adas("late")); !errors.Is(err, core.ErrInvalid) ||
			left() != 400*day {
			t.Errorf("it stays for %v; a login below it: %v", left(), err)
		}
	})
}

// The store drops what it revokes, so the strategy must not drop other users'
// entries.
func TestARevocationLeavesOtherUsersKnown(t *testing.T) {
	addr := server.Redis(t)
	client, s := raw(t, addr), strategy(t, open(t, addr, redisstore.Options{}).Sessions())
	graces := adas("")
	graces.UserID = "grace"
	token, err := s.Issue(t.Context(), core.Login{Session: graces})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, s, token.Raw) // now it is cached
	if err := s.RevokeAll(t.Context(), "ada", 2, ""); err != nil {
		t.Fatal(err)
	}
	reads := stat(t, client, "keyspace_hits")
	if refused(t, s, token.Raw) {
		t.Error("grace's session is refused")
	}
	if n := stat(t, client, "keyspace_hits") - reads; n != 0 {
		t.Errorf("grace's session was read %d times, want none", n)
	}
}

// decorated is an application's own store that wraps one of redisstore's.
type decorated struct {
	*redisstore.Sessions
	finds int
}

func (d *decorated) Find(ctx context.Context, digest [32]byte) (core.Found, error) {
	d.finds++
	return d.Sessions.Find(ctx, digest)
}

func TestADecoratedStoreIsAskedEachTime(t *testing.T) {
	store := &decorated{Sessions: open(t, server.Redis(t), redisstore.Options{}).Sessions()}
	s := strategy(t, store)
	token := issued(t, s)
	for range 5 {
		if refused(t, s, token) {
			t.Fatal("the session is refused")
		}
	}
	if store.finds != 5 {
		t.Errorf("the application's Find was called %d times for 5 requests", store.finds)
	}
}
