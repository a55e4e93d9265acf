package importers

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
)

// None is the name of a column that there is not, in Columns and
// AccountColumns, where a system's default has one.
const None = "-"

// Columns are the names of a users' table's columns. A name in camel case also
// finds the same one in snake case, and the other way round.
type Columns struct {
	ID, Email, Hash string
	// Verified, Active and Superuser are booleans, or dates since when.
	// Without Active, users are active.
	Verified, Active, Superuser string
	Created                     string
	SuspendedUntil              string
	SuspendedFor                string
	// Deleted is a boolean or a date; a user with one is skipped.
	Deleted string
}

// AccountColumns are the names of the columns of a table with accounts at
// providers. User has IDs of users.
type AccountColumns struct {
	User, Provider, Subject, Email string
	// Access, Refresh and Expires are the provider's tokens and the end of
	// Access; see TableOptions.Tokens.
	Access, Refresh, Expires string
}

// TableOptions say where users are. What is empty is as the system has it by
// default.
type TableOptions struct {
	// Users is the users' table, and Accounts that of accounts at
	// providers; "schema.table" is one in another schema. None is no table.
	Users, Accounts string
	Columns         Columns
	AccountColumns  AccountColumns
	// Tokens reads the providers' tokens too. The application needs
	// oauth.Options.Vault, which seals them. Default: off.
	Tokens bool
}

// Table is a source of any table of users in SQLite, PostgreSQL, MySQL or
// MariaDB. Options.Users, and the columns ID, Email and Hash, must be named;
// the type of ID has an order. Columns that have no name in Columns are Own,
// except those whose names end in "token" or have "secret" or "password" in
// them, which are not read.
func Table(db *sql.DB, o TableOptions) Source {
	return tableSource{db, o, spec{system: "the table of users"}}
}

// spec is what a system has by default, and does in its own way.
type spec struct {
	system          string
	users, accounts []string // names of tables, of which there is one
	columns         Columns
	accountColumns  AccountColumns
	hidden          []string // columns that are not read
	flags           []string // columns that are read, and not Own
	accountFlags    []string // further columns of accounts that are read
	formerSubject   string   // the name of Subject in tables of an earlier version
	// open looks for further tables, page reads what belongs to users from
	// them, and fix completes a record.
	open func(context.Context, *reader) error
	page func(context.Context, *reader, []any) error
	fix  func(*reader, row, *Record) error
}

// tableSource is a source of rows.
type tableSource struct {
	db   *sql.DB
	o    TableOptions
	spec spec
}

// pageSize is in rows.
const pageSize = 500

// Records implements Source.
func (s tableSource) Records(ctx context.Context, after string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r, err := s.open(ctx, after)
		for last := any(nil); err == nil; {
			if after != "" && last == nil {
				last = after
			}
			var rows []row
			if rows, err = r.rows(ctx, last); err != nil || len(rows) == 0 {
				break
			}
			for _, one := range rows {
				if !yield(r.record(one), nil) {
					return
				}
			}
			last = rows[len(rows)-1].get(r.columns.ID)
		}
		if err != nil {
			yield(Record{}, fmt.Errorf("%s: %w", s.spec.system, err))
		}
	}
}

// rows returns the page of users after a key, and reads what belongs to them.
func (r *reader) rows(ctx context.Context, after any) ([]row, error) {
	key, args, where := "t."+r.d.quote(r.key), []any(nil), ""
	if after != nil {
		where, args = "WHERE "+key+" > "+r.d.placeholder(1), []any{after}
	}
	rest := fmt.Sprintf("%s ORDER BY %s LIMIT %d", where, key, pageSize)
	rows, err := r.users.read(ctx, r.db, r.read, r.own, rest, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]any, len(rows))
	for i, one := range rows {
		ids[i] = one.values[r.key]
	}
	if r.accounts != nil {
		if err := r.linksOf(ctx, ids); err != nil {
			return nil, err
		}
	}
	if r.spec.page != nil {
		if err := r.spec.page(ctx, r, ids); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
