package command

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

// listed are the flags of users list.
type listed struct {
	email, sort, from, before              string
	active, verified, superuser, suspended bool
	descending                             bool
	limit                                  int
}

func (t *tree[U, PU]) usersList() *cobra.Command {
	var l listed
	cmd := leaf("list", nil, "List users", "A flag such as --active=false finds those who are not.", t.opened(
		func(ctx context.Context, c *call[U]) error {
			q, err := l.query(c.cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return t.list(ctx, c, q, l.limit)
		}))
	f := cmd.Flags()
	f.StringVar(&l.email, "email", "", "whose address begins so")
	f.BoolVar(&l.active, "active", false, "who are active, or not")
	f.BoolVar(&l.verified, "verified", false, "whose address is verified, or not")
	f.BoolVar(&l.superuser, "superuser", false, "who are superusers, or not")
	f.BoolVar(&l.suspended, "suspended", false, "who are suspended, or not")
	f.StringVar(&l.from, "from", "", "created on this day (2026-12-31) or later")
	f.StringVar(&l.before, "before", "", "created before this day")
	f.StringVar(&l.sort, "sort", "", "the order: created or email (default: created, with --email email)")
	f.BoolVar(&l.descending, "desc", false, "the other way round")
	f.IntVar(&l.limit, "limit", 100, "how many at most; 0 for all")
	return cmd
}

// query is what the flags ask for; a flag that was not given filters nothing.
func (l *listed) query(given func(flag string) bool) (q core.Query, err error) {
	q = core.Query{Email: strings.ToLower(strings.TrimSpace(l.email)), Descending: l.descending}
	for name, to := range map[string]struct {
		want **bool
		is   *bool
	}{
		"active": {&q.Active, &l.active}, "verified": {&q.Verified, &l.verified},
		"superuser": {&q.Superuser, &l.superuser}, "suspended": {&q.Suspended, &l.suspended},
	} {
		if given(name) {
			*to.want = to.is
		}
	}
	switch l.sort {
	case "created":
		q.Sort = core.SortCreated
	case "":
		if q.Email == "" {
			q.Sort = core.SortCreated
		}
	case "email":
		q.Sort = core.SortEmail
	default:
		return q, usage("--sort is created or email, not %q", l.sort)
	}
	if l.limit < 0 {
		return q, usage("--limit must not be negative")
	}
	if q.Email != "" && q.Sort == core.SortCreated {
		return q, usage("--email lists in the order of addresses: leave --sort out")
	}
	if q.CreatedFrom, err = day("from", l.from); err == nil {
		q.CreatedBefore, err = day("before", l.before)
	}
	return q, err
}

func day(name, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = time.Parse(time.DateOnly, text); err != nil {
		return t, usage("--%s is a day like 2026-12-31, not %q", name, text)
	}
	return t, nil
}

// list prints the users of a query, page by page.
func (t *tree[U, PU]) list(ctx context.Context, c *call[U], q core.Query, limit int) error {
	rows, printed := &table{p: c.printer}, 0
	for {
		q.Limit = 100
		if limit > 0 {
			q.Limit = min(q.Limit, limit-printed)
		}
		users, next, err := c.people.List(ctx, q)
		if err != nil {
			return unasked(err)
		}
		if err := t.page(c, rows, users, printed == 0); err != nil {
			return err
		}
		printed += len(users)
		switch {
		case next == "":
			if printed == 0 {
				c.note("No user is so.")
			}
			return nil
		case limit > 0 && printed >= limit:
			c.note("There are more: --limit 0 lists all.")
			return nil
		}
		q.Cursor = next
	}
}

// page prints users: an object each, or rows of a table.
func (t *tree[U, PU]) page(c *call[U], rows *table, users []*U, first bool) error {
	if c.json {
		for _, u := range users {
			if err := t.printUser(c, u); err != nil {
				return err
			}
		}
		return nil
	}
	var lines [][]string
	if first && len(users) > 0 {
		lines = append(lines, []string{"EMAIL", "STATE", "CREATED", "ID"})
	}
	for _, u := range users {
		b := base[U, PU](u)
		lines = append(lines, []string{cmp.Or(b.Email, "-"), state(b, time.Now()), moment(b.CreatedAt), b.ID})
	}
	if named[U]() {
		names := []string{"NAME"}[:min(1, len(lines)-len(users))]
		for _, u := range users {
			names = append(names, core.NamedOf(u).Username)
		}
		for i, name := range names {
			lines[i] = slices.Insert(lines[i], 1, name)
		}
	}
	return rows.print(lines...)
}

// state is what there is to say of a user in a word or two.
func state(u *core.User, now time.Time) string {
	var words []string
	if !u.IsActive {
		words = append(words, "inactive")
	}
	if now.Before(u.SuspendedUntil) {
		words = append(words, "suspended")
	}
	if u.IsSuperuser {
		words = append(words, "superuser")
	}
	if !u.IsVerified {
		words = append(words, "unverified")
	}
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ",")
}
