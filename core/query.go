package core

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// UserSort is an order of users.
type UserSort int

// The orders of a Query. Users without the value come last, in either
// direction.
const (
	// SortStable is an order that never changes, a store's own. With an
	// Email it is SortEmail, with another filter SortCreated.
	SortStable UserSort = iota
	// SortCreated is by CreatedAt.
	SortCreated
	// SortEmail is by EmailKey, by its bytes.
	SortEmail
)

// Query is which users UserStore.List returns, and in which order. What is zero
// does not filter.
type Query struct {
	// Email is how their EmailKey begins, byte by byte. It is sorted by
	// EmailKey: with SortCreated it is ErrInvalid.
	Email string
	// Active, Verified and Superuser are the user's flags.
	Active, Verified, Superuser *bool
	// Suspended is whether they are suspended at the time Now, without
	// which it is ErrInvalid.
	Suspended *bool
	Now       time.Time
	// CreatedFrom and CreatedBefore bound their CreatedAt; the first is
	// allowed itself, the second is not.
	CreatedFrom, CreatedBefore time.Time

	// Sort is their order, Descending reverses it.
	Sort       UserSort
	Descending bool

	// Cursor is the next of the page before; "" for the first page. It
	// belongs to the rest of its query but Now and Limit.
	Cursor string
	// Limit is how many users a page has at most. A store brings it between
	// 1 and 100.
	Limit int
}

// Order returns the order in which the query's users come: Sort, but SortEmail
// with an Email, and SortCreated where it is SortStable with another filter, so
// that a store needs one index for each filter.
func (q Query) Order() UserSort {
	flags := q.Active != nil || q.Verified != nil || q.Superuser != nil || q.Suspended != nil
	switch {
	case q.Email != "":
		return SortEmail
	case q.Sort == SortStable && (flags || !q.CreatedFrom.IsZero() || !q.CreatedBefore.IsZero()):
		return SortCreated
	}
	return q.Sort
}

// Matches reports whether a user is one of the query's. Stores whose database
// does not filter can use it.
func (q Query) Matches(u *User) bool {
	is := func(want *bool, value bool) bool { return want == nil || *want == value }
	return strings.HasPrefix(u.EmailKey, q.Email) && is(q.Active, u.IsActive) && is(q.Verified, u.IsVerified) &&
		is(q.Superuser, u.IsSuperuser) && is(q.Suspended, q.Now.Before(u.SuspendedUntil)) &&
		(q.CreatedFrom.IsZero() || !u.CreatedAt.Before(q.CreatedFrom)) &&
		(q.CreatedBefore.IsZero() || !u.CreatedAt.IsZero() && u.CreatedAt.Before(q.CreatedBefore))
}

// Next returns the cursor of the page after this one, whose last user is at
// the given place: a store's own word for it, such as an ID. It is part of a
// URL and not sealed.
func (q Query) Next(last string) string { return cursorAt(q.kind(), last) }

// After returns the place that Next made the Cursor of; "" for the first page.
// ErrInvalid if Next did not make it, or made it for another query, and for a
// query that no store answers: each List calls it first.
func (q Query) After() (last string, err error) {
	if q.Sort < SortStable || q.Sort > SortEmail || q.Email != "" && q.Sort == SortCreated ||
		q.Suspended != nil && q.Now.IsZero() {
		return "", ErrInvalid
	}
	return placeOf(q.Cursor, q.kind())
}

// kind is what distinguishes the query from those with cursors of their own.
func (q Query) kind() [32]byte {
	flag := func(want *bool) string {
		if want == nil {
			return ""
		}
		return fmt.Sprint(*want)
	}
	return sha256.Sum256(fmt.Appendf(nil, "%s,%s,%s,%s,%d,%d,%d,%t,%s",
		flag(q.Active), flag(q.Verified), flag(q.Superuser), flag(q.Suspended),
		q.CreatedFrom.UnixMicro(), q.CreatedBefore.UnixMicro(), q.Order(), q.Descending, q.Email))
}
