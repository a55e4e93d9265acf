package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// rotating is memstore's, except for what a test replaces.
type rotating struct {
	*memstore.Sessions
	rotate    func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error)
	touch     func(ctx context.Context, d [32]byte, seen, expires time.Time) error
	delete    func(ctx context.Context, d [32]byte) error
	deleteAll func(ctx context.Context, userID string, epoch int64, except [32]byte) error
}

func (s *rotating) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	return s.rotate(ctx, d, t)
}

func (s *rotating) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return s.touch(ctx, d, seen, expires)
}
func (s *rotating) Delete(ctx context.Context, d [32]byte) error { return s.delete(ctx, d) }
func (s *rotating) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return s.deleteAll(ctx, userID, epoch, except)
}

// present returns the session's rotation, and nothing else happens.
func (s *rotating) present(ctx context.Context, d [32]byte) (core.Rotation, error) {
	return s.Sessions.Rotate(ctx, d, core.Turn{From: core.Digest("nobody's")})
}

// again makes the session anew, without a rotation.
func (s *rotating) again(ctx context.Context, d [32]byte) {
	if found, err := s.Find(ctx, d); err == nil {
		_ = s.Sessions.Delete(ctx, d)
		_ = s.Sessions.Create(ctx, d, *found.Session)
	}
}

func brokenRotations(
	t *testing.T, cases []storetest.Case[storetest.Clocked[core.SessionStore]], breaks func(s *rotating, now func() time.Time),
	rules ...string,
) {
	t.Helper()
	broken(t, cases, func() storetest.Clocked[core.SessionStore] {
		c := storetest.NewClock()
		m := memstore.NewSessions(c.Now)
		s := &rotating{m, m.Rotate, m.Touch, m.Delete, m.DeleteAll}
		breaks(s, c.Now)
		return storetest.Clocked[core.SessionStore]{Store: s, Clock: c}
	}, rules...)
}

// The beginnings of the kit's rules.
const (
	everyField  = "Rotator: Rotate returns the rotation"
	comparesTo  = "T01"
	notTooYoung = "Rotator: what has become"
	movesEnd    = "Rotator: Rotate moves"
	revives     = "Rotator: Rotate never"
	earlierEnd  = "Rotator: Rotate may"
	stays       = "Rotator: a rotation stays"
	goneAtOnce  = "S02 Rotator"
	made        = "Rotator: a session made"
	deaf        = "Rotator: F01"
)

func TestBrokenRotations(t *testing.T) {
	all := []string{everyField, comparesTo, notTooYoung, movesEnd, revives, stays, goneAtOnce, made, deaf, "T02", "T17"}
	edits := func(edit func(t *core.Turn)) func(s *rotating, _ func() time.Time) {
		return func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				edit(&t)
				return s.Sessions.Rotate(ctx, d, t)
			}
		}
	}
	for name, fake := range map[string]struct {
		breaks func(s *rotating, now func() time.Time)
		rules  []string
	}{
		"none": {func(*rotating, func() time.Time) {}, nil},
		"nothing is rotated": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, _ core.Turn) (core.Rotation, error) { return s.present(ctx, d) }
		}, append([]string{earlierEnd}, all...)},
		"no Replaced": {edits(func(t *core.Turn) { t.Next.Replaced = [32]byte{} }),
			[]string{everyField, comparesTo, notTooYoung, movesEnd, stays, "T02", "T17"}},
		"no Sealed": {edits(func(t *core.Turn) { t.Next.Sealed = [32]byte{} }), all},
		"digests end with their spaces": {edits(func(t *core.Turn) {
			for i := 31; i >= 0 && t.Next.Secret[i] == ' '; i-- {
				t.Next.Secret[i] = 0
			}
		}), []string{everyField}},
		"seconds": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				r, err := s.Sessions.Rotate(ctx, d, t)
				r.At = r.At.Truncate(time.Second)
				return r, err
			}
		}, all},
		"whatever From is": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				now, err := s.present(ctx, d)
				if err != nil {
					return now, err
				}
				t.From = now.Secret
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, all},
		"a zero From is any": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if now, err := s.present(ctx, d); err == nil && t.From == [32]byte{} {
					t.From = now.Secret
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{comparesTo, movesEnd, deaf, "T02"}},
		"the one before is good too": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if now, err := s.present(ctx, d); err == nil && t.From == now.Replaced {
					t.From = now.Secret
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{comparesTo, movesEnd, deaf, "T02"}},
		"digests as text": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if now, err := s.present(ctx, d); err == nil && bytes.EqualFold(t.From[:], now.Secret[:]) {
					t.From = now.Secret
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{comparesTo}},
		"never too young": {edits(func(t *core.Turn) { t.Before = t.Next.At.Add(time.Hour) }), []string{notTooYoung, movesEnd}},
		"too young at Before": {edits(func(t *core.Turn) { t.Before = t.Before.Add(-time.Microsecond) }),
			[]string{notTooYoung, comparesTo, stays, "T02", "T17"}},
		"without Before all are old": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if t.Before.IsZero() {
					t.Before = t.Next.At
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{notTooYoung}},
		"the end stays": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				found, err := s.Find(ctx, d)
				if err != nil {
					return core.Rotation{}, err
				}
				t.Expires = found.Session.Expires
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{movesEnd, earlierEnd, goneAtOnce, "T02"}},
		"an end that only rises": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if found, err := s.Find(ctx, d); err == nil && t.Expires.Before(found.Session.Expires) {
					t.Expires = found.Session.Expires
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
		}, []string{movesEnd, earlierEnd, "?T02"}},
		"a refused one is a Touch": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				now, err := s.Sessions.Rotate(ctx, d, t)
				if err == nil && now != t.Next {
					err = s.Sessions.Touch(ctx, d, t.Seen, t.Expires)
				}
				return now, err
			}
		}, []string{movesEnd, revives, "T02"}},
		"Touch loses it": {func(s *rotating, _ func() time.Time) {
			s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
				s.again(ctx, d)
				return s.Sessions.Touch(ctx, d, seen, expires)
			}
		}, []string{stays, "?S02 no Touch", "?S04 no Touch", "?S02 what a Find", "?No Touch"}},
		"DeleteAll loses the spared one's": {func(s *rotating, _ func() time.Time) {
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				if err := s.Sessions.DeleteAll(ctx, userID, epoch, except); err != nil {
					return err
				}
				s.again(ctx, except)
				return nil
			}
		}, []string{stays, "?T17", "?No Touch"}},
		"what has ended is found": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				now, err := s.Sessions.Rotate(ctx, d, t)
				if errors.Is(err, core.ErrNotFound) {
					err = nil
				}
				return now, err
			}
		}, []string{revives, earlierEnd, stays, goneAtOnce, "S02 no Rotate", "S04 no Rotate"}},
		"deaf to its context": {func(s *rotating, _ func() time.Time) {
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				return s.Sessions.Rotate(context.WithoutCancel(ctx), d, t)
			}
		}, []string{deaf}},
	} {
		t.Run(name, func(t *testing.T) { brokenRotations(t, storetest.SessionCases(), fake.breaks, fake.rules...) })
	}
}

