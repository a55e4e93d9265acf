package strategytest_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

const (
	lifetime = 10 * time.Hour
	idle     = 2 * time.Hour
)

var errDown = errors.New("connection refused")

// fake keeps every rule, unless one of its faults is set.
type fake struct {
	now    func() time.Time
	mu     sync.Mutex
	rows   map[string]*core.Session // by token
	floors map[string]int64
	down   bool
	issued int
	faults
}

type faults struct {
	losesEpoch, losesBackend, losesProofs, newerProofs, mixesUsers, idIsToken, localTime, aliases, noExpiry,
	counts, shortToken, sameID, foreignInvalid, ignoresCase, trims, trusts, downIsInvalid, downIsFoundNot, revokeHidesDown,
	asksForAnything, immortal, neverIdle, keepsRevoked, revokesUser, revokeTwiceFails, forgetsOne, revokesAllUsers,
	revokesNewer, sparesNobody, keepsOldEpoch, unknownSpares, noFloor, floorSinks, floorForAll bool
}

func newFake(now func() time.Time, f faults) *fake {
	return &fake{now: now, rows: map[string]*core.Session{}, floors: map[string]int64{}, faults: f}
}

func (f *fake) Issue(_ context.Context, login core.Login) (core.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := login.Session
	if floor, ok := f.floors[s.UserID]; ok && s.Epoch < floor && !f.noFloor || f.floorForAll && len(f.floors) > 0 && s.Epoch == 0 {
		return core.Token{}, core.ErrInvalid
	}
	f.issued++
	raw, d, err := core.NewSecret(rand.Reader)
	if err != nil {
		return core.Token{}, err
	}
	switch {
	case f.counts:
		raw = strings.Repeat("A", 33) + fmt.Sprintf("%010d", f.issued)
	case f.shortToken:
		raw = raw[:20] + strings.Repeat("A", 23)
	}
	s.ID = hex.EncodeToString(d[:])
	if f.idIsToken {
		s.ID = raw
	}
	if f.sameID {
		s.ID = "session"
	}
	if !f.aliases {
		s.Proofs = slices.Clone(s.Proofs)
	}
	for i := range s.Proofs {
		if f.newerProofs {
			s.Proofs[i].At = s.Proofs[i].At.Add(time.Second)
		}
	}
	s.Created, s.LastSeen, s.Expires = f.now(), f.now(), f.now().Add(lifetime)
	if f.localTime {
		s.Created = s.Created.In(time.FixedZone("CET", 3600))
	}
	if f.losesEpoch {
		s.Epoch = 0
	}
	if f.losesBackend {
		s.Backend = "web"
	}
	if f.losesProofs {
		s.Proofs = nil
	}
	f.rows[raw] = &s
	t := core.Token{Raw: raw, Expires: s.Expires}
	if f.noExpiry {
		t.Expires = time.Time{}
	}
	return t, nil
}

func (f *fake) Verify(_ context.Context, token string) (core.Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trims {
		token = strings.TrimSpace(token)
	}
	if f.down && f.asksForAnything {
		return core.Found{}, errDown
	}
	if len(token) != core.SecretLen && !f.foreignInvalid {
		return core.Found{}, core.ErrNoCredential
	}
	if f.down {
		return core.Found{}, f.outage()
	}
	s := f.rows[token]
	for raw, row := range f.rows {
		if f.ignoresCase && strings.EqualFold(raw, token) || f.trusts && len(token) == len(raw) && token[:42] == raw[:42] || f.mixesUsers && s != nil && row.UserID > s.UserID {
			s = row
		}
	}
	if s == nil {
		return core.Found{}, core.ErrInvalid
	}
	if !f.immortal && !f.now().Before(s.Expires) || !f.neverIdle && f.now().Sub(s.LastSeen) >= idle {
		return core.Found{}, core.ErrInvalid
	}
	touched := *s
	touched.LastSeen = f.now()
	if f.rows[token] != nil {
		f.rows[token] = &touched
	}
	return core.Found{Session: s}, nil
}

func (f *fake) outage() error {
	switch {
	case f.downIsInvalid:
		return core.ErrInvalid
	case f.downIsFoundNot:
		return core.ErrNotFound
	}
	return errDown
}

func (f *fake) Revoke(_ context.Context, s *core.Session) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down && !f.revokeHidesDown {
		return errDown
	}
	ended := false
	for raw, row := range f.rows {
		if (row.ID == s.ID || f.revokesUser && row.UserID == s.UserID) && !f.keepsRevoked {
			delete(f.rows, raw)
			ended = true
		}
	}
	if f.revokeTwiceFails && !ended {
		return core.ErrNotFound
	}
	return nil
}

