package session_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

const day = 24 * time.Hour

var start = time.Date(2026, time.May, 4, 12, 30, 0, 250_000_999, time.UTC)

// spy counts what reaches the store, and can make it fail.
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

// fixture is a strategy on a spied store and one clock for both.
type fixture struct {
	*session.Strategy
	store *spy
	now   time.Time
}

func newFixture(t testing.TB, o session.Options) *fixture {
	t.Helper()
	f := &fixture{now: start}
	clock := func() time.Time { return f.now }
	f.store = &spy{Sessions: memstore.NewSessions(clock)}
	if o.Now == nil {
		o.Now = clock
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

// wants fails unless Verify's answer is the one wanted.
func (f *fixture) wants(t testing.TB, token string, want error) core.Found {
	t.Helper()
	found, err := f.Verify(t.Context(), token)
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	return found
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]session.Options{
		"defaults": {},
		"prefix":   {Prefix: "lk_"},
	} {
		t.Run(name, func(t *testing.T) {
			spied := func(now func() time.Time) (*session.Strategy, *spy) {
				store, o := &spy{Sessions: memstore.NewSessions(now)}, o
				o.Now = now
				s, err := session.New(store, o)
				if err != nil {
					t.Fatal(err)
				}
				return s, store
			}
			strategytest.Run(t, strategytest.Harness{
				New: func(now func() time.Time) core.Strategy {
					s, err := session.New(memstore.NewSessions(now), session.Options{Prefix: o.Prefix, Now: now})
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
				Unreachable: func(now func() time.Time) (core.Strategy, func()) {
					s, store := spied(now)
					return s, func() { store.down = errors.New("connection refused") }
				},
				Lifetime: 30 * day,
				Idle:     7 * day,
				Revokes:  true,
				Foreign:  []string{"eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "lk-" + strings.Repeat("A", 43), strings.Repeat("A", 42), strings.Repeat("A", 44)},
			})
		})
	}
}

func TestIssueFillsTheSession(t *testing.T) {
	f := newFixture(t, session.Options{Prefix: "lk_"})
	token := f.issue(t)
	now := start.Truncate(time.Microsecond)
	found := f.wants(t, token.Raw, nil)
	digest := core.Digest(strings.TrimPrefix(token.Raw, "lk_"))
	want := core.Session{
		ID: hex.EncodeToString(digest[:]), UserID: "ada", Backend: "web", Label: "Firefox",
		Created: now, LastSeen: now, Expires: now.Add(7 * day),
	}
	if got, want := fmt.Sprintf("%+v", *found.Session), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if !token.Expires.Equal(now.Add(30 * day)) {
		t.Errorf("the cookie lives until %v", token.Expires)
	}
}

func TestFoundUserPassesThrough(t *testing.T) {
	user := &core.User{ID: "ada"}
	store := joined{memstore.NewSessions(nil), user}
	s, err := session.New(store, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Verify(t.Context(), token.Raw); err != nil || found.User != core.AnyUser(user) {
		t.Errorf("got %v, %v", found.User, err)
	}
}

// joined reads the user in the same query.
type joined struct {
	*memstore.Sessions
	user core.AnyUser
}

func (s joined) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	found, err := s.Sessions.Find(ctx, d)
	found.User = s.user
	return found, err
}

func TestS01Fixation(t *testing.T) {
	f := newFixture(t, session.Options{})
	chosen := strings.Repeat("A", core.SecretLen)
	f.wants(t, chosen, core.ErrInvalid)
	if token := f.issue(t); token.Raw == chosen {
		t.Error("S01: the attacker's value became a session")
	}
	f.wants(t, chosen, core.ErrInvalid)
}

func TestS02TouchNeverRevives(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	found := f.wants(t, token.Raw, nil)
	f.now = start.Add(time.Hour)
	t.Run("S02 revoked between Find and Touch", func(t *testing.T) {
		f.store.beforeTouch = func() {
			if err := f.Revoke(t.Context(), found.Session); err != nil {
				t.Error(err)
			}
		}
		f.wants(t, token.Raw, core.ErrInvalid)
		if f.store.touches != 1 {
			t.Fatalf("%d touches: the case was not met", f.store.touches)
		}
		f.store.beforeTouch = nil
		f.wants(t, token.Raw, core.ErrInvalid)
	})
	t.Run("twin", func(t *testing.T) {
		token := f.issue(t)
		f.now = f.now.Add(time.Hour)
		f.wants(t, token.Raw, nil)
	})
}

func TestTouchIsCoarse(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	for range 1000 { // a request a second
		f.now = f.now.Add(time.Second)
		f.wants(t, token.Raw, nil)
	}
	if f.store.touches != 3 {
		t.Errorf("%d touches in 1000 s, want one every 5 minutes", f.store.touches)
	}
	now := start.Add(900 * time.Second).Truncate(time.Microsecond)
	if !f.store.lastSeen.Equal(now) || !f.store.lastExpiry.Equal(now.Add(7*day)) {
		t.Errorf("last touch: seen %v, expires %v", f.store.lastSeen, f.store.lastExpiry)
	}
	t.Run("a store that cannot write does not fail the request", func(t *testing.T) {
		f.store.touchDown = errors.New("read-only replica")
		f.now = f.now.Add(time.Hour)
		f.wants(t, token.Raw, nil)
	})
}

func TestS08AbsoluteLimit(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	for ; f.now.Before(start.Add(30 * day)); f.now = f.now.Add(4 * time.Minute) {
		f.wants(t, token.Raw, nil)
	}
	f.now = start.Add(30 * day)
	f.wants(t, token.Raw, core.ErrInvalid)
	if last := start.Add(30 * day).Truncate(time.Microsecond); f.store.lastExpiry.After(last) {
		t.Errorf("S08: a touch moved the end to %v, beyond %v", f.store.lastExpiry, last)
	}
}

func TestS14DatabaseDump(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	found := f.wants(t, token.Raw, nil)
	digest := core.Digest(token.Raw)
	f.wants(t, found.ID, core.ErrNoCredential)
	f.wants(t, base64.RawURLEncoding.EncodeToString(digest[:]), core.ErrInvalid)
	f.wants(t, string(digest[:]), core.ErrNoCredential)
	f.wants(t, token.Raw, nil) // the twin
}

func TestF16ClockSteps(t *testing.T) {
	// The store's clock is right and stands still, so that only the strategy's own judges.
	own := start
	f := newFixture(t, session.Options{Now: func() time.Time { return own }})
	at := func(d time.Duration) { own = start.Add(d) }
	token := f.issue(t)
	t.Run("F16 an hour back", func(t *testing.T) {
		at(-time.Hour)
		f.wants(t, token.Raw, nil)
		if f.store.touches != 0 {
			t.Error("LastSeen was moved back")
		}
	})
	t.Run("F16 an hour forward and back again", func(t *testing.T) {
		at(time.Hour)
		f.wants(t, token.Raw, nil)
		at(0)
		f.wants(t, token.Raw, nil)
	})
	t.Run("F16 own clock ends what the store still has", func(t *testing.T) {
		at(8 * day)
		f.wants(t, token.Raw, core.ErrInvalid)
		at(31 * day)
		f.wants(t, token.Raw, core.ErrInvalid)
	})
	t.Run("F16 made under a clock that ran ahead", func(t *testing.T) {
		at(365 * day)
		ahead := f.issue(t)
		f.wants(t, ahead.Raw, nil)
		at(0)
		f.wants(t, ahead.Raw, core.ErrInvalid)
	})
	at(0)
	f.wants(t, token.Raw, nil)
}

func TestStricterLimitsCountAtOnce(t *testing.T) {
	store := memstore.NewSessions(func() time.Time { return start })
	now := start
	clock := func() time.Time { return now }
	lax, err := session.New(store, session.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	strict, err := session.New(store, session.Options{Idle: time.Hour, Absolute: day, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	token, err := lax.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	now = start.Add(2 * time.Hour)
	if _, err := strict.Verify(t.Context(), token.Raw); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if _, err := lax.Verify(t.Context(), token.Raw); err != nil {
		t.Errorf("twin: %v", err)
	}
}

func TestOtherShapesCostNoQuestion(t *testing.T) {
	f := newFixture(t, session.Options{Prefix: "lk_"})
	token := f.issue(t).Raw
	secret := strings.TrimPrefix(token, "lk_")
	for _, other := range []string{
		"", secret, "LK_" + secret, "lk_" + token, token + "A", token[:len(token)-1],
		"lk_" + secret[:42] + "=", "lk_" + secret[:42] + "\n", "lk_" + secret[:42] + "/", "lk_" + secret[:42] + "+",
		"lk_" + secret[:42] + "B", // J10: unused bits
	} {
		f.wants(t, other, core.ErrNoCredential)
	}
	if f.store.finds != 0 {
		t.Errorf("the store was asked %d times", f.store.finds)
	}
	f.wants(t, token, nil)
}

func TestOptionalInterfaces(t *testing.T) {
	f := newFixture(t, session.Options{})
	f.issue(t)
	lister, ok := core.As[core.SessionLister](f.Strategy)
	if !ok {
		t.Fatal("no SessionLister")
	}
	if all, err := lister.List(t.Context(), "ada"); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
	if _, ok := core.As[core.Sweeper](f.Strategy); !ok {
		t.Error("no Sweeper")
	}
}

func TestStoreErrors(t *testing.T) {
	f := newFixture(t, session.Options{})
	f.store.down = errors.New("connection refused")
	_, issueErr := f.Issue(t.Context(), login("ada", 0))
	revokeAllErr := f.RevokeAll(t.Context(), "ada", 1, "")
	for what, err := range map[string]error{"issue": issueErr, "revoke all": revokeAllErr} {
		if !errors.Is(err, f.store.down) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	t.Run("no randomness", func(t *testing.T) {
		f := newFixture(t, session.Options{Random: strings.NewReader("short")})
		if _, err := f.Issue(t.Context(), login("ada", 0)); err == nil {
			t.Error("issued")
		}
	})
}

func TestNewRefuses(t *testing.T) {
	store := memstore.NewSessions(nil)
	for name, o := range map[string]session.Options{
		"idle negative":          {Idle: -time.Hour},
		"idle too short":         {Idle: time.Second},
		"absolute negative":      {Absolute: -time.Hour},
		"idle beyond absolute":   {Idle: 2 * day, Absolute: day},
		"touch negative":         {TouchEvery: -time.Second},
		"touch on every request": {TouchEvery: time.Nanosecond},
		"touch after idle":       {Idle: time.Hour, TouchEvery: time.Hour},
		"prefix too long":        {Prefix: strings.Repeat("p", 17)},
		"prefix with a space":    {Prefix: "a b"},
		"prefix not ASCII":       {Prefix: "é"},
	} {
		if _, err := session.New(store, o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := session.New(nil, session.Options{Idle: -1}); err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("want every problem, got %v", err)
	}
	for name, o := range map[string]session.Options{
		"a minute":       {Idle: time.Minute, Absolute: time.Minute},
		"short absolute": {Absolute: day},
		"prefix":         {Prefix: "latchkey_Sess-01"},
	} {
		if _, err := session.New(store, o); err != nil {
			t.Errorf("twin %s: %v", name, err)
		}
	}
}
