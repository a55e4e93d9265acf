package sqlstore

import (
	"reflect"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Sessions returns the Store's, whose Find returns the session's user too, read
// in the same query: a request that needs both takes one query. The user is nil
// where there is none (any more).
func (us *UserStore[U]) Sessions() *Sessions { return us.sessions }

// userReader reads a user beside a session. A nil one reads nothing.
type userReader struct {
	s     *Store
	names []string
	// begin returns a new user, and adds destinations for the columns of
	// names, which scan into it if *present. (database/sql scans a row's
	// columns in their order.)
	begin func(dest []any, present *bool) (core.AnyUser, []any)
}

func newUserReader[U any, P core.Model[U]](us *UserStore[U]) *userReader {
	return &userReader{s: us.s, names: us.names(), begin: func(dest []any, present *bool) (core.AnyUser, []any) {
		u := P(new(U))
		return u, us.model.cells(dest, reflect.ValueOf(u).Elem(), present)
	}}
}

// columns begin with one that is true if there is a user.
func (r *userReader) columns() string {
	if r == nil {
		return ""
	}
	return ", {users}.id IS NOT NULL, " + qualified("users", r.names...)
}

func (r *userReader) join() string {
	if r == nil {
		return ""
	}
	return " LEFT JOIN {users} ON {users}.id = " + r.s.dialect.owner(r.s.opts.IDs)
}

// next adds destinations for columns, and returns the user that is read into
// them.
func (r *userReader) next(dest []any) (user func() core.AnyUser, all []any) {
	if r == nil {
		return func() core.AnyUser { return nil }, dest
	}
	var present bool
	u, all := r.begin(append(dest, &present), &present)
	user = func() core.AnyUser {
		if !present {
			return nil
		}
		r.s.adopted.complete(u.Base())
		return u
	}
	return user, all
}

// qualified writes names of a table's columns, with the table's.
func qualified(table string, names ...string) string {
	return "{" + table + "}." + strings.Join(names, ", {"+table+"}.")
}
