package bunstore

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
	"github.com/uptrace/bun/schema"
)

// model is what bun's schema knows of an application's user type: its columns, in the order of the statements.
type model struct {
	fields []*schema.Field
	// id is the index of the id among them.
	id int
	// own are those of fields that core.User does not have.
	own []*schema.Field
	// defaults tells that the database fills own columns in when a user is created.
	defaults bool
}

// baseColumns are core.User's, without the id, whose type is an option. NULL is the zero value of a column that may be NULL. Those
// with a default, or NULL, can be added to a table that another program writes too.
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
}

// refusedOptions are those of bun's tags that neither Migrate nor the statements would honour.
var refusedOptions = []string{"pk", "autoincrement", "identity", "unique", "soft_delete", "array", "hstore", "composite", "multirange", "msgpack"}

// newModel reads the columns of u's type, an application's user.
func newModel(s *Store, u core.AnyUser) (*model, error) {
	table, err := tableOf(s, reflect.TypeOf(u).Elem())
	if err != nil {
		return nil, err
	}
	base := u.Base()
	if base == nil {
		return nil, fmt.Errorf("bunstore: %s must embed core.User by value", table.Type)
	}
	errs := sameColumns(s, table, reflect.ValueOf(u).Elem(), reflect.ValueOf(base).Elem())
	m := &model{fields: table.Fields}
	for i, f := range table.Fields {
		if f.Name == "id" {
			m.id = i
		}
		if s.db.Table(reflect.TypeFor[core.User]()).HasField(f.Name) {
			continue
		}
		m.own = append(m.own, f)
		m.defaults = m.defaults || f.NullZero && f.SQLDefault != ""
		errs = append(errs, checkOwn(table, f))
	}
	return m, errors.Join(errs...)
}

// tableOf asks bun, which panics over a tag that it cannot use.
func tableOf(s *Store, t reflect.Type) (table *schema.Table, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("bunstore: %s cannot be stored: %v", t, reason)
		}
	}()
	return s.db.Table(t), nil
}

// sameColumns checks that core.User's columns are those of the embedded User itself, not of fields of the application that hide them.
func sameColumns(s *Store, table *schema.Table, user, base reflect.Value) (errs []error) {
	for _, want := range s.db.Table(base.Type()).Fields {
		f, ok := table.FieldMap[want.Name]
		if !ok || f.Value(user).Addr().Pointer() != want.Value(base).Addr().Pointer() {
			errs = append(errs, fmt.Errorf("bunstore: the column %s of %s is not core.User's: embed core.User without a bun tag and name own columns otherwise",
				want.Name, table.Type))
		}
	}
	return errs
}

func checkOwn(table *schema.Table, f *schema.Field) error {
	if f.Append == nil || f.Scan == nil || f.CreateTableSQLType == "" {
		return fmt.Errorf("bunstore: %s.%s: there is no column type for %s", table.Type, f.GoName, f.StructField.Type)
	}
	for _, option := range refusedOptions {
		if f.Tag.HasOption(option) {
			return fmt.Errorf("bunstore: %s.%s: the bun option %q is not supported here; constraints belong into a migration of your own", table.Type, f.GoName, option)
		}
	}
	if f.NotNull && f.SQLDefault == "" {
		return fmt.Errorf("bunstore: %s.%s: a notnull column needs a default, as it may be added to a table with users in it", table.Type, f.GoName)
	}
	return nil
}

// definition is the column of an application's field, as bun would create it.
func (s *Store) definition(f *schema.Field) string {
	d := cmp.Or(s.dialect.columnTypes[f.CreateTableSQLType], f.CreateTableSQLType)
	if f.SQLDefault != "" {
		d += " DEFAULT " + f.SQLDefault
	}
	if f.NotNull {
		d += " NOT NULL"
	}
	return d
}

// values are u's columns as arguments.
func (m *model) values(d dialect, u reflect.Value) ([]any, error) {
	args := make([]any, len(m.fields))
	for i, f := range m.fields {
		arg, err := argument(d, f, f.Value(u))
		if f.Name == "email_key" && !storable(f.Value(u).String()) {
			err = errors.New("it is not UTF-8, or has a NUL, so that nobody could be found by it")
		}
		if err != nil {
			return nil, fmt.Errorf("bunstore: the column %s: %w", f.Name, err)
		}
		args[i] = arg
	}
	return args, nil
}

// cells are destinations for a row of m's columns, which scan into u.
func (m *model) cells(u reflect.Value) []any {
	cells, dest := make([]cell, len(m.fields)), make([]any, len(m.fields))
	for i, f := range m.fields {
		cells[i] = cell{f, u}
		dest[i] = &cells[i]
	}
	return dest
}
