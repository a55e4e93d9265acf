package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// sessionStore is memstore's, except for what a test replaces.
type sessionStore struct {
	*memstore.Sessions
	create    func(ctx context.Context, d [32]byte, one core.Session) error
	find      func(ctx context.Context, d [32]byte) (core.Found, error)
	touch     func(ctx context.Context, d [32]byte, seen, expires time.Time) error
	delete    func(ctx context.Context, d [32]byte) error
	deleteAll func(ctx context.Context, userID string, epoch int64, except [32]byte) error
	list      func(ctx context.Context, userID string) ([]*core.Session, error)
	sweep     func(ctx context.Context) (int, error)
}

func (s *sessionStore) Create(ctx context.Context, d [32]byte, one core.Session) error {
	return s.create(ctx, d, one)
}
func (s *sessionStore) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	return s.find(ctx, d)
}
func (s *sessionStore) Delete(ctx context.Context, d [32]byte) error { return s.delete(ctx, d) }
func (s *sessionStore) List(ctx context.Context, userID string) ([]*core.Session, error) {
	return s.list(ctx, userID)
}
func (s *sessionStore) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx) }
func (s *sessionStore) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return s.touch(ctx, d, seen, expires)
}
func (s *sessionStore) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return s.deleteAll(ctx, userID, epoch, except)
}

// shared is what the fakes below learn of one another's calls.
type shared struct {
	sync.Mutex
	was map[[32]byte]core.Session
}

func TestBrokenSessions(t *testing.T) {
	for name, fake := range map[string]struct {
		breaks func(s *sessionStore, now func() time.Time)
		rules  []string
	}{
		"none": {func(*sessionStore, func() time.Time) {}, nil},
		"a label without emoji": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				one.Label = string(bytes.ReplaceAll([]byte(one.Label), []byte("📱"), []byte("?")))
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Find returns a session with every field"}},
		"addresses without their form": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				one.IP = one.IP.Unmap()
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Find returns a session with every field"}},
		"one proof": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				one.Proofs = one.Proofs[:min(1, len(one.Proofs))]
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Find returns a session with every field", "A label of 200 bytes"}},
		"no scopes are all scopes": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				one.Scopes = append([]string(nil), one.Scopes...)
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Find returns a session with every field"}},
		"actors are forgotten": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				one.ActorEpoch = 0
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Find returns a session with every field"}},
		"an upsert": {func(s *sessionStore, _ func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				_ = s.Sessions.Delete(ctx, d)
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"Create is ErrTaken", "Of any number of concurrent Creates"}},
		"digests as text": {func(s *sessionStore, _ func() time.Time) {
			lower := func(d [32]byte) [32]byte { return [32]byte(bytes.ToLower(bytes.ToValidUTF8(d[:], []byte("?")))[:32]) }
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				return s.Sessions.Create(ctx, lower(d), one)
			}
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) { return s.Sessions.Find(ctx, lower(d)) }
			s.delete = func(ctx context.Context, d [32]byte) error { return s.Sessions.Delete(ctx, lower(d)) }
		}, []string{"S13"}},
		"Delete of none is an error": {func(s *sessionStore, _ func() time.Time) {
			s.delete = func(ctx context.Context, d [32]byte) error {
				if _, err := s.Sessions.Find(ctx, d); err != nil {
					return err
				}
				return s.Sessions.Delete(ctx, d)
			}
		}, []string{"S02 a deleted session"}},
		"a cache that outlives Delete": {func(s *sessionStore, _ func() time.Time) {
			var cache sync.Map
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) {
				if found, there := cache.Load(d); there {
					return found.(core.Found), nil
				}
				found, err := s.Sessions.Find(ctx, d)
				if err == nil {
					cache.Store(d, found)
				}
				return found, err
			}
		}, []string{"A session is found until", "DeleteAll spares", "S02", "S04", "S20", "Touch moves", "Floors and epochs",
			"No Touch that races", "Rotator: Rotate moves", "Rotator: a rotation stays", "?T02", "T17"}},
		"an outage means absence": {func(s *sessionStore, _ func() time.Time) {
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) {
				found, err := s.Sessions.Find(ctx, d)
				if err != nil {
					err = core.ErrNotFound
				}
				return found, err
			}
		}, []string{"F01"}},
		"alive at Expires": {func(s *sessionStore, now func() time.Time) {
			later := memstore.NewSessions(func() time.Time { return now().Add(-time.Microsecond) })
			s.Sessions, s.create, s.find, s.touch = later, later.Create, later.Find, later.Touch
			s.delete, s.deleteAll, s.list, s.sweep = later.Delete, later.DeleteAll, later.List, later.Sweep
		}, []string{"A session is found until", "A session with a far end", "Touch never revives", "Touch may move",
			"DeleteAll revives neither", "SessionLister: List returns a user's", "Sweeper: Sweep deletes", "Rotator: Rotate never revives",
			"Rotator: Rotate may move"}},
		"Touch that only extends": {func(s *sessionStore, now func() time.Time) {
			s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
				found, err := s.Sessions.Find(ctx, d)
				if err == nil && expires.Before(found.Session.Expires) {
					expires = found.Session.Expires
				}
				return errors.Join(err, s.Sessions.Touch(ctx, d, seen, expires))
			}
		}, []string{"Touch may move"}},
		"Touch that writes back what it read": {func(s *sessionStore, _ func() time.Time) {
			cached := shared{was: map[[32]byte]core.Session{}}
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				err := s.Sessions.Create(ctx, d, one)
				cached.Lock()
				defer cached.Unlock()
				if err == nil {
					cached.was[d] = one
				}
				return err
			}
			s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
				cached.Lock()
				defer cached.Unlock()
				one, there := cached.was[d]
				if !there || ctx.Err() != nil {
					return errors.Join(core.ErrNotFound, ctx.Err())
				}
				_ = s.Sessions.Delete(ctx, d)
				one.LastSeen, one.Expires = seen, expires
				return s.Sessions.Create(ctx, d, one)
			}
		}, []string{"F01", "Touch never revives", "?S02 no Touch", "?S04 no Touch", "DeleteAll spares",
			"A session with a far end", "No Touch that races", "Rotator: a rotation stays"}},
		"a list with the oldest first": {func(s *sessionStore, _ func() time.Time) {
			s.list = func(ctx context.Context, userID string) ([]*core.Session, error) {
				all, err := s.Sessions.List(ctx, userID)
				slices.Reverse(all)
				return all, err
			}
		}, []string{"SessionLister: List returns a user's"}},
		"a list without labels": {func(s *sessionStore, _ func() time.Time) {
			s.list = func(ctx context.Context, userID string) ([]*core.Session, error) {
				all, err := s.Sessions.List(ctx, userID)
				for i, one := range all {
					bare := *one
					bare.Label = ""
					all[i] = &bare
				}
				return all, err
			}
		}, []string{"SessionLister: List returns whole"}},
		"a sweep that does not count": {func(s *sessionStore, _ func() time.Time) {
			s.sweep = func(ctx context.Context) (int, error) {
				_, err := s.Sessions.Sweep(ctx)
				return 0, err
			}
		}, []string{"Sweeper: Sweep deletes"}},
	} {
		t.Run(name, func(t *testing.T) { brokenSessions(t, storetest.SessionCases(), fake.breaks, fake.rules...) })
	}
}