func (f *fake) RevokeAll(_ context.Context, userID string, epoch int64, except string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if epoch > f.floors[userID] || f.floorSinks {
		f.floors[userID] = epoch
	}
	known := slices.ContainsFunc(mapValues(f.rows), func(s *core.Session) bool { return s.ID == except })
	for raw, row := range f.rows {
		switch {
		case row.UserID != userID && !f.revokesAllUsers:
		case row.Epoch >= epoch && !f.revokesNewer:
		case f.unknownSpares && except != "" && !known, f.forgetsOne && row.Epoch == epoch-1:
		case row.ID == except && !f.sparesNobody:
			kept := *row
			if !f.keepsOldEpoch {
				kept.Epoch = epoch
			}
			f.rows[raw] = &kept
		default:
			delete(f.rows, raw)
		}
	}
	return nil
}

func mapValues(rows map[string]*core.Session) (all []*core.Session) {
	for _, row := range rows {
		all = append(all, row)
	}
	return all
}

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

func TestBrokenStrategiesFail(t *testing.T) {
	for name, tt := range map[string]struct {
		faults
		rules []string
	}{
		"loses the epoch":             {faults{losesEpoch: true}, []string{"round trip", "revoke all"}},
		"loses the backend":           {faults{losesBackend: true}, []string{"round trip"}},
		"loses the proofs":            {faults{losesProofs: true}, []string{"round trip"}},
		"makes proofs younger":        {faults{newerProofs: true}, []string{"round trip"}},
		"mixes users":                 {faults{mixesUsers: true}, []string{"concurrent"}},
		"the ID is the token":         {faults{idIsToken: true}, []string{"filled in"}},
		"local time":                  {faults{localTime: true}, []string{"filled in"}},
		"the caller's slice":          {faults{aliases: true}, []string{"own copy"}},
		"no expiry for the cookie":    {faults{noExpiry: true}, []string{"filled in"}},
		"counts":                      {faults{counts: true}, []string{"unpredictable", "tampered"}},
		"120 bits":                    {faults{shortToken: true}, []string{"unpredictable"}},
		"one ID for all":              {faults{sameID: true}, []string{"unpredictable", "revoked at once"}},
		"other shapes are invalid":    {faults{foreignInvalid: true}, []string{"foreign shapes"}},
		"ignores letter case":         {faults{ignoresCase: true}, []string{"tampered"}},
		"trims":                       {faults{trims: true}, []string{"tampered"}},
		"ignores the last character":  {faults{trusts: true}, []string{"tampered"}},
		"an outage is a 401":          {faults{downIsInvalid: true}, []string{"could not ask"}},
		"an outage is not found":      {faults{downIsFoundNot: true}, []string{"could not ask"}},
		"revoke hides an outage":      {faults{revokeHidesDown: true}, []string{"could not ask"}},
		"asks about other shapes":     {faults{asksForAnything: true}, []string{"could not ask"}},
		"immortal":                    {faults{immortal: true}, []string{"absolute limit"}},
		"never idle":                  {faults{neverIdle: true}, []string{"idle limit"}},
		"revoke does nothing":         {faults{keepsRevoked: true}, []string{"revoked at once", "concurrent"}},
		"revoke ends the user":        {faults{revokesUser: true}, []string{"revoked at once", "revoke again"}},
		"revoking twice fails":        {faults{revokeTwiceFails: true}, []string{"revoke again"}},
		"revoke all forgets one":      {faults{forgetsOne: true}, []string{"revoke all"}},
		"revoke all ends everybody":   {faults{revokesAllUsers: true}, []string{"revoke all"}},
		"revoke all ends newer ones":  {faults{revokesNewer: true}, []string{"revoke all"}},
		"revoke all spares nobody":    {faults{sparesNobody: true}, []string{"revoke all but one"}},
		"the spared keeps its epoch":  {faults{keepsOldEpoch: true}, []string{"revoke all but one"}},
		"an unknown ID spares":        {faults{unknownSpares: true}, []string{"revoke all but one"}},
		"no floor":                    {faults{noFloor: true}, []string{"floor"}},
		"a floor that sinks":          {faults{floorSinks: true}, []string{"floor"}},
		"one user's floor is for all": {faults{floorForAll: true}, []string{"floor"}},
	} {
		t.Run(name, func(t *testing.T) {
			failed := map[string]bool{}
			for _, c := range strategytest.Cases(harness(tt.faults)) {
				failed[c.Name] = c.Check(harness(tt.faults)) != nil
			}
			for _, rule := range tt.rules {
				if !failed[rule] {
					t.Errorf("passes %q", rule)
				}
			}
		})
	}
}

func TestEveryCaseHasARuleAndABrokenStrategy(t *testing.T) {
	for _, c := range strategytest.Cases(harness(faults{})) {
		if c.Name == "" || !strings.HasSuffix(c.Rule, ".") {
			t.Errorf("case %q: rule %q", c.Name, c.Rule)
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
	for _, optional := range []string{"could not ask", "absolute limit", "idle limit", "revoked at once", "revoke all", "revoke all but one", "floor"} {
		if slices.Contains(least, optional) {
			t.Errorf("%q is asked of a strategy that does not offer it", optional)
		}
		if !slices.Contains(names(harness(faults{})), optional) {
			t.Errorf("%q is not asked of a strategy that offers it", optional)
		}
	}
}
