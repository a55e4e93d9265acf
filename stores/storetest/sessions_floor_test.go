package storetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// mistakes holds what a DeleteAll may get wrong.
type mistakes struct {
	noFloor, falls, sweptAway, strict, floats bool // of the floor
	noEpoch, lowers, sparesNobody, everybody  bool // of the spared session
	keepsOne, othersToo, revives              bool // of the others
}

// floored does what DeleteAll must do, apart from its mistakes, on a store
// whose own floors are not used.
type floored struct {
	mistakes
	*memstore.Sessions
	now    func() time.Time
	mu     sync.Mutex
	all    map[[32]byte]core.Session
	floors map[string]int64
}

func (s *floored) Create(ctx context.Context, d [32]byte, one core.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if floor, there := s.floors[one.UserID]; there && (s.less(one.Epoch, floor) || s.strict && one.Epoch == floor) {
		return core.ErrInvalid
	}
	err := s.Sessions.Create(ctx, d, one)
	if err == nil {
		s.all[d] = one
	}
	return err
}

func (s *floored) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	s.mu.Lock() // DeleteAll takes two steps to raise an epoch
	defer s.mu.Unlock()
	return s.Sessions.Touch(ctx, d, seen, expires)
}

func (s *floored) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Sessions.Rotate(ctx, d, t)
}

func (s *floored) less(a, b int64) bool {
	if s.floats {
		return float64(a) < float64(b)
	}
	return a < b
}

func (s *floored) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if floor, there := s.floors[userID]; !s.noFloor && (s.falls || !there || s.less(floor, epoch)) {
		s.floors[userID] = epoch
	}
	for d, one := range s.all {
		found, gone := s.Find(ctx, d)
		if gone == nil {
			one = *found.Session
		}
		rotation, _ := s.Sessions.Rotate(ctx, d, core.Turn{From: core.Digest("none")})
		spared := d == except && !s.sparesNobody && except != [32]byte{}
		if one.UserID != userID && !s.othersToo && !(s.everybody && spared) {
			continue
		}
		if gone != nil && !(spared && s.revives) {
			continue
		}
		if !s.less(one.Epoch, epoch) && !(spared && s.lowers) {
			continue
		}
		if s.keepsOne && one.Epoch == epoch-1 {
			continue
		}
		_ = s.Sessions.Delete(ctx, d)
		if spared {
			if !s.noEpoch {
				one.Epoch = epoch
			}
			if s.revives {
				one.Expires = s.now().Add(time.Hour)
			}
			s.all[d] = one
			_ = s.Sessions.Create(ctx, d, one)
			_, _ = s.Sessions.Rotate(ctx, d, core.Turn{Next: rotation, Seen: one.LastSeen, Expires: one.Expires})
		}
	}
	return nil
}

func (s *floored) Sweep(ctx context.Context) (int, error) {
	if s.sweptAway {
		clear(s.floors)
	}
	return s.Sessions.Sweep(ctx)
}

func TestBrokenFloors(t *testing.T) {
	for name, fake := range map[string]struct {
		mistakes
		rules []string
	}{
		"none":                            {mistakes{}, nil},
		"no floor":                        {mistakes{noFloor: true}, []string{"S07 DeleteAll writes a floor", "?S07 of the Creates", "A floor only rises", "Sweeper: Sweep keeps", "Floors and epochs", "Of concurrent DeleteAlls", "Rotator: Rotate never revives"}},
		"a floor that falls":              {mistakes{falls: true}, []string{"A floor only rises", "?Of concurrent DeleteAlls"}},
		"a floor that is swept away":      {mistakes{sweptAway: true}, []string{"Sweeper: Sweep keeps"}},
		"no login at the floor":           {mistakes{strict: true}, []string{"S07 DeleteAll writes a floor", "?S07 of the Creates", "A floor only rises", "S04 no Touch that races", "S02 what a Find", "Floors and epochs", "Of concurrent DeleteAlls", "Rotator: a session made", "S04 no Rotate that races"}},
		"the spared keeps its epoch":      {mistakes{noEpoch: true}, []string{"DeleteAll spares", "No Touch that races", "Rotator: a rotation stays", "T17"}},
		"the spared one's epoch falls":    {mistakes{lowers: true}, []string{"DeleteAll does not lower"}},
		"nobody is spared":                {mistakes{sparesNobody: true}, []string{"DeleteAll spares", "SessionLister: List returns a user's", "No Touch that races", "Rotator: a rotation stays", "S02 Rotator", "T17"}},
		"the spared may be another's":     {mistakes{everybody: true}, []string{"DeleteAll for one user"}},
		"the epoch before is kept":        {mistakes{keepsOne: true}, []string{"S04", "DeleteAll spares", "SessionLister: List returns a user's", "?S07 of the Creates", "S20", "Floors and epochs", "S02 what a Find", "No Touch that races", "Rotator: a rotation stays", "S02 Rotator", "Rotator: a session made", "T17"}},
		"everybody is logged out":         {mistakes{othersToo: true}, []string{"S04 DeleteAll deletes", "DeleteAll for one user", "S20"}},
		"floors are floats":               {mistakes{floats: true}, []string{"Floors and epochs"}},
		"the spared comes back from dead": {mistakes{revives: true}, []string{"DeleteAll revives"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.SessionCases(), func() storetest.Clocked[core.SessionStore] {
				c := storetest.NewClock()
				return storetest.Clocked[core.SessionStore]{Clock: c, Store: &floored{
					mistakes: fake.mistakes, Sessions: memstore.NewSessions(c.Now), now: c.Now,
					all: map[[32]byte]core.Session{}, floors: map[string]int64{},
				}}
			}, fake.rules...)
		})
	}
}

// A Touch that writes into what Find returned is a data race in every other
// case, so this rule is tested alone.
func TestTouchInPlace(t *testing.T) {
	words := "A session that Find returned"
	brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
		s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
			found, err := s.Sessions.Find(ctx, d)
			if err == nil {
				found.Session.LastSeen, found.Session.Expires = seen, expires
			}
			return err
		}
	}, words)
}
