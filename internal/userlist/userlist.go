// Package userlist writes the place of a user in the order of a core.Query, for
// cursors. Stores find the next page by it, also when that user has gone.
//
//	next = q.Next(userlist.Write(q.Order(), user, id))
//
//	place, err := userlist.Read(q)
package userlist

import (
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Place is where a page begins: after this user.
type Place struct {
	// First: it is the first page; the rest is zero.
	First bool
	// Last: the user is one of those who have no value to sort by, and come
	// last in the order of their IDs.
	Last    bool
	Email   string    // of SortEmail
	Created time.Time // of SortCreated
	// ID is empty with an Email, which is unique.
	ID string
}

// Write returns the place of a user; id is the store's word for the user where
// nothing else decides.
func Write(order core.UserSort, u *core.User, id string) string {
	switch {
	case order == core.SortStable:
		return id
	case order == core.SortEmail && u.EmailKey != "":
		return "=" + u.EmailKey
	case order == core.SortCreated && !u.CreatedAt.IsZero():
		return strconv.FormatInt(u.CreatedAt.UnixMicro(), 10) + "," + id
	}
	return "," + id
}

// Read returns the place of a query's cursor; core.ErrInvalid if Write did not
// write it for this query. The store checks the ID.
func Read(q core.Query) (Place, error) {
	last, err := q.After()
	if err != nil || last == "" {
		return Place{First: true}, err
	}
	order := q.Order()
	if order == core.SortStable {
		return Place{ID: last}, nil
	}
	if email, ok := strings.CutPrefix(last, "="); ok && order == core.SortEmail {
		return Place{Email: email}, nil
	}
	created, id, ok := strings.Cut(last, ",")
	if ok && created == "" {
		return Place{Last: true, ID: id}, nil
	}
	micros, err := strconv.ParseInt(created, 10, 64)
	if !ok || err != nil || order != core.SortCreated || strconv.FormatInt(micros, 10) != created {
		return Place{}, core.ErrInvalid
	}
	return Place{Created: time.UnixMicro(micros).UTC(), ID: id}, nil
}
