package storetest_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// Check-then-act, with everybody between the check and the act at once.
func TestRacingUsers(t *testing.T) {
	absent := func(ctx context.Context, s *userStore, key core.Key) bool {
		_, err := s.Users.Find(ctx, key)
		return errors.Is(err, core.ErrNotFound)
	}
	for words, breaks := range map[string]func(s *userStore, together *barrier){
		"Of any number of concurrent Creates of one EmailKey one": func(s *userStore, together *barrier) {
			s.create = func(ctx context.Context, u *account) error {
				if !absent(ctx, s, core.ByEmail(u.EmailKey)) {
					return core.ErrTaken
				}
				together.wait()
				_ = s.Users.Create(ctx, u)
				return nil
			}
		},
		"Of any number of concurrent Creates of one EmailKey and": func(s *userStore, together *barrier) {
			s.create = func(ctx context.Context, u *account) error {
				if u.EmailKey != "ann0@example.com" {
					return s.Users.Create(ctx, u)
				}
				together.wait()
				return s.Users.Create(ctx, u)
			}
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				free := absent(ctx, s, core.ByEmail("ann0@example.com"))
				together.wait()
				u, err := s.Users.Update(ctx, id, change)
				if errors.Is(err, core.ErrTaken) && free {
					err = nil
				}
				return u, err
			}
		},
		"Of any number of concurrent Creates of one ID": func(s *userStore, together *barrier) {
			s.create = func(ctx context.Context, u *account) error {
				if u.ID == "" || !absent(ctx, s, core.ByID(u.ID)) {
					return s.Users.Create(ctx, u)
				}
				together.wait()
				_ = s.Users.Create(ctx, u)
				return nil
			}
		},
		"Concurrent Creates give": func(s *userStore, together *barrier) {
			var last atomic.Int64
			s.create = func(ctx context.Context, u *account) error {
				c := *u
				c.ID = strconv.FormatInt(last.Load()+1, 10)
				together.wait()
				last.Store(1)
				err := s.Users.Create(ctx, &c)
				u.ID = c.ID
				if errors.Is(err, core.ErrTaken) {
					err = nil
				}
				return err
			}
		},
		"K04 no concurrent Update": func(s *userStore, together *barrier) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				u, err := s.Users.Find(ctx, core.ByID(id))
				if err != nil || change(u) != nil {
					return nil, err
				}
				together.wait()
				return s.Users.Update(ctx, id, func(stored *account) error { *stored = *u; return nil })
			}
		},
	} {
		t.Run(words, func(t *testing.T) {
			broken(t, rule(storetest.UserCases(), words), func() core.UserStore[account] {
				s := newUserStore()
				breaks(s, newBarrier())
				return s
			}, words)
		})
	}
}

// An offset that is wrong by the time it is used: after each of the first pages
// somebody at the beginning of the list is deleted.
func TestRacingUserLists(t *testing.T) {
	words := "List returns each user once while others are created"
	broken(t, rule(storetest.UserCases(), words), func() core.UserStore[account] {
		s := newUserStore()
		turn, deleted := make(chan struct{}), make(chan struct{})
		s.delete = func(ctx context.Context, id string) error {
			if u, err := s.Users.Find(ctx, core.ByID(id)); err == nil && strings.HasPrefix(u.EmailKey, "a") {
				if _, during := <-turn; during {
					defer func() { deleted <- struct{}{} }()
				}
			}
			return s.Users.Delete(ctx, id)
		}
		pages := 0
		s.list = func(ctx context.Context, q core.Query) ([]*account, string, error) {
			switch pages++; {
			case pages > 1 && pages < 6:
				turn <- struct{}{}
				<-deleted
			case pages == 6:
				close(turn)
			}
			return offset(s.Users.List)(ctx, q)
		}
		return s
	}, words)
}
