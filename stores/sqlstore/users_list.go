package sqlstore

import (
	"context"
	"reflect"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// pageMax is the most that core.UserStore's List returns at once.
const pageMax = 100

// List returns a page of users; see core.UserStore. Without an Email they come
// in the order of their IDs. Each page is read along one index, and names the
// last user that it has read there, so that pages stay right while users come
// and go.
func (us *UserStore[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	last, err := q.After()
	if err != nil {
		return nil, "", err
	}
	if !storable(q.Email) {
		return nil, "", nil
	}
	limit := min(max(q.Limit, 1), pageMax)
	st, args, err := us.page(ctx, q, last)
	if err != nil {
		return nil, "", err
	}
	err = us.s.each(ctx, st, append(args, limit+1), func(scan func(...any) error) error {
		u := new(U)
		users = append(users, u)
		return scan(us.model.cells(nil, reflect.ValueOf(u).Elem(), nil)...)
	})
	if err != nil {
		return nil, "", err
	}
	if len(users) > limit {
		users = users[:limit]
		next = q.Next(us.place(q, users[limit-1]))
	}
	for _, u := range users {
		us.s.adopted.complete(us.base(u))
	}
	return users, next, nil
}

// place is where a user stands in the order of a query, in the column as it is.
func (us *UserStore[U]) place(q core.Query, u *U) string {
	if q.Email == "" {
		return us.base(u).ID
	}
	return us.base(u).EmailKey
}

// listStatements read a page: of all users, and the first and a later one of a
// search.
type listStatements struct{ all, search, searchOn statement }

// page is the statement that reads a page, with its arguments but the limit.
func (us *UserStore[U]) page(ctx context.Context, q core.Query, last string) (statement, []any, error) {
	list := us.lists[0]
	if q.Superusers {
		list = us.lists[1]
	}
	if q.Email == "" {
		ids := us.s.opts.IDs
		if last == "" {
			last = ids.lowest()
		} else if _, valid := ids.canonical(last); !valid {
			return statement{}, nil, core.ErrInvalid
		}
		return list.all, []any{ids.arg(last)}, nil
	}
	if !storable(last) {
		return statement{}, nil, core.ErrInvalid
	}
	if err := us.s.adopted.claim(ctx, q.Email); err != nil {
		return statement{}, nil, err
	}
	end := q.Email + string(utf8.MaxRune)
	if last == "" {
		return list.search, []any{q.Email, end}, nil
	}
	return list.searchOn, []any{last, end}, nil
}
