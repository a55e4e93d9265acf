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
	"time"

	"github.com/latchkey-go/latchkey/core"
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
	losesEpoch, losesBackend, losesProofs, widensScopes, losesActor, actsOn, newerProofs,
	mixesUsers, idIsToken, localTime, aliases, noExpiry, losesSession,
	counts, shortToken, sameID, foreignInvalid, ignoresCase, trims, trusts, downIsInvalid, downIsFoundNot, revokeHidesDown,
	asksForAnything, younger, immortal, neverIdle, keepsRevoked, revokesUser, revokeTwiceFails, forgetsOne,
	revokesAllUsers,
	revokesNewer, sparesNobody, keepsOldEpoch, unknownSpares, noFloor, floorSinks, floorForAll,
	ownID, outlives, revokesOne,
	recheckTrusts, recheckTouches, recheckHidesDown bool
}

func newFake(now func() time.Time, f faults) *fake {
	return &fake{now: now, rows: map[string]*core.Session{}, floors: map[string]int64{}, faults: f}
}

func (f *fake) Issue(_ context.Context, login core.Login) (core.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := login.Session
	below := s.Epoch < f.floors[s.UserID] && !f.noFloor
	if below || f.floorForAll && len(f.floors) > 0 && s.Epoch == 0 {
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
	shared := s.ID != "" && !f.ownID
	if !shared {
		s.ID = hex.EncodeToString(d[:])
	}
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
	if s.Created.IsZero() || f.younger {
		s.Created = f.now()
	}
	ends := s.Expires
	s.LastSeen, s.Expires = f.now(), s.Created.Add(lifetime)
	if shared {
		s.Expires = f.now().Add(lifetime)
		if ends.Before(s.Expires) && !f.outlives {
			s.Expires = ends
		}
	}
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
	if f.widensScopes {
		s.Scopes = append([]string(nil), s.Scopes...)
	}
	if s.Actor != "" && !f.actsOn {
		s.Expires = s.Created.Add(core.ActorLifetime)
	}
	if f.losesActor {
		s.Actor = ""
	}
	f.rows[raw] = &s
	t := core.Token{Raw: raw, SessionID: s.ID, Expires: s.Expires}
	if f.losesSession {
		t.SessionID = ""
	}
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
	s := f.row(token)
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

func (f *fake) Recheck(_ context.Context, s *core.Session) (core.Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recheckTrusts {
		return core.Found{Session: s}, nil
	}
	if f.down && !f.recheckHidesDown {
		return core.Found{}, errDown
	}
	for token, row := range f.rows {
		if row.ID != s.ID || f.now().Sub(row.LastSeen) >= idle || !f.now().Before(row.Expires) {
			continue
		}
		if f.recheckTouches {
			touched := *row
			touched.LastSeen = f.now()
			f.rows[token] = &touched
		}
		return core.Found{Session: row}, nil
	}
	return core.Found{}, core.ErrInvalid
}

func (f *fake) row(token string) *core.Session {
	found := f.rows[token]
	for raw, row := range f.rows {
		switch {
		case f.ignoresCase && strings.EqualFold(raw, token),
			f.trusts && len(token) == len(raw) && token[:42] == raw[:42],
			f.mixesUsers && found != nil && row.UserID > found.UserID:
			found = row
		}
	}
	return found
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
			if f.revokesOne {
				break
			}
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
