package storetest_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

type list = func(ctx context.Context, q core.Query) ([]*account, string, error)

// everybody returns the whole list.
func everybody(ctx context.Context, sound list, prefix string) (all []*account, err error) {
	for from, more := "", true; more && err == nil; more = from != "" {
		var part []*account
		part, from, err = sound(ctx, core.Query{Email: prefix, Cursor: from, Limit: 100})
		all = append(all, part...)
	}
	return all, err
}

// offset is a list whose cursors count the users listed before.
func offset(sound list) list {
	return func(ctx context.Context, q core.Query) ([]*account, string, error) {
		before, bad := strconv.Atoi(q.Cursor)
		if q.Cursor != "" && (bad != nil || before < 1) {
			return nil, "", core.ErrInvalid
		}
		all, err := everybody(ctx, sound, q.Email)
		page, limit := all[min(before, len(all)):], min(max(q.Limit, 1), 100)
		if len(page) <= limit {
			return page, "", err
		}
		return page[:limit], strconv.Itoa(before + limit), err
	}
}

// querying is a list that answers another query.
func querying(change func(q *core.Query)) func(sound list) list {
	return func(sound list) list {
		return func(ctx context.Context, q core.Query) ([]*account, string, error) {
			change(&q)
			return sound(ctx, q)
		}
	}
}

