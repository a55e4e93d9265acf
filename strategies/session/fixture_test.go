package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

const day = 24 * time.Hour

var start = time.Date(2026, time.May, 4, 12, 30, 0, 250_000_999, time.UTC)

// spy counts the calls that reach the store, and can make it fail.
type spy struct {
	*memstore.Sessions
	finds, touches       int
	down, touchDown      error
	beforeTouch          func()
	lastSeen, lastExpiry time.Time
}

func (s *spy) Unwrap() any { return s.Sessions }

func (s *spy) Create(ctx context.Context, d [32]byte, one core.Session) error {
	if s.down != nil {
		return s.down
	}
	return s.Sessions.Create(ctx, d, one)
}

func (s *spy) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	s.finds++
	if s.down != nil {
		return core.Found{}, s.down
	}
	return s.Sessions.Find(ctx, d)
}

func (s *spy) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	s.touches++
	s.lastSeen, s.lastExpiry = seen, expires
	if s.beforeTouch != nil {
		s.beforeTouch()
	}
	if s.touchDown != nil {
		return s.touchDown
	}
	return s.Sessions.Touch(ctx, d, seen, expires)
}

func (s *spy) Delete(ctx context.Context, d [32]byte) error {
	if s.down != nil {
		return s.down
	}
	return s.Sessions.Delete(ctx, d)
}

func (s *spy) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if s.down != nil {
		return s.down
	}
	return s.Sessions.DeleteAll(ctx, userID, epoch, except)
}

// fixture is a strategy on a spied store, with one clock for both.
type fixture struct {
	*session.Strategy
	store *spy
	clock *testclock.Clock
}

func newFixture(t testing.TB, o session.Options) *fixture {
	t.Helper()
	f := &fixture{clock: testclock.New(start)}
	f.store = &spy{Sessions: memstore.NewSessions(f.clock.Now)}
	if o.Now == nil {
		o.Now = f.clock.Now
	}
	var err error
	if f.Strategy, err = session.New(f.store, o); err != nil {
		t.Fatal(err)
	}
	return f
}

func login(user string, epoch int64) core.Login {
	return core.Login{Session: core.Session{UserID: user, Backend: "web", Epoch: epoch, Label: "Firefox"}}
}

func (f *fixture) issue(t testing.TB) core.Token {
	t.Helper()
	token, err := f.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// wants fails unless Verify returns the wanted error.
func (f *fixture) wants(t testing.TB, token string, want error) core.Found {
	t.Helper()
	found, err := f.Verify(t.Context(), token)
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	return found
}
