package refresh_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

func TestConformance(t *testing.T) {
	for name, o := range map[string]refresh.Options{
		"defaults":  {},
		"long":      {Prefix: "long-", Grace: time.Minute, Idle: 90 * day},
		"stateless": {Stateless: true},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(now func() time.Time) (*refresh.Strategy, *spy) {
				store, o, access := &spy{Sessions: memstore.NewSessions(now)}, o, jwt.Options{Now: now}
				if o.Stateless {
					access.Denied = denied{memstore.NewTickets(now), store}
				}
				o.Now = now
				s, err := refresh.New(store, newJWT(t, access), o)
				if err != nil {
					t.Fatal(err)
				}
				return s, store
			}
			h := strategytest.Harness{
				New: func(now func() time.Time) core.Strategy {
					s, _ := build(now)
					return s
				},
				Unreachable: func(now func() time.Time) (core.Strategy, func()) {
					s, store := build(now)
					return s, func() { store.down.Store(true) }
				},
				Outage: func(now func() time.Time) (core.Strategy, func(bool)) {
					s, store := build(now)
					return s, store.down.Store
				},
				Lifetime: access, Session: 90 * day, Grace: max(o.Grace, 10*time.Second), Revokes: true, ByEpoch: o.Stateless,
				Foreign: []string{strings.Repeat("A", 43), "lkr-" + strings.Repeat("A", 43), "lkr_" + strings.Repeat("A", 44)},
				Replays: 100,
			}
			strategytest.Run(t, h)
		})
	}
}

// denied is a deny list that cannot be reached when the sessions cannot.
type denied struct {
	*memstore.Tickets
	store *spy
}

func (d denied) Burn(ctx context.Context, purpose string, digest [32]byte, until time.Time) error {
	if err := d.store.reach(); err != nil {
		return err
	}
	return d.Tickets.Burn(ctx, purpose, digest, until)
}

func (d denied) Find(ctx context.Context, purpose string, digest [32]byte) (core.Ticket, error) {
	if err := d.store.reach(); err != nil {
		return core.Ticket{}, err
	}
	return d.Tickets.Find(ctx, purpose, digest)
}