func TestSessionsBrokenByHardValues(t *testing.T) {
	stores := func(edit func(one *core.Session, now time.Time)) func(s *sessionStore, now func() time.Time) {
		return func(s *sessionStore, now func() time.Time) {
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				edit(&one, now())
				return s.Sessions.Create(ctx, d, one)
			}
		}
	}
	for name, fake := range map[string]struct {
		breaks func(s *sessionStore, now func() time.Time)
		rules  []string
	}{
		"labels of at most 255 bytes": {stores(func(one *core.Session, _ time.Time) { one.Label = one.Label[:min(len(one.Label), 255)] }), []string{"G05"}},
		"labels of at most 100 bytes": {stores(func(one *core.Session, _ time.Time) { one.Label = one.Label[:min(len(one.Label), 100)] }), []string{"G05", "A label of 200"}},
		"broken names are altered":    {stores(func(one *core.Session, _ time.Time) { one.Backend = strings.ToValidUTF8(one.Backend, "\ufffd") }), []string{"G05"}},
		"ends of 31 bits": {stores(func(one *core.Session, _ time.Time) {
			if one.Expires.Unix() > math.MaxInt32 {
				one.Expires = time.Unix(math.MaxInt32, 0).UTC()
			}
		}), []string{"A session with a far end"}},
		"no end is no end": {stores(func(one *core.Session, now time.Time) {
			if one.Expires.IsZero() {
				one.Expires = now.Add(time.Hour)
			}
		}), []string{"A session with a far end"}},
		"IDs end with their NUL": {func(s *sessionStore, _ func() time.Time) {
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				return errors.Join(s.Sessions.DeleteAll(ctx, userID, epoch, except),
					s.Sessions.DeleteAll(ctx, userID+"\x00", epoch, except))
			}
		}, []string{"S20"}},
		"IDs are patterns": {func(s *sessionStore, _ func() time.Time) {
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				err := s.Sessions.DeleteAll(ctx, userID, epoch, except)
				if strings.Contains(userID, "*") {
					err = errors.Join(err, s.Sessions.DeleteAll(ctx, "annie", epoch, except))
				}
				return err
			}
		}, []string{"S20"}},
		"a list that is deaf to its context": {func(s *sessionStore, _ func() time.Time) {
			s.list = func(ctx context.Context, userID string) ([]*core.Session, error) {
				return s.Sessions.List(context.WithoutCancel(ctx), userID)
			}
		}, []string{"SessionLister: List returns whole"}},
		"a sweep that is deaf to its context": {func(s *sessionStore, _ func() time.Time) {
			s.sweep = func(ctx context.Context) (int, error) { return s.Sessions.Sweep(context.WithoutCancel(ctx)) }
		}, []string{"Sweeper: Sweep deletes"}},
	} {
		t.Run(name, func(t *testing.T) { brokenSessions(t, storetest.SessionCases(), fake.breaks, fake.rules...) })
	}
}

func brokenSessions(
	t *testing.T, cases []storetest.Case[storetest.Clocked[core.SessionStore]],
	breaks func(*sessionStore, func() time.Time), rules ...string,
) {
	t.Helper()
	broken(t, cases, func() storetest.Clocked[core.SessionStore] {
		c := storetest.NewClock()
		m := memstore.NewSessions(c.Now)
		s := &sessionStore{m, m.Create, m.Find, m.Touch, m.Delete, m.DeleteAll, m.List, m.Sweep}
		breaks(s, c.Now)
		return storetest.Clocked[core.SessionStore]{Store: s, Clock: c}
	}, rules...)
}
