package sqlstore

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// model is an application's user type: its columns, in the order of the
// statements.
type model struct {
	columns []Column
	// base is true for those of core.User but the id.
	base []bool
	// id and password are the indexes of the id and of the hash among them.
	id, password int
	// defaults: the database fills columns in when a user is created.
	defaults bool
}

// baseColumns are core.User's, without the id, whose type is an option. NULL is
// the zero value of a column that may be NULL. Those with a default, or NULL,
// can be added to a table that another program writes too.
var baseColumns = []column{
	{"email", "{text} NOT NULL"},
	{"email_key", "{key}"},
	{"hashed_password", "{text} NOT NULL"},
	{"is_active", "BOOLEAN NOT NULL"},
	{"is_superuser", "BOOLEAN NOT NULL"},
	{"is_verified", "BOOLEAN NOT NULL"},
	{"token_epoch", "BIGINT NOT NULL DEFAULT 0"},
	{"created_at", "{timestamp}"},
	{"updated_at", "{timestamp}"},
	{"suspended_until", "{timestamp}"},
	{"suspended_for", "{text}"},
}

// baseFields are pointers to the fields of these columns.
func baseFields(u *core.User) map[string]any {
	return map[string]any{
		"id": &u.ID, "email": &u.Email, "email_key": &u.EmailKey, "hashed_password": &u.HashedPassword, "is_active": &u.IsActive,
		"is_superuser": &u.IsSuperuser, "is_verified": &u.IsVerified, "token_epoch": &u.TokenEpoch, "created_at": &u.CreatedAt,
		"updated_at": &u.UpdatedAt, "suspended_until": &u.SuspendedUntil, "suspended_for": &u.SuspendedFor,
	}
}

// newModel checks that core.User's columns are those of the embedded User
// itself, not of fields of the application that hide them.
func newModel(u core.AnyUser, columns []Column) (*model, error) {
	user, base := reflect.ValueOf(u).Elem(), u.Base()
	if base == nil {
		return nil, fmt.Errorf("sqlstore: %s must embed core.User by value", user.Type())
	}
	m, missing := &model{columns: columns}, baseFields(base)
	for i, c := range columns {
		switch c.Name {
		case "id":
			m.id = i
		case "hashed_password":
			m.password = i
		}
		m.base = append(m.base, IsBase(c.Name) && c.Name != "id")
		m.defaults = m.defaults || c.Default != ""
		if missing[c.Name] == c.Value(user) {
			delete(missing, c.Name)
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		errs = append(errs, fmt.Errorf("sqlstore: the column %s of %s is not core.User's: embed core.User without a tag and name own columns otherwise",
			name, user.Type()))
	}
	return m, errors.Join(errs...)
}

// values are u's columns as arguments; of one that is created, NULL where the
// database has a default.
func (m *model) values(d dialect, u reflect.Value, created bool) ([]any, error) {
	args := make([]any, len(m.columns))
	for i, c := range m.columns {
		value := c.Value(u)
		if isZero(value) && (nullable(c.Name) || created && c.Default != "") {
			continue
		}
		arg, err := argument(d, value)
		if err != nil {
			return nil, &core.RefusedError{Field: c.Field, Cause: fmt.Errorf("sqlstore: the column %s: %w", c.Name, err)}
		}
		args[i] = arg
	}
	return args, nil
}

// cells adds destinations for a row of m's columns, which scan into u; with
// present only if that is true by then.
func (m *model) cells(dest []any, u reflect.Value, present *bool) []any {
	cells := make([]cell, len(m.columns))
	dest = slices.Grow(dest, len(cells))
	for i := range m.columns {
		cells[i] = cell{&m.columns[i], m.base[i], u, present}
		dest = append(dest, &cells[i])
	}
	return dest
}
