package refresh_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
)

const (
	day    = 24 * time.Hour
	access = 10 * time.Minute // lifetime of the access tokens
)

var start = time.Date(2026, time.May, 4, 12, 30, 0, 250_000_999, time.UTC)

// key is random, as far as anybody can tell.
var key = []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d" +
	"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38")

var errDown = errors.New("connection refused")

// spy is a store that can fail, and that remembers what was turned.
type spy struct {
	*memstore.Sessions
	down    atomic.Bool
	deletes error
	hangUp  func() // after a Rotate
	mu      sync.Mutex
	turns   []core.Turn
	calls   atomic.Int64
}

func (s *spy) Unwrap() any { return s.Sessions }

func (s *spy) reach() error {
	s.calls.Add(1)
	if s.down.Load() {
		return errDown
	}
	return nil
}

func (s *spy) Create(ctx context.Context, d [32]byte, one core.Session) error {
	if err := s.reach(); err != nil {
		return err
	}
	return s.Sessions.Create(ctx, d, one)
}

func (s *spy) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	if err := s.reach(); err != nil {
		return core.Found{}, err
	}
	return s.Sessions.Find(ctx, d)
}

func (s *spy) Delete(ctx context.Context, d [32]byte) error {
	if err := errors.Join(s.reach(), s.deletes); err != nil {
		return err
	}
	return s.Sessions.Delete(ctx, d)
}

func (s *spy) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if err := s.reach(); err != nil {
		return err
	}
	return s.Sessions.DeleteAll(ctx, userID, epoch, except)
}

func (s *spy) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	if err := s.reach(); err != nil {
		return core.Rotation{}, err
	}
	s.mu.Lock()
	s.turns = append(s.turns, t)
	s.mu.Unlock()
	if s.hangUp != nil {
		defer s.hangUp()
	}
	return s.Sessions.Rotate(ctx, d, t)
}

// fixture is a strategy over JWTs on a spied store, with one clock for all.
type fixture struct {
	*refresh.Strategy
	store  *spy
	denied *memstore.Tickets
	now    time.Time
}

func newFixture(t testing.TB, o refresh.Options) *fixture {
	t.Helper()
	f := &fixture{now: start}
	o.Now = f.clock
	f.store, f.denied = &spy{Sessions: memstore.NewSessions(o.Now)}, memstore.NewTickets(o.Now)
	var err error
	if f.Strategy, err = refresh.New(f.store, newJWT(t, jwt.Options{Now: o.Now, Denied: f.denied}), o); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) clock() time.Time { return f.now }

func newJWT(t testing.TB, o jwt.Options) *jwt.Strategy {
	t.Helper()
	signing, err := jwt.HS256("test", key)
	if err != nil {
		t.Fatal(err)
	}
	o.Keys, o.Lifetime = []jwt.Key{signing}, access
	s, err := jwt.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fixture) login(t testing.TB) core.Token {
	t.Helper()
	token, err := f.Issue(t.Context(), login("ada"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func login(user string) core.Login {
	return core.Login{
		User:    &core.User{ID: user, IsActive: true},
		Session: core.Session{UserID: user, Backend: "mobile", Label: "Phone"},
	}
}

// renew does what the gate does.
func (f *fixture) renew(ctx context.Context, token string) (core.Token, error) {
	found, err := f.Renewable(ctx, token)
	if err != nil {
		return core.Token{}, err
	}
	return f.Renew(ctx, token, core.Login{
		User: &core.User{ID: found.UserID, IsActive: true, TokenEpoch: found.Epoch}, Session: *found.Session,
	})
}

func (f *fixture) mustRenew(t testing.TB, token string) core.Token {
	t.Helper()
	next, err := f.renew(t.Context(), token)
	if err != nil {
		t.Fatalf("renew: %v", err)
	}
	return next
}

func (f *fixture) wants(t testing.TB, what, token string, want error) {
	t.Helper()
	if _, err := f.renew(t.Context(), token); !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}
