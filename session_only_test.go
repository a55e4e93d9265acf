package latchkey_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// countedEpochs counts how often it is queried.
type countedEpochs struct {
	core.EpochStore
	asked atomic.Int64
}

func (c *countedEpochs) Epoch(ctx context.Context, userID string) (int64, error) {
	c.asked.Add(1)
	return c.EpochStore.Epoch(ctx, userID)
}

func TestEpochAge(t *testing.T) {
	clock := testclock.New(time.Now())
	epochs := &countedEpochs{}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Epochs, o.EpochTTL, o.Now = epochs, 5*time.Second, clock.Now
	})
	epochs.EpochStore = a.users
	ada := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	for range 10 {
		a.want("GET", "/session-only", token, "", 200, "session")
	}
	if n := epochs.asked.Load(); n != 1 {
		t.Errorf("the epoch was asked for %d times, want once", n)
	}
	// An own change is known at once: the session that made it goes on with
	// the new epoch.
	a.want("PATCH", "/users/me", token, `{"password": "another good one", "current_password": "`+password+`"}`, 200, ada)
	a.want("GET", "/session-only", token, "", 200, "session")
	// One that another process makes is known in time.
	a.edit(ada, func(m *Member) { m.TokenEpoch++ })
	clock.Advance(5*time.Second - 1)
	a.want("GET", "/session-only", token, "", 200, "session")
	clock.Advance(1)
	a.want("GET", "/session-only", token, "", 401, "Unauthorized")
}

// TestWhatIsKeptRefusesNobody: where another process has raised the epoch, a
// login since then works here at once, and so is the session that outlived
// it, although this process still has the epoch and the session of before.
func TestWhatIsKeptRefusesNobody(t *testing.T) {
	store := memstore.NewSessions(nil)
	sessions, err := session.New(store, session.Options{LocalCacheTTL: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Backends[0].Strategy, o.EpochTTL = sessions, 5*time.Second
	})
	ada := a.register("ada@example.org").member("id")
	outlives, ends := a.login("ada@example.org", password).member("token"),
		a.login("ada@example.org", password).member("token")
	for _, token := range []string{outlives, ends} {
		a.want("GET", "/session-only", token, "", 200, "session")
		a.want("GET", "/users/me", token, "", 200, ada)
	}
	a.edit(ada, func(m *Member) { m.TokenEpoch++ })
	if err := store.DeleteAll(t.Context(), ada, 1, core.Digest(outlives)); err != nil {
		t.Fatal(err)
	}
	a.want("GET", "/session-only", a.login("ada@example.org", password).member("token"), "", 200, "session")
	a.want("GET", "/users/me", outlives, "", 200, ada)
	a.want("GET", "/users/me", ends, "", 401, "Unauthorized")
}

// withUser is a session store that reads the user along.
type withUser struct {
	*memstore.Sessions
	users *memstore.Users[Member]
}

func (s *withUser) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	found, err := s.Sessions.Find(ctx, d)
	if err == nil {
		found.User, err = s.users.Find(ctx, core.ByID(found.UserID))
	}
	return found, err
}

// A user who was read along is judged under SessionOnly too, at no further
// question, and not handed out.
func TestSessionOnlyWithTheUserAtHand(t *testing.T) {
	store, epochs := &withUser{Sessions: memstore.NewSessions(nil)}, &countedEpochs{}
	sessions, err := session.New(store, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Backends[0].Strategy, o.Epochs = sessions, epochs
	})
	store.users, epochs.EpochStore = a.users, a.users
	ada := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	a.want("GET", "/session-only", token, "", 200, "session")
	a.edit(ada, func(m *Member) { m.IsActive = false })
	a.want("GET", "/session-only", token, "", 401, "Unauthorized")
	a.edit(ada, func(m *Member) { m.IsActive = true; m.TokenEpoch++ })
	a.want("GET", "/session-only", token, "", 401, "Unauthorized")
	if n := epochs.asked.Load(); n != 0 {
		t.Errorf("the epoch was asked for %d times", n)
	}
}
