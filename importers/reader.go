package importers

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// reader reads a source's tables. Their structure is looked up when it begins.
type reader struct {
	db             *sql.DB
	d              dialect
	o              TableOptions
	spec           spec
	columns        Columns
	accountColumns AccountColumns

	users    *table
	key      string          // the column of IDs
	read     []string        // the columns that are read
	own      map[string]bool // those that are Own
	accounts *table          // nil if there is none
	links    map[string][]row
	// Of systems with more tables, by their names; rows by users' IDs.
	extra map[string]*table
	more  map[string]map[string][]row
}

func (s tableSource) open(ctx context.Context, after string) (*reader, error) {
	d, err := dialectOf(ctx, s.db)
	if err != nil {
		return nil, err
	}
	r := &reader{
		db: s.db, d: d, o: s.o, spec: s.spec, columns: merged(s.o.Columns, s.spec.columns),
		accountColumns: merged(s.o.AccountColumns, s.spec.accountColumns), own: map[string]bool{},
		extra: map[string]*table{}, more: map[string]map[string][]row{},
	}
	if r.users, err = findTable(ctx, s.db, d, false, given(s.o.Users, s.spec.users)...); err != nil {
		return nil, err
	}
	if names := given(s.o.Accounts, s.spec.accounts); len(names) > 0 && names[0] != None {
		if r.accounts, err = findTable(ctx, s.db, d, s.o.Accounts == "", names...); err != nil {
			return nil, err
		}
	}
	if r.accounts != nil && s.o.AccountColumns.Subject == "" && s.spec.formerSubject != "" {
		if _, ok := r.accounts.column(r.accountColumns.Subject); !ok {
			r.accountColumns.Subject = s.spec.formerSubject
		}
	}
	if err := errors.Join(r.choose(), r.missing(s.o)); err != nil {
		return nil, err
	}
	if s.spec.open != nil {
		if err := s.spec.open(ctx, r); err != nil {
			return nil, err
		}
	}
	if after == "" {
		return r, r.checkKeys(ctx)
	}
	return r, nil
}

func given(name string, without []string) []string {
	if name != "" {
		return []string{name}
	}
	return without
}

// merged takes the names of o, and those of a system where o has none.
func merged[C Columns | AccountColumns](o, system C) C {
	to, from := reflect.ValueOf(&o).Elem(), reflect.ValueOf(system)
	for i := range to.NumField() {
		to.Field(i).SetString(cmp.Or(to.Field(i).String(), from.Field(i).String()))
	}
	return o
}

// choose decides which of the users' columns are read, and which are Own.
func (r *reader) choose() error {
	var ok bool
	if r.key, ok = r.users.column(r.columns.ID); !ok {
		return fmt.Errorf("the table %s has no column %q of IDs", r.users.name, r.columns.ID)
	}
	var named []string
	for _, name := range append(fields(r.columns), r.spec.flags...) {
		if column, ok := r.users.column(name); ok {
			named = append(named, column)
		}
	}
	for _, column := range r.users.all {
		switch {
		case slices.Contains(named, column):
			r.read = append(r.read, column)
		case !r.hides(column):
			r.read = append(r.read, column)
			r.own[column] = true
		}
	}
	return nil
}

// hides reports whether a column is not read.
func (r *reader) hides(column string) bool {
	name := folded(column)
	hidden := func(h string) bool { return folded(h) == name }
	return strings.HasSuffix(name, "token") || strings.Contains(name, "secret") || strings.Contains(name, "password") ||
		slices.ContainsFunc(r.spec.hidden, hidden)
}

// missing returns which columns are not there that must be: Email, and those
// that the application has named.
func (r *reader) missing(o TableOptions) error {
	var errs []error
	absent := func(t *table, name string) {
		if _, ok := t.column(name); !ok {
			errs = append(errs, fmt.Errorf("the table %s has no column %q", t.name, name))
		}
	}
	absent(r.users, r.columns.Email)
	for _, name := range fields(o.Columns) {
		if name != "" && name != None {
			absent(r.users, name)
		}
	}
	if r.accounts == nil {
		return errors.Join(errs...)
	}
	for _, name := range []string{r.accountColumns.User, r.accountColumns.Provider, r.accountColumns.Subject} {
		absent(r.accounts, name)
	}
	return errors.Join(errs...)
}

func fields(c Columns) (names []string) {
	for i := range reflect.TypeOf(c).NumField() {
		names = append(names, reflect.ValueOf(c).Field(i).String())
	}
	return names
}

// checkKeys returns an error for users without an ID, which no page has: SQLite
// allows a primary key to be NULL.
func (r *reader) checkKeys(ctx context.Context) error {
	//nolint:gosec // G201: names are quoted
	query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s IS NULL", r.d.quote(r.users.name), r.d.quote(r.key))
	var n int
	if err := r.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%d rows of the table %s have no %s", n, r.users.name, r.key)
	}
	return nil
}
