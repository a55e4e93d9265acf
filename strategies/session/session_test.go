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
				Foreign: []string{"eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "lk-" + strings.Repeat("A", 43), strings.Repeat("A", 42),
					strings.Repeat("A", 44)},
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
		"brief idle too short":   {BriefIdle: time.Second},
		"brief idle too long":    {Idle: time.Hour, BriefIdle: 2 * time.Hour},
		"brief too long":         {Absolute: day, BriefAbsolute: 2 * day},
		"brief within its idle":  {BriefIdle: 2 * time.Hour, BriefAbsolute: time.Hour},
		"touch after brief idle": {BriefIdle: time.Hour, TouchEvery: 50 * time.Minute},
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

func TestRecheck(t *testing.T) {
	f := newFixture(t, session.Options{})
	found := f.wants(t, f.issue(t).Raw, nil)
	f.clock.Set(start.Add(time.Hour)) // old enough for a touch
	if again, err := f.Recheck(t.Context(), found.Session); err != nil || again.ID != found.ID || f.store.touches > 0 {
		t.Errorf("got %v, %v, %d touches", again, err, f.store.touches)
	}
	for _, foreign := range []string{"", "not-of-this-strategy", strings.Repeat("00", 32)} {
		if _, err := f.Recheck(t.Context(), &core.Session{ID: foreign}); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("ID %q: %v", foreign, err)
		}
	}
	f.store.down = errors.New("connection refused")
	if _, err := f.Recheck(t.Context(), found.Session); !errors.Is(err, f.store.down) {
		t.Errorf("without the store: %v", err)
	}
}

// The limits may have become stricter since the session was stored: the current
// ones apply.
func TestRecheckJudgesByTodaysLimits(t *testing.T) {
	f := newFixture(t, session.Options{})
	found := f.wants(t, f.issue(t).Raw, nil)
	strict, err := session.New(f.store, session.Options{Idle: time.Minute, Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]error{59 * time.Second: nil, time.Minute: core.ErrInvalid} {
		f.clock.Set(start.Add(after))
		if _, err := strict.Recheck(t.Context(), found.Session); !errors.Is(err, want) {
			t.Errorf("after %v: %v, want %v", after, err, want)
		}
	}
}
