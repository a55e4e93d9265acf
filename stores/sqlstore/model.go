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
	// base is true for those of core.User but the id, and of core.Named.
	base []bool
	// id and password are the indexes of the id and of the hash among them.
	id, password int
	// named: the type has core.Named.
	named bool
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

// nameColumn is core.Named's that is unique. The other one is as the mapping
// has it.
var nameColumn = column{"username_key", "{key}"}

// baseFields are pointers to the fields of these columns.
func baseFields(u *core.User) map[string]any {
	return map[string]any{
		"id": &u.ID, "email": &u.Email, "email_key": &u.EmailKey, "hashed_password": &u.HashedPassword, "is_active": &u.IsActive,
		"is_superuser": &u.IsSuperuser, "is_verified": &u.IsVerified, "token_epoch": &u.TokenEpoch, "created_at": &u.CreatedAt,
		"updated_at": &u.UpdatedAt, "suspended_until": &u.SuspendedUntil, "suspended_for": &u.SuspendedFor,
	}
}

// nameFields are pointers to those of core.Named; nil where a type has none.
func nameFields(u core.AnyUser) map[string]any {
	n := core.NamedOf(u)
	if n == nil {
		return nil
	}
	return map[string]any{"username": &n.Username, nameColumn.name: &n.UsernameKey}
}

// newModel checks that core.User's columns are those of the embedded User
// itself, not of fields of the application that hide them.
func newModel(u core.AnyUser, columns []Column) (*model, error) {
	user, base := reflect.ValueOf(u).Elem(), u.Base()
	if base == nil {
		return nil, fmt.Errorf("sqlstore: %s must embed core.User by value", user.Type())
	}
	m, missing, names := &model{columns: columns}, baseFields(base), nameFields(u)
	m.named = names != nil
	for i, c := range columns {
		switch c.Name {
		case "id":
			m.id = i
		case "hashed_password":
			m.password = i
		}
		value := c.Value(user)
		isName := names[c.Name] != nil && names[c.Name] == value
		m.base = append(m.base, IsBase(c.Name) && c.Name != "id" || isName)
		m.defaults = m.defaults || c.Default != ""
		if missing[c.Name] == value {
			delete(missing, c.Name)
		}
		if isName {
			delete(names, c.Name)
		}
	}
	return m, errors.Join(hidden(user.Type(), missing, "core.User"), hidden(user.Type(), names, "core.Named"))
}

// hidden returns an error for each column of an embedded struct that is missing
// among those of a type.
func hidden(t reflect.Type, missing map[string]any, embedded string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		errs = append(errs, fmt.Errorf("sqlstore: the column %s of %s is not %[3]s's: embed %[3]s without a tag and name own columns otherwise",
			name, t, embedded))
	}
	return errors.Join(errs...)
}

// isNull reports whether a column is NULL for the zero value.
func (m *model) isNull(name string) bool { return nullable(name) || m.named && name == nameColumn.name }

// values are u's columns as arguments; of one that is created, NULL where the
// database has a default.
func (m *model) values(d dialect, u reflect.Value, created bool) ([]any, error) {
	args := make([]any, len(m.columns))
	for i, c := range m.columns {
		value := c.Value(u)
		if isZero(value) && (m.isNull(c.Name) || created && c.Default != "") {
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
