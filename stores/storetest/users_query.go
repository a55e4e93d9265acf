package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// queried is when the cases of queries happen.
var queried = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// addQueried creates users who differ in what a Query filters and sorts by:
// each combination of flags, and times of creation of which some are the same,
// some a microsecond apart, and some unknown.
func addQueried(ctx context.Context, s users) ([]*Account, error) {
	all := make([]*Account, 0, 36)
	for i := range cap(all) {
		u := account(fmt.Sprintf("%c%02d@example.com", 'a'+i%3, i*29%36))
		u.IsActive, u.IsVerified, u.IsSuperuser = i&1 == 0, i&2 == 0, i&4 == 0
		u.SuspendedUntil = []time.Time{{}, queried, queried.Add(-time.Hour), queried.Add(time.Hour)}[i/8%4]
		u.CreatedAt = queried.Add(time.Duration(i*17%5) * time.Hour).Add(time.Duration(i*7%2) * time.Microsecond)
		if i%6 == 5 {
			u.CreatedAt = time.Time{}
		}
		if err := s.Create(ctx, u); err != nil {
			return nil, is("Create "+u.EmailKey, err, nil)
		}
		all = append(all, u)
	}
	return all, nil
}

// pick returns the EmailKeys of the users for whom keep is true.
func pick(all []*Account, keep func(u *Account) bool) (keys []string) {
	for _, u := range all {
		if keep(u) {
			keys = append(keys, u.EmailKey)
		}
	}
	return keys
}

func suspended(u *Account) bool { return u.SuspendedUntil.After(queried) }

// sorted returns an error unless keys are in an order of u's users; users whom
// compare calls equal may come in any order, but the same at each walk.
func sorted(step string, all []*Account, keys []string, compare func(a, b *Account) int) error {
	byKey := map[string]*Account{}
	for _, u := range all {
		byKey[u.EmailKey] = u
	}
	for i := 1; i < len(keys); i++ {
		if a, b := byKey[keys[i-1]], byKey[keys[i]]; compare(a, b) > 0 {
			return fmt.Errorf("%s: %s comes before %s", step, a.EmailKey, b.EmailKey)
		}
	}
	return nil
}

// byCreated is the order of SortCreated.
func byCreated(direction int) func(a, b *Account) int {
	return func(a, b *Account) int {
		switch {
		case a.CreatedAt.IsZero() && b.CreatedAt.IsZero():
			return 0
		case a.CreatedAt.IsZero():
			return 1
		case b.CreatedAt.IsZero():
			return -1
		}
		return direction * a.CreatedAt.Compare(b.CreatedAt)
	}
}

func byEmail(direction int) func(a, b *Account) int {
	return func(a, b *Account) int { return direction * strings.Compare(a.EmailKey, b.EmailKey) }
}

