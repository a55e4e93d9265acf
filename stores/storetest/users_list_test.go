package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestBrokenUserLists(t *testing.T) {
	type list = func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error)
	for name, fake := range map[string]struct {
		breaks func(sound list) list
		rules  []string
	}{
		"a next whenever the page is full": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				if len(page) == limit && next == "" {
					next = "1"
				}
				return page, next, err
			}
		}, []string{"List's next", "List gives each user once, in"}},
		"any cursor": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				if errors.Is(err, core.ErrInvalid) {
					return sound(ctx, prefix, "", limit)
				}
				return page, next, err
			}
		}, []string{"P16"}},
		"an offset": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				offset, bad := strconv.Atoi(cursor)
				if cursor != "" && (bad != nil || offset < 1) {
					return nil, "", core.ErrInvalid
				}
				var all []*account
				var err error
				for from, more := "", true; more && err == nil; more = from != "" {
					var part []*account
					part, from, err = sound(ctx, prefix, from, 100)
					all = append(all, part...)
				}
				page := all[min(offset, len(all)):]
				if len(page) <= limit {
					return page, "", err
				}
				return page[:limit], strconv.Itoa(offset + limit), err
			}
		}, []string{"List gives each user once while"}},
		"one too many": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				return sound(ctx, prefix, cursor, limit+1)
			}
		}, []string{"List gives each user once, in", "List's next", "P16", "P17 List", "List gives each user once while"}},
		"a bare ID": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				for _, u := range page {
					*u = account{User: core.User{ID: u.ID, EmailKey: u.EmailKey}, Motto: new("")}
				}
				return page, next, err
			}
		}, []string{"List gives whole users"}},
		"the prefix is a pattern": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				return sound(ctx, strings.TrimRight(prefix, "%"), cursor, limit)
			}
		}, []string{"P17 List"}},
		"backwards every other time": {func(sound list) list {
			backwards := false
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				if backwards = !backwards; backwards {
					slices.Reverse(page)
				}
				return page, next, err
			}
		}, []string{"List gives each user once, in"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.UserCases(), func() core.UserStore[account] {
				s := newUserStore()
				s.list = fake.breaks(s.Users.List)
				return s
			}, fake.rules...)
		})
	}
}

// Check-then-act, with everybody between the check and the act at once.
func TestRacingUsers(t *testing.T) {
	t.Run("Create", func(t *testing.T) {
		cases := rule(storetest.UserCases(), "Of any number of concurrent Creates")
		broken(t, cases, func() core.UserStore[account] {
			s, together := newUserStore(), newBarrier()
			s.create = func(ctx context.Context, u *account) error {
				if _, err := s.Users.Find(ctx, core.ByEmail(u.EmailKey)); err == nil {
					return core.ErrTaken
				}
				together.wait()
				_ = s.Users.Create(ctx, u)
				return nil
			}
			return s
		}, "Of any number of concurrent Creates")
	})
	t.Run("Update", func(t *testing.T) {
		cases := rule(storetest.UserCases(), "K04 no concurrent Update")
		broken(t, cases, func() core.UserStore[account] {
			s, together := newUserStore(), newBarrier()
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				u, err := s.Users.Find(ctx, core.ByID(id))
				if err != nil || change(u) != nil {
					return nil, err
				}
				together.wait()
				return s.Users.Update(ctx, id, func(stored *account) error { *stored = *u; return nil })
			}
			return s
		}, "K04 no concurrent Update")
	})
}