// What a store that keeps rotations in another place than sessions may do
// wrong.
func TestBrokenRotationsBesideSessions(t *testing.T) {
	for name, fake := range map[string]struct {
		revives bool
		rules   []string
	}{
		"rotations that outlive their sessions": {false, []string{made}},
		"rotations that bring them back":        {true, []string{revives, earlierEnd, goneAtOnce, "S02 no Rotate", deaf, made}},
	} {
		t.Run(name, func(t *testing.T) {
			brokenRotations(t, storetest.SessionCases(), func(s *rotating, now func() time.Time) {
				var mu sync.Mutex
				kept, was := map[[32]byte]core.Rotation{}, map[[32]byte]core.Session{}
				s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
					mu.Lock()
					defer mu.Unlock()
					found, err := s.Find(ctx, d)
					if one, there := was[d]; err != nil && there && fake.revives {
						one.Expires = now().Add(time.Hour)
						_ = s.Sessions.Create(context.WithoutCancel(ctx), d, one)
						found, err = s.Find(context.WithoutCancel(ctx), d)
					}
					if err != nil {
						return core.Rotation{}, err
					}
					was[d] = *found.Session
					if r := kept[d]; r.Secret != t.From || r.At.After(t.Before) {
						return r, nil
					}
					kept[d] = t.Next
					return t.Next, s.Sessions.Touch(ctx, d, t.Seen, t.Expires)
				}
			}, fake.rules...)
		})
	}
}

// Check-then-act, with everybody between the check and the act at once.
func TestRacingRotations(t *testing.T) {
	t.Run("T02 of one secret", func(t *testing.T) {
		words := "T02"
		brokenRotations(t, rule(storetest.SessionCases(), words), func(s *rotating, _ func() time.Time) {
			together := newBarrier()
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				now, err := s.present(ctx, d)
				together.wait()
				if err != nil || now.Secret != t.From {
					return now, err
				}
				if now, err = s.present(ctx, d); err == nil {
					t.From = now.Secret
					now, err = s.Sessions.Rotate(ctx, d, t)
				}
				return now, err
			}
		}, words)
	})
	for _, words := range []string{"S02 no Rotate", "S04 no Rotate"} {
		t.Run(words, func(t *testing.T) {
			brokenRotations(t, rule(storetest.SessionCases(), words), func(s *rotating, _ func() time.Time) {
				together, ended := newBarrier(), make(chan struct{})
				s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
					found, err := s.Sessions.Find(ctx, d)
					together.wait()
					<-ended
					if err != nil {
						return core.Rotation{}, err
					}
					one := *found.Session
					one.Epoch = 99 // above the floor
					_ = s.Sessions.Create(ctx, d, one)
					return s.Sessions.Rotate(ctx, d, t)
				}
				s.delete = func(ctx context.Context, d [32]byte) error {
					together.wait()
					defer close(ended)
					return s.Sessions.Delete(ctx, d)
				}
				s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
					together.wait()
					defer close(ended)
					return s.Sessions.DeleteAll(ctx, userID, epoch, except)
				}
			}, words)
		})
	}
	t.Run("T17 of the spared one", func(t *testing.T) {
		words := "T17"
		brokenRotations(t, rule(storetest.SessionCases(), words), func(s *rotating, _ func() time.Time) {
			read, rotated := make(chan struct{}), make(chan struct{})
			s.rotate = func(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
				if t.From == [32]byte{} {
					<-read
					defer close(rotated)
				}
				return s.Sessions.Rotate(ctx, d, t)
			}
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				was, _ := s.present(ctx, except)
				close(read)
				<-rotated
				err := s.Sessions.DeleteAll(ctx, userID, epoch, except)
				s.again(ctx, except)
				if found, _ := s.Find(ctx, except); found.Session != nil {
					_, _ = s.Sessions.Rotate(ctx, except, core.Turn{Next: was, Seen: found.LastSeen, Expires: found.Expires})
				}
				return err
			}
		}, words)
	})
}
