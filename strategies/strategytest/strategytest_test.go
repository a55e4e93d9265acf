package strategytest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

func harness(f faults) strategytest.Harness {
	return strategytest.Harness{
		New: func(now func() time.Time) core.Strategy { return newFake(now, f) },
		Unreachable: func(now func() time.Time) (core.Strategy, func()) {
			s := newFake(now, f)
			return s, func() { s.down = true }
		},
		Lifetime: lifetime, Idle: idle, Revokes: true, Replays: 100,
		Foreign: []string{"a.b.c"},
	}
}

func TestGoodStrategyPasses(t *testing.T) { strategytest.Run(t, harness(faults{})) }

// broken holds strategies, each with the cases that must detect it.
var broken = map[string]struct {
	faults
	cases []string
}{
	"loses the epoch":              {faults{losesEpoch: true}, []string{"round trip", "revoke all"}},
	"loses the backend":            {faults{losesBackend: true}, []string{"round trip"}},
	"loses the proofs":             {faults{losesProofs: true}, []string{"round trip"}},
	"no scopes are all scopes":     {faults{widensScopes: true}, []string{"round trip"}},
	"loses the actor":              {faults{losesActor: true}, []string{"round trip"}},
	"an actor acts on":             {faults{actsOn: true}, []string{"an actor's end"}},
	"makes proofs younger":         {faults{newerProofs: true}, []string{"round trip"}},
	"each token has its own ID":    {faults{ownID: true}, []string{"several tokens"}},
	"a token outlives its session": {faults{outlives: true}, []string{"several tokens"}},
	"revokes one of the tokens":    {faults{revokesOne: true}, []string{"several tokens"}},
	"mixes users":                  {faults{mixesUsers: true}, []string{"concurrent"}},
	"the ID is the token":          {faults{idIsToken: true}, []string{"filled in"}},
	"a token without its session":  {faults{losesSession: true}, []string{"filled in"}},
	"local time":                   {faults{localTime: true}, []string{"filled in"}},
	"the caller's slice":           {faults{aliases: true}, []string{"own copy"}},
	"no expiry for the cookie":     {faults{noExpiry: true}, []string{"filled in"}},
	"counts":                       {faults{counts: true}, []string{"unpredictable", "tampered"}},
	"120 bits":                     {faults{shortToken: true}, []string{"unpredictable"}},
	"one ID for all":               {faults{sameID: true}, []string{"unpredictable", "revoked at once"}},
	"other shapes are invalid":     {faults{foreignInvalid: true}, []string{"foreign shapes"}},
	"ignores letter case":          {faults{ignoresCase: true}, []string{"tampered"}},
	"trims":                        {faults{trims: true}, []string{"tampered"}},
	"ignores the last character":   {faults{trusts: true}, []string{"tampered"}},
	"an outage is a 401":           {faults{downIsInvalid: true}, []string{"unreachable store"}},
	"an outage is not found":       {faults{downIsFoundNot: true}, []string{"unreachable store"}},
	"revoke hides an outage":       {faults{revokeHidesDown: true}, []string{"unreachable store"}},
	"asks about other shapes":      {faults{asksForAnything: true}, []string{"unreachable store"}},
	"immortal":                     {faults{immortal: true}, []string{"absolute limit"}},
	"a step-up begins anew":        {faults{younger: true}, []string{"step-up"}},
	"never idle":                   {faults{neverIdle: true}, []string{"idle limit"}},
	"revoke does nothing":          {faults{keepsRevoked: true}, []string{"revoked at once", "concurrent"}},
	"revoke ends the user":         {faults{revokesUser: true}, []string{"revoked at once", "revoke again"}},
	"revoking twice fails":         {faults{revokeTwiceFails: true}, []string{"revoke again"}},
	"revoke all forgets one":       {faults{forgetsOne: true}, []string{"revoke all"}},
	"revoke all ends everybody":    {faults{revokesAllUsers: true}, []string{"revoke all"}},
	"revoke all ends newer ones":   {faults{revokesNewer: true}, []string{"revoke all"}},
	"revoke all spares nobody":     {faults{sparesNobody: true}, []string{"revoke all but one"}},
	"the spared keeps its epoch":   {faults{keepsOldEpoch: true}, []string{"revoke all but one"}},
	"an unknown ID spares":         {faults{unknownSpares: true}, []string{"revoke all but one"}},
	"no floor":                     {faults{noFloor: true}, []string{"floor"}},
	"a floor that sinks":           {faults{floorSinks: true}, []string{"floor"}},
	"one user's floor is for all":  {faults{floorForAll: true}, []string{"floor"}},
	"recheck believes":             {faults{recheckTrusts: true}, []string{"recheck", "recheck of the revoked", "recheck after revoke all", "recheck unreachable store"}},
	"recheck is a use":             {faults{recheckTouches: true}, []string{"recheck is no activity"}},
	"recheck hides an outage":      {faults{recheckHidesDown: true}, []string{"recheck unreachable store"}},
}

func TestBrokenStrategiesFail(t *testing.T) {
	for name, tt := range broken {
		t.Run(name, func(t *testing.T) {
			failed := map[string]bool{}
			for _, c := range strategytest.Cases(harness(tt.faults)) {
				failed[c.Name] = c.Check(harness(tt.faults)) != nil
			}
			for _, c := range tt.cases {
				if !failed[c] {
					t.Errorf("passes %q", c)
				}
			}
		})
	}
}

func TestEveryCaseFindsSomething(t *testing.T) {
	found := map[string]bool{}
	for _, b := range broken {
		for _, c := range b.cases {
			found[c] = true
		}
	}
	for _, c := range strategytest.Cases(harness(faults{})) {
		if !found[c.Name] || !strings.HasSuffix(c.Rule, ".") {
			t.Errorf("case %q is never seen to fail, or has no rule: %q", c.Name, c.Rule)
		}
	}
}

func TestCasesFollowTheHarness(t *testing.T) {
	names := func(h strategytest.Harness) (all []string) {
		for _, c := range strategytest.Cases(h) {
			all = append(all, c.Name)
		}
		return all
	}
	plain := struct{ core.Strategy }{}
	least := names(strategytest.Harness{New: func(func() time.Time) core.Strategy { return plain }})
	for _, optional := range []string{"unreachable store", "absolute limit", "idle limit", "step-up", "revoked at once",
		"revoke all",
		"revoke all but one", "floor",
		"recheck", "recheck is no activity", "recheck of the revoked", "recheck after revoke all", "recheck unreachable store",
	} {
		if slices.Contains(least, optional) {
			t.Errorf("%q is demanded of a strategy that does not offer it", optional)
		}
		if !slices.Contains(names(harness(faults{})), optional) {
			t.Errorf("%q is not asked of a strategy that offers it", optional)
		}
	}
}
