package storetest_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

type list = func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error)

// everybody is the whole of a list.
func everybody(ctx context.Context, sound list, prefix string) (all []*account, err error) {
	for from, more := "", true; more && err == nil; more = from != "" {
		var part []*account
		part, from, err = sound(ctx, prefix, from, 100)
		all = append(all, part...)
	}
	return all, err
}

// offset is a list whose cursors say how many users were listed before.
func offset(sound list) list {
	return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
		before, bad := strconv.Atoi(cursor)
		if cursor != "" && (bad != nil || before < 1) {
			return nil, "", core.ErrInvalid
		}
		all, err := everybody(ctx, sound, prefix)
		page, limit := all[min(before, len(all)):], min(max(limit, 1), 100)
		if len(page) <= limit {
			return page, "", err
		}
		return page[:limit], strconv.Itoa(before + limit), err
	}
}

func TestBrokenUserLists(t *testing.T) {
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
		}, []string{"List's next", "List gives each user once, in", "List gives each user once though", "?List gives each user once while others are"}},
		"any cursor": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				if errors.Is(err, core.ErrInvalid) {
					return sound(ctx, prefix, "", limit)
				}
				return page, next, err
			}
		}, []string{"P16"}},
		"an offset": {offset, []string{"List gives each user once while others come", "?List gives each user once while others are", "List gives each user once though"}},
		"one too many": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				return sound(ctx, prefix, cursor, limit+1)
			}
		}, []string{"List gives each user once, in", "List's next", "P16", "P17 List", "List gives each user once", "An empty EmailKey"}},
		"as many as are asked for": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				page, next, err := sound(ctx, prefix, cursor, limit)
				if limit > 100 && next != "" && err == nil {
					more, last, err := sound(ctx, prefix, next, 100)
					return append(page, more...), last, err
				}
				return page, next, err
			}
		}, []string{"List gives each user once, in"}},
		"nobody behind a user who is gone": {func(sound list) list {
			var last string
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				if all, _, err := sound(ctx, last, "", 1); cursor != "" && last != "" && len(all) == 0 && err == nil {
					return nil, "", core.ErrInvalid
				}
				page, next, err := sound(ctx, prefix, cursor, limit)
				if last = ""; next != "" {
					last = page[len(page)-1].EmailKey
				}
				return page, next, err
			}
		}, []string{"List gives each user once though", "?List gives each user once while"}},
		"in the order of the e-mails": {func(sound list) list {
			return func(ctx context.Context, prefix, cursor string, limit int) ([]*account, string, error) {
				after, bad := hex.DecodeString(cursor)
				if bad != nil || cursor != "" && !strings.Contains(string(after), "@") {
					return nil, "", core.ErrInvalid
				}
				all, err := everybody(ctx, sound, prefix)
				slices.SortFunc(all, func(a, b *account) int { return strings.Compare(a.EmailKey, b.EmailKey) })
				all = slices.DeleteFunc(all, func(u *account) bool { return cursor != "" && u.EmailKey <= string(after) })
				if limit = min(max(limit, 1), 100); len(all) <= limit {
					return all, "", err
				}
				return all[:limit], hex.EncodeToString([]byte(all[limit-1].EmailKey)), err
			}
		}, []string{"List gives each user once though", "An empty EmailKey"}},
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
