package strategytest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

func renewing(f renewFaults) strategytest.Harness {
	return strategytest.Harness{
		New: func(now func() time.Time) core.Strategy { return newRenewer(now, f) },
		Unreachable: func(now func() time.Time) (core.Strategy, func()) {
			s := newRenewer(now, f)
			return s, func() { s.down = true }
		},
		Outage: func(now func() time.Time) (core.Strategy, func(bool)) {
			s := newRenewer(now, f)
			return s, func(down bool) { s.down = down }
		},
		Lifetime: lifetime, Session: sessionLife, Grace: grace, Revokes: true, Replays: 100,
		Foreign: []string{"a.b.c"},
	}
}

func TestGoodRenewerPasses(t *testing.T) { strategytest.Run(t, renewing(renewFaults{})) }

// brokenRenewers holds strategies that renew, each with the cases that must
// detect it.
var brokenRenewers = map[string]struct {
	renewFaults
	cases []string
}{
	"keeps the refresh token":     {renewFaults{keepsToken: true}, []string{"renew", "renew again"}},
	"begins a new session":        {renewFaults{newSession: true}, []string{"renew"}},
	"looking uses it up":          {renewFaults{peekUses: true}, []string{"renew"}},
	"each call has a successor":   {renewFaults{ownSuccessors: true}, []string{"renew concurrently", "renew again"}},
	"a lost answer is a replay":   {renewFaults{losesAnswers: true}, []string{"renew again", "renew concurrently"}},
	"replaces what is young":      {renewFaults{hurries: true}, []string{"renew again"}},
	"a replay is a renewal":       {renewFaults{replayWorks: true}, []string{"renew replayed"}},
	"a replay ends nothing":       {renewFaults{replaySpares: true}, []string{"renew replayed"}},
	"forgets the oldest":          {renewFaults{forgetsOldest: true}, []string{"renew replayed"}},
	"renews what was revoked":     {renewFaults{renewsRevoked: true}, []string{"renew ended", "renew replayed"}},
	"renews for ever":             {renewFaults{immortalSession: true}, []string{"renew until the end"}},
	"trims refresh tokens":        {renewFaults{anyShape: true}, []string{"renew malformed"}},
	"renews another's session":    {renewFaults{mixesUp: true}, []string{"renew mixed up"}},
	"a key gets a refresh token":  {renewFaults{takesAnyEpoch: true}, []string{"renew mixed up"}},
	"an outage ends the session":  {renewFaults{downIsInvalidToo: true}, []string{"renew unreachable store"}},
	"an outage uses the token up": {renewFaults{usesUpWhenDown: true}, []string{"renew unreachable store"}},
}

func TestBrokenRenewersFail(t *testing.T) {
	found := map[string]bool{}
	for name, tt := range brokenRenewers {
		t.Run(name, func(t *testing.T) {
			for _, c := range strategytest.Cases(renewing(tt.renewFaults)) {
				if !slices.Contains(tt.cases, c.Name) {
					continue
				}
				found[c.Name] = true
				if c.Check(renewing(tt.renewFaults)) == nil {
					t.Errorf("passes %q", c.Name)
				}
			}
		})
	}
	always := map[string]bool{}
	for _, c := range strategytest.Cases(harness(faults{})) {
		always[c.Name] = true
	}
	for _, c := range strategytest.Cases(renewing(renewFaults{})) {
		if !always[c.Name] && !found[c.Name] {
			t.Errorf("case %q is never seen to fail", c.Name)
		}
	}
}
