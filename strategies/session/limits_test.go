package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func TestS02TouchNeverRevives(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	found := f.wants(t, token.Raw, nil)
	f.clock.Set(start.Add(time.Hour))
	t.Run("S02 revoked between Find and Touch", func(t *testing.T) {
		f.store.beforeTouch = func() {
			if err := f.Revoke(t.Context(), found.Session); err != nil {
				t.Error(err)
			}
		}
		f.wants(t, token.Raw, nil) // it was read before it was revoked
		if f.store.touches != 1 {
			t.Fatalf("%d touches: the case was not met", f.store.touches)
		}
		f.store.beforeTouch = nil
		f.wants(t, token.Raw, core.ErrInvalid)
	})
	t.Run("twin", func(t *testing.T) {
		token := f.issue(t)
		f.clock.Advance(time.Hour)
		f.wants(t, token.Raw, nil)
	})
}

func TestTouchIsCoarse(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	for range 1000 { // a request every second
		f.clock.Advance(time.Second)
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
		f.clock.Advance(time.Hour)
		f.wants(t, token.Raw, nil)
	})
}

func TestS08AbsoluteLimit(t *testing.T) {
	f := newFixture(t, session.Options{})
	token := f.issue(t)
	for ; f.clock.Now().Before(start.Add(30 * day)); f.clock.Advance(4 * time.Minute) {
		f.wants(t, token.Raw, nil)
	}
	f.clock.Set(start.Add(30 * day))
	f.wants(t, token.Raw, core.ErrInvalid)
	if last := start.Add(30 * day).Truncate(time.Microsecond); f.store.lastExpiry.After(last) {
		t.Errorf("S08: a touch moved the end to %v, beyond %v", f.store.lastExpiry, last)
	}
}

func TestF16ClockSteps(t *testing.T) {
	// The store's clock is right and stands still, so that only the
	// strategy's own decides.
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

func TestTheStricterLimitCounts(t *testing.T) {
	now := start
	store := memstore.NewSessions(func() time.Time { return start }) // it would accept everything
	with := func(o session.Options) *session.Strategy {
		o.Now = func() time.Time { return now }
		s, err := session.New(store, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	lax, strict := with(session.Options{}), with(session.Options{Idle: time.Hour, Absolute: day})
	for name, tt := range map[string]struct {
		issues, verifies *session.Strategy
		want             error
	}{
		"limits that became stricter end old sessions":   {lax, strict, core.ErrInvalid},
		"limits that became longer do not lengthen them": {strict, lax, core.ErrInvalid},
		"twin": {lax, lax, nil},
	} {
		t.Run(name, func(t *testing.T) {
			now = start
			token, err := tt.issues.Issue(t.Context(), login("ada", 0))
			if err != nil {
				t.Fatal(err)
			}
			now = start.Add(2 * time.Hour)
			if _, err := tt.verifies.Verify(t.Context(), token.Raw); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A login that its client forgets with the browser ends earlier, and one that
// is remembered does not.
func TestBriefSessions(t *testing.T) {
	issue := func(f *fixture, brief bool) core.Token {
		one := login("ada", 0)
		one.Session.Brief = brief
		token, err := f.Issue(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	f := newFixture(t, session.Options{})
	brief, lasting, unused := issue(f, true), issue(f, false), issue(f, true)
	if want := start.Add(day).Truncate(time.Microsecond); !brief.Expires.Equal(want) {
		t.Errorf("the token expires at %v, want %v", brief.Expires, want)
	}
	for ; f.clock.Now().Before(start.Add(day)); f.clock.Advance(90 * time.Minute) {
		if found := f.wants(t, brief.Raw, nil); found.Session == nil || !found.Brief {
			t.Fatalf("after %v: %+v", f.clock.Now().Sub(start), found.Session)
		}
	}
	f.clock.Set(start.Add(day))
	f.wants(t, brief.Raw, core.ErrInvalid)
	f.wants(t, unused.Raw, core.ErrInvalid)
	f.wants(t, lasting.Raw, nil)

	f = newFixture(t, session.Options{BriefIdle: time.Hour, BriefAbsolute: 3 * time.Hour})
	idle := issue(f, true)
	f.clock.Set(start.Add(time.Hour - time.Second))
	f.wants(t, idle.Raw, nil)
	f.clock.Advance(time.Hour + time.Second)
	f.wants(t, idle.Raw, core.ErrInvalid)
}

// A floor matters for as long as a session lives.
func TestFloorsLiveAsLongAsSessions(t *testing.T) {
	f := newFixture(t, session.Options{Absolute: 60 * day})
	if _, err := session.New(f.store, session.Options{}); err != nil { // the longest counts
		t.Fatal(err)
	}
	if err := f.RevokeAll(t.Context(), "ada", 5, ""); err != nil {
		t.Fatal(err)
	}
	late := func() error {
		if _, err := f.store.Sessions.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := f.Issue(t.Context(), login("ada", 4))
		return err
	}
	f.clock.Set(start.Add(61*day - 1))
	if err := late(); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("before: got %v, want core.ErrInvalid", err)
	}
	f.clock.Set(start.Add(61 * day))
	if err := late(); err != nil {
		t.Errorf("a day after the last session of that time: %v", err)
	}
}