func TestNewRefuses(t *testing.T) {
	good, store := newJWT(t, jwt.Options{}), memstore.NewSessions(nil)
	sessions, err := session.New(store, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	nested, err := refresh.New(store, good, refresh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		store  core.SessionStore
		access core.Strategy
		o      refresh.Options
		want   string
	}{
		"no store":            {nil, good, refresh.Options{}, "no store"},
		"no access strategy":  {store, nil, refresh.Options{}, "no access strategy"},
		"sessions below it":   {store, sessions, refresh.Options{}, "keeps what it issues itself"},
		"one in another":      {store, nested, refresh.Options{}, "keeps what it issues itself"},
		"a store that cannot": {plain{store}, good, refresh.Options{}, "core.Rotator"},
		"a limit it cannot":   {plain{store}, good, refresh.Options{MaxPerUser: 5}, "core.SessionTrimmer"},
		"short idle":          {store, good, refresh.Options{Idle: time.Second}, "Idle"},
		"short absolute":      {store, good, refresh.Options{Idle: day, Absolute: time.Hour}, "Absolute"},
		"no grace":            {store, good, refresh.Options{Grace: time.Millisecond}, "Grace"},
		"long grace":          {store, good, refresh.Options{Grace: time.Minute + 1}, "Grace"},
		"many sessions":       {store, good, refresh.Options{MaxPerUser: 1001}, "MaxPerUser"},
		"long prefix":         {store, good, refresh.Options{Prefix: strings.Repeat("a", 17)}, "Prefix"},
		"odd prefix":          {store, good, refresh.Options{Prefix: "a.b"}, "Prefix"},
	} {
		if _, err := refresh.New(tt.store, tt.access, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err = refresh.New(store, good, refresh.Options{
		Idle: time.Minute, Absolute: time.Minute, Grace: time.Minute, MaxPerUser: 1000, Prefix: strings.Repeat("_", 16),
	})
	if err != nil {
		t.Errorf("the last good options: %v", err)
	}
}

// plain is a store without optional interfaces.
type plain struct{ core.SessionStore }

// What the store and the access strategy can do beside the necessary is found.
func TestOptionalInterfaces(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	token := f.login(t)
	lister, ok := core.As[core.SessionLister](f.Strategy)
	if !ok {
		t.Fatal("no core.SessionLister")
	}
	listed, err := lister.List(t.Context(), "ada")
	found, verifyErr := f.Verify(t.Context(), token.Raw)
	if err != nil || verifyErr != nil || len(listed) != 1 || listed[0].ID != found.ID || listed[0].Label != "Phone" {
		t.Errorf("listed %+v, %v; verified %+v, %v", listed, err, found, verifyErr)
	}
	if err := f.Revoke(t.Context(), found.Session); err != nil { // on the deny list too
		t.Fatal(err)
	}
	f.login(t)
	f.now = f.now.Add(91 * day)
	if n, err := f.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("swept %d, %v; want a session and a denied JWT", n, err)
	}
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPublicKeys(t *testing.T) {
	ed, err := jwt.EdDSA("ed", ed25519.NewKeyFromSeed(key))
	if err != nil {
		t.Fatal(err)
	}
	inner, err := jwt.New(jwt.Options{Keys: []jwt.Key{ed}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := refresh.New(memstore.NewSessions(nil), inner, refresh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if keys := s.PublicKeys(); len(keys) != 1 || !strings.Contains(string(keys[0]), `"ed"`) {
		t.Errorf("got %s", keys)
	}
}

// S17, of refresh tokens.
func TestMaxPerUser(t *testing.T) {
	f := newFixture(t, refresh.Options{MaxPerUser: 2})
	var tokens []core.Token
	for range 4 {
		f.now = f.now.Add(time.Second)
		tokens = append(tokens, f.login(t))
	}
	for i, token := range tokens {
		want := error(nil)
		if i < 2 {
			want = core.ErrInvalid
		}
		f.wants(t, fmt.Sprint("login ", i), token.Refresh, want)
	}
}

func TestStateless(t *testing.T) {
	for _, stateless := range []bool{false, true} {
		f := newFixture(t, refresh.Options{Stateless: stateless})
		token := f.login(t)
		before := f.store.calls.Load()
		found, err := f.Verify(t.Context(), token.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if asked := f.store.calls.Load() != before; asked == stateless {
			t.Errorf("stateless %t: Verify asks the store: %t", stateless, asked)
		}
		if !found.Expires.Equal(start.Truncate(time.Second).Add(access)) {
			t.Errorf("stateless %t: the session of an access token expires at %v", stateless, found.Expires)
		}
		if err := f.RevokeAll(t.Context(), "ada", 1, found.ID); err != nil {
			t.Fatal(err)
		}
		again, err := f.Recheck(t.Context(), found.Session)
		if err != nil || again.Epoch != 1 {
			t.Errorf("stateless %t: rechecked after a new password: %+v, %v", stateless, again.Session, err)
		}
	}
}

// The operator hears of JWTs that a logout does not end, where that is so.
func TestExamine(t *testing.T) {
	for _, stateless := range []bool{false, true} {
		s, err := refresh.New(memstore.NewSessions(nil), newJWT(t, jwt.Options{}), refresh.Options{Stateless: stateless})
		if err != nil {
			t.Fatal(err)
		}
		if found := s.Examine(t.Context(), nil); (len(found) == 1) != stateless {
			t.Errorf("stateless %t: %+v", stateless, found)
		}
	}
}

type role struct {
	Role string `json:"role"`
}

// The application's claims are those of the user as they are now.
func TestExtraClaimsAnew(t *testing.T) {
	current, failing := "author", error(nil)
	f := &fixture{now: start}
	now := func() time.Time { return f.now }
	f.store = &spy{Sessions: memstore.NewSessions(now)}
	var err error
	f.Strategy, err = refresh.New(f.store, newJWT(t, jwt.Options{
		Now: now, Extra: jwt.Claims(func(context.Context, core.Login) (role, error) { return role{current}, failing }),
	}), refresh.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	token := f.login(t)
	current = "editor"
	f.now = f.now.Add(access)
	failing = errDown
	for range 2 { // for longer than the grace, and nothing is used up
		f.wants(t, "while the claims fail", token.Refresh, errDown)
		f.now = f.now.Add(time.Minute)
	}
	failing = nil
	token = f.mustRenew(t, token.Refresh)
	found, err := f.Verify(t.Context(), token.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if claims, ok := jwt.ClaimsFrom[role](found.Session); !ok || claims.Role != "editor" {
		t.Errorf("got %+v, want the role of now", claims)
	}
}

func TestIdle(t *testing.T) {
	f := newFixture(t, refresh.Options{Idle: day})
	busy, lazy := f.login(t), f.login(t)
	if !busy.RefreshExpires.Equal(start.Truncate(time.Microsecond).Add(day)) {
		t.Errorf("the cookie lives until %v", busy.RefreshExpires)
	}
	for range 3 {
		f.now = f.now.Add(day - time.Second)
		busy = f.mustRenew(t, busy.Refresh)
	}
	f.wants(t, "not renewed for longer than Idle", lazy.Refresh, core.ErrInvalid)
}

// A login that its client forgets with the browser ends earlier, however often
// it is renewed, and one that is remembered does not.
func TestBriefSessions(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	brief := login("ada")
	brief.Session.Brief = true
	token, err := f.Issue(t.Context(), brief)
	if err != nil {
		t.Fatal(err)
	}
	unused, err := f.Issue(t.Context(), brief)
	if err != nil {
		t.Fatal(err)
	}
	lasting := f.login(t)
	for ; f.now.Before(start.Add(day)); f.now = f.now.Add(119 * time.Minute) {
		token = f.mustRenew(t, token.Refresh)
	}
	if want := start.Add(day).Truncate(time.Microsecond); !token.RefreshExpires.Equal(want) {
		t.Errorf("the last token expires at %v, want %v", token.RefreshExpires, want)
	}
	f.now = start.Add(day)
	f.wants(t, "after a day", token.Refresh, core.ErrInvalid)
	f.wants(t, "unused", unused.Refresh, core.ErrInvalid)
	f.wants(t, "lasting", lasting.Refresh, nil)
}

// The limits are those of now, whatever a session was stored with, and a clock
// that ran ahead leaves no session that lives for years.
func TestLimitsOfNow(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	token := f.login(t)
	stricter, err := refresh.New(f.store, newJWT(t, jwt.Options{Now: f.clock}), refresh.Options{Idle: day, Now: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		at   time.Duration
		want error
	}{
		"before Idle": {day - time.Second, nil}, "after it": {day, core.ErrInvalid},
		"the clock was a day ahead": {-day, nil}, "more than a day": {-day - time.Second, core.ErrInvalid},
	} {
		f.now = start.Add(c.at)
		if _, err := stricter.Renewable(t.Context(), token.Refresh); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
}

func TestSecretsAreNowhereElse(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	first := f.login(t)
	second := f.mustRenew(t, first.Refresh)
	for _, shown := range []string{fmt.Sprintf("%+v", first), fmt.Sprintf("%+v", f.store.turns), fmt.Sprint(second)} {
		for _, token := range []core.Token{first, second} {
			if strings.Contains(shown, token.Refresh[4:47]) || strings.Contains(shown, token.Raw) {
				t.Errorf("%s shows a token", shown)
			}
		}
	}
	secret := second.Refresh[47:]
	turn := f.store.turns[0].Next
	if core.Digest(secret) != turn.Secret || slices.Contains([][32]byte{{}, turn.Secret}, turn.Sealed) {
		t.Errorf("the rotation is %+v", turn)
	}
}