var queryCases = []userCase{
	{Rule: "List with a filter leaves out all others, page by page", Check: func(ctx context.Context, s users) error {
		all, err := addQueried(ctx, s)
		if err != nil {
			return err
		}
		yes, no := true, false
		var errs []error
		for name, c := range map[string]struct {
			q    core.Query
			keep func(u *Account) bool
		}{
			"active":              {core.Query{Active: &yes}, func(u *Account) bool { return u.IsActive }},
			"inactive":            {core.Query{Active: &no}, func(u *Account) bool { return !u.IsActive }},
			"verified":            {core.Query{Verified: &yes}, func(u *Account) bool { return u.IsVerified }},
			"not verified":        {core.Query{Verified: &no}, func(u *Account) bool { return !u.IsVerified }},
			"superusers":          {core.Query{Superuser: &yes}, func(u *Account) bool { return u.IsSuperuser }},
			"others":              {core.Query{Superuser: &no}, func(u *Account) bool { return !u.IsSuperuser }},
			"suspended":           {core.Query{Suspended: &yes}, suspended},
			"not suspended":       {core.Query{Suspended: &no}, func(u *Account) bool { return !suspended(u) }},
			"active superusers":   {core.Query{Active: &yes, Superuser: &yes}, func(u *Account) bool { return u.IsActive && u.IsSuperuser }},
			"an Email and a flag": {core.Query{Email: "a", Active: &no}, func(u *Account) bool { return u.EmailKey[0] == 'a' && !u.IsActive }},
			"created from": {core.Query{CreatedFrom: queried.Add(time.Hour)},
				func(u *Account) bool { return !u.CreatedAt.Before(queried.Add(time.Hour)) }},
			"created before": {core.Query{CreatedBefore: queried.Add(time.Hour)},
				func(u *Account) bool { return !u.CreatedAt.IsZero() && u.CreatedAt.Before(queried.Add(time.Hour)) }},
			"created within a microsecond": {
				core.Query{CreatedFrom: queried.Add(time.Microsecond), CreatedBefore: queried.Add(2 * time.Microsecond)},
				func(u *Account) bool { return u.CreatedAt.Equal(queried.Add(time.Microsecond)) }},
			"all of them": {core.Query{Active: &yes, Verified: &yes, Superuser: &yes, Suspended: &no, CreatedFrom: queried, Email: "a"},
				func(u *Account) bool {
					return u.IsActive && u.IsVerified && u.IsSuperuser && !suspended(u) && !u.CreatedAt.IsZero() &&
						u.EmailKey[0] == 'a'
				}},
			"nobody": {core.Query{CreatedFrom: queried.Add(time.Hour), CreatedBefore: queried}, func(*Account) bool { return false }},
		} {
			want := pick(all, c.keep)
			if len(want) == 0 && name != "nobody" {
				return fmt.Errorf("%s: nobody is to be found", name)
			}
			for _, order := range []core.Query{ // without one, a filter's is SortCreated
				{}, {Descending: true}, {Sort: core.SortEmail}, {Sort: core.SortEmail, Descending: true},
			} {
				q := c.q
				q.Now, q.Limit, q.Sort, q.Descending = queried, 3, order.Sort, order.Descending
				got, err := walkQuery(ctx, s, q, nothing)
				errs = append(errs, err, sameSet(fmt.Sprintf("%s, order %d, descending %t", name, q.Sort, q.Descending), got, want))
			}
		}
		return errors.Join(errs...)
	}},
	{Rule: "List sorts by CreatedAt and by EmailKey, in both directions, whatever the limit", Check: func(ctx context.Context, s users) error {
		all, err := addQueried(ctx, s)
		if err != nil {
			return err
		}
		var errs []error
		for direction, descending := range map[int]bool{1: false, -1: true} {
			for sort, compare := range map[core.UserSort]func(a, b *Account) int{
				core.SortCreated: byCreated(direction), core.SortEmail: byEmail(direction), core.SortStable: nil,
			} {
				var first []string
				for _, limit := range []int{100, 1, 4, 36} {
					step := fmt.Sprintf("order %d, descending %t, limit %d", sort, descending, limit)
					got, err := walkQuery(ctx, s, core.Query{Sort: sort, Descending: descending, Limit: limit}, nothing)
					errs = append(errs, err, sameSet(step, got, pick(all, func(*Account) bool { return true })))
					if first == nil {
						first = got
					}
					errs = append(errs, that(slices.Equal(got, first), "%s: got %q, was %q", step, got, first))
					if compare != nil {
						errs = append(errs, sorted(step, all, got, compare))
					}
				}
			}
		}
		return errors.Join(errs...)
	}},
	{Rule: "Descending reverses the stable order, and that of an Email", Check: func(ctx context.Context, s users) error {
		if _, err := addQueried(ctx, s); err != nil {
			return err
		}
		var errs []error
		for _, email := range []string{"", "b"} {
			up, err := walkQuery(ctx, s, core.Query{Email: email, Limit: 5}, nothing)
			down, err2 := walkQuery(ctx, s, core.Query{Email: email, Limit: 5, Descending: true}, nothing)
			slices.Reverse(down)
			errs = append(errs, err, err2, that(slices.Equal(up, down), "Email %q: up %q, down reversed %q", email, up, down))
		}
		return errors.Join(errs...)
	}},
	{Rule: "List by CreatedAt returns each user once while others come and go, and the last of each page is deleted",
		Check: func(ctx context.Context, s users) error {
			for _, descending := range []bool{false, true} {
				all, err := addQueried(ctx, s)
				if err != nil {
					return err
				}
				n := 0
				q := core.Query{Sort: core.SortCreated, Descending: descending, Limit: 4}
				got, err := walkQuery(ctx, s, q, func(last *Account) error {
					n++
					u := account(fmt.Sprintf("new%d@example.com", n))
					u.CreatedAt = queried.Add(-time.Duration(n) * time.Hour)
					if descending {
						u.CreatedAt = queried.Add(time.Duration(24+n) * time.Hour)
					}
					return errors.Join(s.Create(ctx, u), s.Delete(ctx, last.ID))
				})
				there := pick(all, func(*Account) bool { return true })
				if err := errors.Join(err, sameSet("those who were there", got, there)); err != nil {
					return err
				}
				rest, _, err := s.List(ctx, core.Query{Limit: 100})
				for _, u := range rest { // before the other direction
					err = errors.Join(err, s.Delete(ctx, u.ID))
				}
				if err != nil {
					return err
				}
			}
			return nil
		}},
	{Rule: "A Query that core calls invalid is ErrInvalid", Check: func(ctx context.Context, s users) error {
		if _, err := add(ctx, s, numbered("ann", 4)...); err != nil {
			return err
		}
		yes := true
		var errs []error
		for name, q := range map[string]core.Query{
			"an Email by CreatedAt": {Email: "ann", Sort: core.SortCreated}, "an order that is not": {Sort: core.SortEmail + 1},
			"an order below": {Sort: -1}, "suspended at no time": {Suspended: &yes},
		} {
			q.Limit = 2
			errs = append(errs, is(name, listError(s.List(ctx, q)), core.ErrInvalid))
		}
		twin := core.Query{Email: "ann", Sort: core.SortEmail, Limit: 2}
		errs = append(errs, is("an Email by EmailKey", listError(s.List(ctx, twin)), nil))
		return errors.Join(errs...)
	}},
	{Rule: "P16 a cursor of another filter or order is ErrInvalid, one of another Now is not", Check: func(ctx context.Context, s users) error {
		if _, err := addQueried(ctx, s); err != nil {
			return err
		}
		yes, no := true, false
		queries := []core.Query{
			{}, {Active: &yes}, {Active: &no}, {Verified: &yes}, {Superuser: &yes}, {Suspended: &no}, {CreatedFrom: queried},
			{CreatedFrom: queried.Add(time.Hour)}, {CreatedBefore: queried.Add(9 * time.Hour)}, {Sort: core.SortCreated}, {Sort: core.SortEmail},
			{Descending: true}, {Sort: core.SortCreated, Descending: true},
		}
		var errs []error
		for i, of := range queries {
			of.Now, of.Limit = queried, 2
			_, next, err := s.List(ctx, of)
			errs = append(errs, is("List", err, nil), that(next != "", "query %d has no next", i))
			for j, with := range queries {
				want := core.ErrInvalid
				if i == j {
					want = nil
				}
				with.Cursor, with.Now, with.Limit = next, queried.Add(time.Minute), 3
				errs = append(errs, is(fmt.Sprintf("query %d with a cursor of %d", j, i), listError(s.List(ctx, with)), want))
			}
		}
		return errors.Join(errs...)
	}},
}
