package strategytest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

// standing is the fake as a strategy of API keys: no login issues one.
type standing struct {
	*fake
	standingFaults
	made int
}

type standingFaults struct{ isNone, issues, mixes, proves, manyBackends bool }

func (s *standing) Standing() bool { return !s.isNone }

func (s *standing) Issue(ctx context.Context, login core.Login) (core.Token, error) {
	if s.issues {
		return s.fake.Issue(ctx, login)
	}
	return core.Token{}, errors.New("keys are not issued by logins")
}

func makeOne(of core.Strategy, userID string) (core.Token, error) {
	s := of.(*standing)
	session := core.Session{UserID: userID, Backend: "keys", Scopes: []string{"read"}}
	s.fake.mu.Lock()
	s.made++
	if s.manyBackends && s.made%2 == 0 {
		session.Backend = "web"
	}
	s.fake.mu.Unlock()
	if s.mixes {
		session.UserID = "eve"
	}
	if s.proves {
		session.Proofs = []core.Proof{{Method: "password", At: s.now()}}
	}
	return s.fake.Issue(context.Background(), core.Login{Session: session})
}

func standingHarness(f standingFaults) strategytest.Harness {
	h := strategytest.Harness{Lifetime: lifetime, Idle: idle, Revokes: true, Replays: 100, Make: makeOne}
	h.New = func(now func() time.Time) core.Strategy {
		return &standing{fake: newFake(now, faults{}), standingFaults: f}
	}
	h.Unreachable = func(now func() time.Time) (core.Strategy, func()) {
		s := &standing{fake: newFake(now, faults{}), standingFaults: f}
		return s, func() { s.down = true }
	}
	return h
}

func TestStandingStrategy(t *testing.T) {
	h := standingHarness(standingFaults{})
	for _, c := range strategytest.Cases(h) {
		switch c.Name { // its epochs are no logins'
		case "revoke all", "revoke all but one", "floor", "recheck after revoke all":
			continue
		}
		if err := c.Check(h); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestBrokenStandingStrategiesFail(t *testing.T) {
	for name, tt := range map[string]struct {
		standingFaults
		fails string
	}{
		"it does not say that it is one": {standingFaults{isNone: true}, "standing"},
		"a login issues one":             {standingFaults{issues: true}, "standing"},
		"another user's":                 {standingFaults{mixes: true}, "standing tokens"},
		"with a proof":                   {standingFaults{proves: true}, "standing tokens"},
		"of several backends":            {standingFaults{manyBackends: true}, "standing tokens"},
	} {
		h := standingHarness(tt.standingFaults)
		for _, c := range strategytest.Cases(h) {
			if c.Name == tt.fails && c.Check(h) == nil {
				t.Errorf("%s: passes %q", name, c.Name)
			}
		}
	}
}
