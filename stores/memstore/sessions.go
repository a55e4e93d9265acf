package memstore

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/floors"
)

// Sessions is a core.SessionStore, a core.SessionLister, a core.SessionTrimmer,
// a core.Rotator and a core.Sweeper. It keeps Session.Extra too. After a user's
// sessions were revoked all at once, the user's floor is kept for the longest
// life of a session and one day: see core.FloorKeeper.
type Sessions struct {
	floors   floors.Life
	clock    clock
	mu       sync.RWMutex
	byDigest map[[32]byte]*core.Session // never changed, only replaced: Find returns them
	byUser   index[string, [32]byte]
	rotated  map[[32]byte]core.Rotation // of the sessions that have one
	low      map[string]floor           // by user
}

// floor is the epoch below which no session of a user may be created.
type floor struct {
	epoch int64
	ends  time.Time
}

// listMax is how many sessions List returns at most.
const listMax = 1000

var (
	_ core.SessionLister  = (*Sessions)(nil)
	_ core.SessionTrimmer = (*Sessions)(nil)
	_ core.FloorKeeper    = (*Sessions)(nil)
	_ core.Rotator        = (*Sessions)(nil)
)

// NewSessions returns an empty store. If now is nil, it uses time.Now.
func NewSessions(now func() time.Time) *Sessions {
	return &Sessions{
		clock: newClock(now), byDigest: map[[32]byte]*core.Session{}, byUser: index[string, [32]byte]{},
		rotated: map[[32]byte]core.Rotation{}, low: map[string]floor{},
	}
}

// KeepFloors sets how long floors are kept; see core.FloorKeeper.
func (s *Sessions) KeepFloors(d time.Duration) { s.floors.KeepFloors(d) }

// Create implements core.SessionStore.
func (s *Sessions) Create(ctx context.Context, d [32]byte, one core.Session) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.clock.now(); s.clock.due(now) {
		s.sweep(now)
	}
	if s.byDigest[d] != nil {
		return core.ErrTaken
	}
	if floor, ok := s.low[one.UserID]; ok && one.Epoch < floor.epoch {
		return core.ErrInvalid
	}
	one.Proofs, one.Scopes = slices.Clone(one.Proofs), slices.Clone(one.Scopes)
	s.byDigest[d] = &one
	s.byUser.add(one.UserID, d)
	return nil
}

// Find implements core.SessionStore.
func (s *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	if err := ctx.Err(); err != nil {
		return core.Found{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.living(d)
	if one == nil {
		return core.Found{}, core.ErrNotFound
	}
	return core.Found{Session: one}, nil
}

// Touch implements core.SessionStore.
func (s *Sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.living(d)
	if one == nil {
		return core.ErrNotFound
	}
	touched := *one
	touched.LastSeen, touched.Expires = seen, expires
	s.byDigest[d] = &touched
	return nil
}

// Delete implements core.SessionStore.
func (s *Sessions) Delete(ctx context.Context, d [32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(d)
	return nil
}

// DeleteAll implements core.SessionStore.
func (s *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lowest := epoch
	if known, ok := s.low[userID]; ok {
		lowest = max(lowest, known.epoch)
	}
	s.low[userID] = floor{lowest, s.clock.now().Add(s.floors.Length())}
	for d := range s.byUser[userID] {
		one := s.byDigest[d]
		switch {
		case one.Epoch >= epoch:
		case d == except && except != [32]byte{} && s.living(d) != nil:
			kept := *one
			kept.Epoch = epoch
			s.byDigest[d] = &kept
		default:
			s.remove(d)
		}
	}
	return nil
}

// List implements core.SessionLister.
func (s *Sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*core.Session
	for _, d := range s.newest(userID, [32]byte{}, func(*core.Session) bool { return true }) {
		all = append(all, s.byDigest[d])
	}
	return all[:min(len(all), listMax)], nil
}

// Trim implements core.SessionTrimmer.
func (s *Sessions) Trim(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (ended [][32]byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byUser[userID]) <= keep {
		return nil, nil
	}
	all := s.newest(userID, named, func(one *core.Session) bool { return one.Backend == backend })
	ended = all[min(max(keep, 0), len(all)):]
	for _, d := range ended {
		s.remove(d)
	}
	return ended, nil
}

// newest returns the digests of a user's live sessions, newest first. Among
// sessions of the same moment the named one comes first.
func (s *Sessions) newest(userID string, named [32]byte, which func(*core.Session) bool) (all [][32]byte) {
	for d := range s.byUser[userID] {
		if one := s.living(d); one != nil && which(one) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b [32]byte) int {
		return cmp.Or(s.byDigest[b].Created.Compare(s.byDigest[a].Created), rank(a, named)-rank(b, named),
			bytes.Compare(a[:], b[:]))
	})
	return all
}

func rank(d, named [32]byte) int {
	if d == named {
		return 0
	}
	return 1
}

// Rotate implements core.Rotator.
func (s *Sessions) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	if err := ctx.Err(); err != nil {
		return core.Rotation{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.living(d)
	if one == nil {
		return core.Rotation{}, core.ErrNotFound
	}
	now := s.rotated[d]
	if now.Secret != t.From || now.At.After(t.Before) {
		return now, nil
	}
	turned := *one
	turned.LastSeen, turned.Expires = t.Seen, t.Expires
	s.byDigest[d], s.rotated[d] = &turned, t.Next
	return t.Next, nil
}

// Sweep implements core.Sweeper.
func (s *Sessions) Sweep(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweep(s.clock.now()), nil
}

func (s *Sessions) sweep(now time.Time) int {
	before := len(s.byDigest)
	for d, one := range s.byDigest {
		if !now.Before(one.Expires) {
			s.remove(d)
		}
	}
	maps.DeleteFunc(s.low, func(_ string, f floor) bool { return !now.Before(f.ends) })
	return before - len(s.byDigest)
}

// living returns the session of d, or nil if there is none or it has expired.
func (s *Sessions) living(d [32]byte) *core.Session {
	one := s.byDigest[d]
	if one == nil || !s.clock.now().Before(one.Expires) {
		return nil
	}
	return one
}

func (s *Sessions) remove(d [32]byte) {
	if one := s.byDigest[d]; one != nil {
		s.byUser.remove(one.UserID, d)
		delete(s.byDigest, d)
		delete(s.rotated, d)
	}
}
