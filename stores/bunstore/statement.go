package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// statement is a fixed SQL text, with what it does for error messages.
type statement struct{ what, text string }

// tokens are what a template's text is made of beside plain SQL: literals, which stay as they are, names in braces, and placeholders.
var tokens = regexp.MustCompile(`'[^']*'|\{[a-z_]+\}|\?`)

// statement makes a statement of the database's dialect from a template: {users} and {oauth_accounts} are the tables that Options name,
// {bytes}, {text} and {timestamp} are column types, any other {name} is the prefixed name of a table or an index of this package, ? is a
// placeholder.
func (s *Store) statement(what, template string) statement {
	places := 0
	return statement{what, tokens.ReplaceAllStringFunc(template, func(token string) string {
		switch {
		case token == "?" && s.dialect.numbered:
			places++
			return "$" + strconv.Itoa(places)
		case token[0] != '{':
			return token
		case token == "{users}":
			return quote(s.opts.UsersTable)
		case token == "{oauth_accounts}":
			return quote(s.opts.OAuthAccountsTable)
		}
		name := strings.Trim(token, "{}")
		if t, ok := s.dialect.types[name]; ok {
			return t
		}
		return quote(s.opts.Prefix + name)
	})}
}

// quote writes a name as an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// conn is what *sql.DB and *sql.Tx have in common.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn is the transaction of ctx, else the database. Both are database/sql's own: bun's would write the arguments into the text.
func (s *Store) conn(ctx context.Context) conn {
	if tx := s.transaction(ctx); tx != nil {
		return tx.Tx.Tx
	}
	return s.db.DB
}

// exec runs st and gives the number of rows that it changed.
func (s *Store) exec(ctx context.Context, st statement, args ...any) (changed int64, err error) {
	err = s.retry(ctx, func() error {
		result, err := s.conn(ctx).ExecContext(ctx, st.text, args...)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, wrap(st.what, err)
}

// get reads the one row of st into dest. ErrNotFound if there is none.
func (s *Store) get(ctx context.Context, st statement, args []any, dest ...any) error {
	row, err := s.row(ctx, st, args)
	if err == nil {
		err = row.Scan(dest...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return core.ErrNotFound
	}
	return wrap(st.what, err)
}

// row runs st as a prepared statement, where that saves anything: requests run few statements, again and again. Inside a transaction it
// does not, as preparing takes a connection of its own.
func (s *Store) row(ctx context.Context, st statement, args []any) (*sql.Row, error) {
	if !s.dialect.prepare || s.transaction(ctx) != nil {
		return s.conn(ctx).QueryRowContext(ctx, st.text, args...), nil
	}
	prepared, ok := s.prepared.Load(st.text)
	if !ok {
		fresh, err := s.db.DB.PrepareContext(ctx, st.text)
		if err != nil {
			return nil, err
		}
		if prepared, ok = s.prepared.LoadOrStore(st.text, fresh); ok {
			_ = fresh.Close() // another request was faster
		}
	}
	return prepared.(*sql.Stmt).QueryRowContext(ctx, args...), nil
}

// each calls read for every row of st.
func (s *Store) each(ctx context.Context, st statement, args []any, read func(scan func(dest ...any) error) error) error {
	rows, err := s.conn(ctx).QueryContext(ctx, st.text, args...)
	if err != nil {
		return wrap(st.what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return wrap(st.what, err)
		}
	}
	return wrap(st.what, rows.Err())
}

// sweepBatch is how many rows one statement deletes, so that sweeping never holds the write lock for long.
const sweepBatch = 1000

// sweep runs st, which deletes at most sweepBatch rows that expired at the time of its first argument, until there are no more.
func (s *Store) sweep(ctx context.Context, st statement) (int, error) {
	now, total := s.now(), 0
	for {
		n, err := s.exec(ctx, st, now, sweepBatch)
		total += int(n)
		if err != nil || n < sweepBatch {
			return total, err
		}
	}
}
