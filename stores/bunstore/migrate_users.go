package bunstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/uptrace/bun/schema"
)

// migrateUsers makes the users' table if it is missing and adds what it lacks.
func (s *Store) migrateUsers(ctx context.Context) error {
	if s.adopted == nil {
		if err := s.define(ctx, s.usersTable()); err != nil {
			return err
		}
	}
	if err := s.addColumns(ctx); err != nil {
		return err
	}
	if err := s.define(ctx, "CREATE UNIQUE INDEX IF NOT EXISTS "+s.usersIndex("email_key")+" ON {users} (email_key)"); err != nil {
		return err
	}
	return s.adopted.backfill(ctx)
}

// usersIndex names an index after its table: two tables of users must not share one.
func (s *Store) usersIndex(name string) string { return quote(s.opts.UsersTable + "_" + name) }

func (s *Store) usersTable() string {
	columns := []string{"id " + s.dialect.ids[s.opts.IDs]}
	for _, c := range baseColumns {
		columns = append(columns, c.name+" "+c.definition)
	}
	return "CREATE TABLE IF NOT EXISTS {users} (" + strings.Join(columns, ", ") + ")"
}

// addColumns adds the columns of core.User and of the user types that the table lacks.
func (s *Store) addColumns(ctx context.Context) error {
	there, err := s.columns(ctx)
	if err != nil {
		return err
	}
	add := func(name, definition string) error {
		if slices.Contains(there, name) {
			return nil
		}
		there = append(there, name)
		_, err := s.exec(ctx, s.statement("add the column "+name, "ALTER TABLE {users} ADD COLUMN "+quote(name)+" "+definition))
		return err
	}
	for _, c := range baseColumns {
		if err := add(c.name, c.definition); err != nil {
			return err
		}
	}
	for _, m := range s.models {
		for _, f := range m.own {
			if err := add(f.Name, definition(f)); err != nil {
				return err
			}
		}
	}
	return nil
}

// definition is the column of an application's field, as bun would create it.
func definition(f *schema.Field) string {
	d := f.CreateTableSQLType
	if f.SQLDefault != "" {
		d += " DEFAULT " + f.SQLDefault
	}
	if f.NotNull {
		d += " NOT NULL"
	}
	return d
}

// columns are the names of the users' table's columns.
func (s *Store) columns(ctx context.Context) ([]string, error) {
	st := s.statement("read the users' table", "SELECT * FROM {users} WHERE 1 = 0")
	rows, err := s.conn(ctx).QueryContext(ctx, st.text)
	if err != nil {
		return nil, wrap(st.what, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	return names, wrap(st.what, errors.Join(err, rows.Err()))
}
