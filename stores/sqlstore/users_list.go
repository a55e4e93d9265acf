package sqlstore

import (
	"context"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/userlist"
)

// pageMax is the most that core.UserStore's List returns at once.
const pageMax = 100

// List returns a page of users; see core.UserStore. The stable order is that of
// the IDs. Each page is read along the index of its order, and names the last
// user that it has read there, so that pages stay right while users come and
// go. Superusers, and users who are inactive, unverified or suspended, have an
// index of their own; a page of few others among many reads far. In a table of
// FastAPI Users neither they nor the order of creation have one.
func (us *UserStore[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	place, err := userlist.Read(q)
	if err != nil {
		return nil, "", err
	}
	if !storable(q.Email) {
		return nil, "", nil
	}
	if !us.isPlace(place) {
		return nil, "", core.ErrInvalid
	}
	if err := us.s.adopted.claim(ctx, q.Email); err != nil {
		return nil, "", err
	}
	limit := min(max(q.Limit, 1), pageMax)
	for _, part := range us.parts(q, place) {
		left := limit + 1 - len(users)
		if left == 0 {
			break
		}
		st := us.s.statement("list users", part.text())
		err = us.s.each(ctx, st, append(part.args, left), func(scan func(...any) error) error {
			u := new(U)
			users = append(users, u)
			return scan(us.model.cells(nil, reflect.ValueOf(u).Elem(), nil)...)
		})
		if err != nil {
			return nil, "", err
		}
	}
	if len(users) > limit {
		users = users[:limit]
		last := us.base(users[limit-1])
		next = q.Next(userlist.Write(q.Order(), last, last.ID))
	}
	for _, u := range users {
		us.s.adopted.complete(us.base(u))
	}
	return users, next, nil
}

// isPlace is false for one that no page has ended at.
func (us *UserStore[U]) isPlace(place userlist.Place) bool {
	if place.First || place.Email != "" {
		return storable(place.Email)
	}
	_, valid := us.s.opts.IDs.canonical(place.ID)
	return valid
}

// selection is a statement that reads a page, or a part of it.
type selection struct {
	read  string
	where []string
	args  []any
	order string
}

func (sel *selection) and(condition string, args ...any) {
	sel.where = append(sel.where, condition)
	sel.args = append(sel.args, args...)
}

// text is the statement's, whose last argument is the limit.
func (sel *selection) text() string {
	text := sel.read
	if len(sel.where) > 0 {
		text += " WHERE " + strings.Join(sel.where, " AND ")
	}
	return text + " ORDER BY " + sel.order + " LIMIT ?"
}

// parts are what a page is read by: those who have a value of its order, then
// those who have none, as databases disagree on where NULL comes.
func (us *UserStore[U]) parts(q core.Query, place userlist.Place) (parts []*selection) {
	order := q.Order()
	if order == core.SortStable {
		sel := us.selection(q)
		us.inOrderOfIDs(sel, q, place)
		return append(parts, sel)
	}
	if !place.Last {
		sel := us.selection(q)
		if order == core.SortEmail {
			us.inOrderOfEmails(sel, q, place)
		} else {
			us.inOrderOfCreation(sel, q, place)
		}
		parts = append(parts, sel)
	}
	if q.Email == "" {
		sel := us.selection(q)
		sel.and(map[core.UserSort]string{core.SortEmail: "email_key IS NULL", core.SortCreated: "created_at IS NULL"}[order])
		us.inOrderOfIDs(sel, q, userlist.Place{First: !place.Last, ID: place.ID})
		parts = append(parts, sel)
	}
	return parts
}

// selection has the filters of a query.
func (us *UserStore[U]) selection(q core.Query) *selection {
	sel := &selection{read: us.readAll}
	for _, flag := range []struct {
		column string
		want   *bool
	}{{"is_active", q.Active}, {"is_verified", q.Verified}, {"is_superuser", q.Superuser}} {
		if flag.want != nil {
			sel.and(flag.column + map[bool]string{true: " = TRUE", false: " = FALSE"}[*flag.want])
		}
	}
	timestamp := us.s.dialect.timestamp
	switch {
	case q.Suspended == nil:
	case *q.Suspended:
		sel.and("suspended_until > ?", timestamp(q.Now))
	default:
		sel.and("(suspended_until IS NULL OR suspended_until <= ?)", timestamp(q.Now))
	}
	if !q.CreatedFrom.IsZero() {
		sel.and("created_at >= ?", timestamp(q.CreatedFrom))
	}
	if !q.CreatedBefore.IsZero() {
		sel.and("created_at < ?", timestamp(q.CreatedBefore))
	}
	return sel
}

// direction is how a query is sorted, and what comes after a place in it.
func direction(q core.Query) (suffix, after string) {
	if q.Descending {
		return " DESC", " < ?"
	}
	return "", " > ?"
}

func (us *UserStore[U]) inOrderOfIDs(sel *selection, q core.Query, place userlist.Place) {
	suffix, after := direction(q)
	if !place.First {
		sel.and("id"+after, us.s.opts.IDs.arg(place.ID))
	}
	sel.order = "id" + suffix
}

// inOrderOfEmails leaves out NULL. It has one lower bound: SQLite begins an
// index at one only.
func (us *UserStore[U]) inOrderOfEmails(sel *selection, q core.Query, place userlist.Place) {
	// Of superusers there are always few, but SQLite prefers the other
	// index, even where ten users have the one and half of all the other.
	column := "email_key"
	if us.s.adopted == nil && q.Superuser != nil && *q.Superuser {
		column = us.s.dialect.unindexed + column
	}
	lower, from, until := column+" >= ?", q.Email, ""
	if q.Email != "" {
		until = q.Email + string(utf8.MaxRune)
	}
	suffix, after := direction(q)
	switch {
	case place.First:
	case q.Descending:
		until = place.Email
	default:
		lower, from = column+after, place.Email
	}
	sel.and(lower, from)
	if until != "" {
		sel.and(column+" < ?", until)
	}
	sel.order = column + suffix
}

func (us *UserStore[U]) inOrderOfCreation(sel *selection, q core.Query, place userlist.Place) {
	suffix, after := direction(q)
	if place.First {
		sel.and("created_at IS NOT NULL")
	} else {
		// Bounded by the column alone, indexes are used everywhere.
		at, upTo := us.s.dialect.timestamp(place.Created), strings.Replace(after, " ?", "= ?", 1)
		sel.and("created_at"+upTo+" AND (created_at"+after+" OR id"+after+")", at, at, us.s.opts.IDs.arg(place.ID))
	}
	sel.order = "created_at" + suffix + ", id" + suffix
}
