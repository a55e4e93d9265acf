package storetest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// Check-then-act, with everybody between the check and the act at once.
func TestRacingSessions(t *testing.T) {
	t.Run("S02 Touch", func(t *testing.T) {
		words := "S02 no Touch"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
			together, ended := newBarrier(), make(chan struct{})
			s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
				found, err := s.Sessions.Find(ctx, d)
				together.wait()
				<-ended
				if err != nil {
					return err
				}
				one := *found.Session
				one.LastSeen, one.Expires = seen, expires
				_ = s.Sessions.Create(ctx, d, one)
				return nil
			}
			s.delete = func(ctx context.Context, d [32]byte) error {
				together.wait()
				defer close(ended)
				return s.Sessions.Delete(ctx, d)
			}
		}, words)
	})
	t.Run("S07 Create", func(t *testing.T) {
		words := "S07 of the Creates"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
			together, ended := newBarrier(), make(chan struct{})
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				together.wait()
				<-ended
				one.Epoch = 2 // the floor was read before it rose
				return s.Sessions.Create(ctx, d, one)
			}
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				together.wait()
				defer close(ended)
				return s.Sessions.DeleteAll(ctx, userID, epoch, except)
			}
		}, words)
	})
	t.Run("Create of one digest", func(t *testing.T) {
		words := "Of any number of concurrent Creates of one digest"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
			together := newBarrier()
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				if _, err := s.Sessions.Find(ctx, d); err == nil {
					return core.ErrTaken
				}
				together.wait()
				_ = s.Sessions.Create(ctx, d, one)
				return nil
			}
		}, words)
	})
	t.Run("S02 Find", func(t *testing.T) {
		words := "S02 what a Find"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
			together, ended := newBarrier(), make(chan struct{})
			var cache sync.Map
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) {
				if found, there := cache.Load(d); there {
					return found.(core.Found), nil
				}
				found, err := s.Sessions.Find(ctx, d)
				together.wait()
				<-ended
				if err == nil {
					cache.Store(d, found)
				}
				return found, err
			}
			s.delete = func(ctx context.Context, d [32]byte) error {
				together.wait()
				defer close(ended)
				return s.Sessions.Delete(ctx, d)
			}
		}, words)
	})
	t.Run("Touch of the spared one", func(t *testing.T) {
		words := "No Touch that races a DeleteAll"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, _ func() time.Time) {
			together, raised := newBarrier(), make(chan struct{})
			var written sync.Map
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) {
				if found, there := written.Load(d); there {
					return found.(core.Found), nil
				}
				return s.Sessions.Find(ctx, d)
			}
			s.touch = func(ctx context.Context, d [32]byte, seen, expires time.Time) error {
				was, err := s.Sessions.Find(ctx, d)
				together.wait()
				<-raised
				if err == nil {
					written.Store(d, was)
				}
				return err
			}
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				together.wait()
				defer close(raised)
				return s.Sessions.DeleteAll(ctx, userID, epoch, except)
			}
		}, words)
	})
	t.Run("DeleteAll", func(t *testing.T) {
		words := "Of concurrent DeleteAlls"
		brokenSessions(t, rule(storetest.SessionCases(), words), func(s *sessionStore, now func() time.Time) {
			together, highest := newBarrier(), make(chan struct{})
			var current atomic.Pointer[memstore.Sessions]
			current.Store(s.Sessions)
			s.create = func(ctx context.Context, d [32]byte, one core.Session) error {
				return current.Load().Create(ctx, d, one)
			}
			s.find = func(ctx context.Context, d [32]byte) (core.Found, error) { return current.Load().Find(ctx, d) }
			s.deleteAll = func(ctx context.Context, userID string, epoch int64, except [32]byte) error {
				together.wait() // all have seen that there is no floor
				if epoch == crowd {
					defer close(highest)
					return s.Sessions.DeleteAll(ctx, userID, epoch, except)
				}
				<-highest
				m := memstore.NewSessions(now) // here the last write of a floor is right
				current.Store(m)
				return m.DeleteAll(ctx, userID, epoch, except)
			}
		}, words)
	})
}