func TestBrokenUserLists(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]struct {
		breaks func(sound list) list
		rules  []string
	}{
		"a next whenever the page is full": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				page, next, err := sound(ctx, q)
				if len(page) == q.Limit && next == "" {
					next = "1"
				}
				return page, next, err
			}
		}, []string{"List's next", "List returns each user once, in",
			"List returns each user once though",
			"?List returns each user once while others are", "List of an Email", "List with a filter leaves", "List sorts by CreatedAt and", "List by CreatedAt returns each"}},
		"any cursor": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				page, next, err := sound(ctx, q)
				if errors.Is(err, core.ErrInvalid) {
					q.Cursor = ""
					return sound(ctx, q)
				}
				return page, next, err
			}
		}, []string{"P16"}},
		"an offset": {offset, []string{"List returns each user once while others come", "?List returns each user once while others are", "List returns each user once though", "P16 a cursor of another", "List with a filter leaves", "List sorts by CreatedAt and", "Descending reverses the stable order,", "List by CreatedAt returns each", "A Query that core calls"}},
		"one too many": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				q.Limit++
				return sound(ctx, q)
			}
		}, []string{"List returns each user once, in", "List's next", "P16", "P17 List",
			"List returns each user once", "An empty EmailKey", "List of an Email", "List with a filter leaves", "List sorts by CreatedAt and", "Descending reverses the stable order,", "List by CreatedAt returns each"}},
		"as many as are asked for": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				page, next, err := sound(ctx, q)
				if q.Limit > 100 && next != "" && err == nil {
					more, last, err := sound(ctx, core.Query{Email: q.Email, Cursor: next, Limit: 100})
					return append(page, more...), last, err
				}
				return page, next, err
			}
		}, []string{"List returns each user once, in"}},
		"nobody behind a user who is gone": {func(sound list) list {
			var last string
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				if all, _, err := sound(ctx, core.Query{Email: last, Limit: 1}); q.Cursor != "" && last != "" && len(all) == 0 &&
					err == nil {
					return nil, "", core.ErrInvalid
				}
				page, next, err := sound(ctx, q)
				if last = ""; next != "" {
					last = page[len(page)-1].EmailKey
				}
				return page, next, err
			}
		}, []string{"List returns each user once though", "?List returns each user once while",
			"List of an Email returns", "List by CreatedAt returns each"}},
		"in the order of the e-mails": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				after, bad := hex.DecodeString(q.Cursor)
				if bad != nil || q.Cursor != "" && !strings.Contains(string(after), "@") {
					return nil, "", core.ErrInvalid
				}
				all, err := everybody(ctx, sound, q.Email)
				slices.SortFunc(all, func(a, b *account) int { return strings.Compare(a.EmailKey, b.EmailKey) })
				all = slices.DeleteFunc(all, func(u *account) bool { return q.Cursor != "" && u.EmailKey <= string(after) })
				limit := min(max(q.Limit, 1), 100)
				if len(all) <= limit {
					return all, "", err
				}
				return all[:limit], hex.EncodeToString([]byte(all[limit-1].EmailKey)), err
			}
		}, []string{"List returns each user once though", "An empty EmailKey",
			"P16 a cursor of another",
			"List of an Email is in", "List with a filter leaves", "List sorts by CreatedAt and", "Descending reverses the stable order,", "List by CreatedAt returns each", "A Query that core calls"}},
		"a search in the order of creation": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				if q.Email == "" {
					return sound(ctx, q)
				}
				all, err := everybody(ctx, sound, "")
				last, err2 := q.After()
				i := slices.IndexFunc(all, func(u *account) bool { return u.ID == last })
				all = slices.DeleteFunc(all[i+1:], func(u *account) bool { return !strings.HasPrefix(u.EmailKey, q.Email) })
				limit := min(max(q.Limit, 1), 100)
				if err := errors.Join(err, err2); err != nil || len(all) <= limit {
					return all, "", err
				}
				return all[:limit], q.Next(all[limit-1].ID), nil
			}
		}, []string{"List of an Email", "List with a filter leaves", "Descending reverses the stable order,"}},
		"a bare ID": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				page, next, err := sound(ctx, q)
				for _, u := range page {
					*u = account{User: core.User{ID: u.ID, EmailKey: u.EmailKey}, Motto: new("")}
				}
				return page, next, err
			}
		}, []string{"List returns whole users"}},
		"the prefix is a pattern": {func(sound list) list {
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				q.Email = strings.TrimRight(q.Email, "%")
				return sound(ctx, q)
			}
		}, []string{"P17 List"}},
		"everybody where superusers are meant": {querying(func(q *core.Query) { q.Superuser = nil }), []string{"List with a filter", "P16 a cursor of another filter"}},
		"inactive ones too":                    {querying(func(q *core.Query) { q.Active = nil }), []string{"List with a filter", "P16 a cursor of another filter"}},
		"those who are not verified too":       {querying(func(q *core.Query) { q.Verified = nil }), []string{"List with a filter", "P16 a cursor of another filter"}},
		"suspended ones too":                   {querying(func(q *core.Query) { q.Suspended = nil }), []string{"List with a filter", "P16 a cursor of another filter", "A Query"}},
		"suspended by the real clock":          {querying(func(q *core.Query) { q.Now = time.Now() }), []string{"List with a filter", "A Query"}},
		"all since the beginning":              {querying(func(q *core.Query) { q.CreatedFrom = time.Time{} }), []string{"List with a filter", "P16 a cursor of another filter"}},
		"all until now":                        {querying(func(q *core.Query) { q.CreatedBefore = time.Time{} }), []string{"List with a filter", "P16 a cursor of another filter"}},
		"until and at the end": {querying(func(q *core.Query) {
			if !q.CreatedBefore.IsZero() {
				q.CreatedBefore = q.CreatedBefore.Add(time.Microsecond)
			}
		}), []string{"List with a filter"}},
		"after the beginning": {querying(func(q *core.Query) {
			if !q.CreatedFrom.IsZero() {
				q.CreatedFrom = q.CreatedFrom.Add(time.Microsecond)
			}
		}), []string{"List with a filter"}},
		"to the second":    {querying(func(q *core.Query) { q.CreatedFrom = q.CreatedFrom.Truncate(time.Second) }), []string{"List with a filter"}},
		"in one order":     {querying(func(q *core.Query) { q.Sort = core.SortStable }), []string{"List sorts", "A Query", "P16 a cursor of another filter", "List by CreatedAt returns each"}},
		"in one direction": {querying(func(q *core.Query) { q.Descending = false }), []string{"List sorts", "Descending", "P16 a cursor of another filter", "List by CreatedAt returns each"}},
		"a search by any order": {querying(func(q *core.Query) {
			if q.Email != "" {
				q.Sort = core.SortStable
			}
		}), []string{"A Query"}},
		"backwards every other time": {func(sound list) list {
			backwards := false
			return func(ctx context.Context, q core.Query) ([]*account, string, error) {
				page, next, err := sound(ctx, q)
				if backwards = !backwards; backwards {
					slices.Reverse(page)
				}
				return page, next, err
			}
		}, []string{"List returns each user once, in", "List of an Email is in",
			"List sorts by CreatedAt and", "Descending reverses the stable order,"}},
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
