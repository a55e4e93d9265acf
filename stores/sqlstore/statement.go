package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// statement is a fixed SQL text, with what it does for error messages.
type statement struct{ what, text string }

// tokens are what a template's text is made of beside plain SQL: literals and
// quoted names, which stay as they are, names in braces, and placeholders.
var tokens = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`|\\{[a-z_]+\\}|\\?")

// statement makes a statement of the database's dialect from a template:
// {bytes}, {text} and the like are column types, any other {name} is a table, ?
// is a placeholder.
func (e *engine) statement(what, template string) statement {
	places := 0
	return statement{what, tokens.ReplaceAllStringFunc(template, func(token string) string {
		switch {
		case token == "?" && e.dialect.numbered:
			places++
			return "$" + strconv.Itoa(places)
		case token[0] != '{':
			return token
		}
		name := strings.Trim(token, "{}")
		if t, ok := e.dialect.types[name]; ok {
			return t
		}
		return e.quote(e.tableName(name))
	})}
}

// tableName is the name of the table that statements call {token}.
func (e *engine) tableName(token string) string {
	switch token {
	case "users":
		return e.opts.UsersTable
	case "oauth_accounts":
		return e.opts.OAuthAccountsTable
	}
	return e.opts.Prefix + token
}

// quote writes a name as an SQL identifier.
func (e *engine) quote(name string) string {
	q := e.dialect.quote
	return q + strings.ReplaceAll(name, q, q+q) + q
}

// Conn is what *sql.DB, *sql.Conn and *sql.Tx have in common. It also has what
// sqlc's generated code needs.
type Conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// connectionKey holds the database whose migration runs on one *sql.Conn.
type connectionKey struct{ db *sql.DB }

// conn is the transaction of ctx, or its connection, else the database.
func (e *engine) conn(ctx context.Context) Conn {
	if tx := e.transaction(ctx); tx != nil {
		return tx.Conn()
	}
	if c, ok := ctx.Value(connectionKey{e.db}).(*sql.Conn); ok {
		return c
	}
	return e.db
}

// exec runs st and returns the number of rows that it changed.
func (e *engine) exec(ctx context.Context, st statement, args ...any) (changed int64, err error) {
	err = e.retry(ctx, func(ctx context.Context) error {
		result, err := e.conn(ctx).ExecContext(ctx, st.text, args...)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, wrap(st.what, err)
}

// execAll runs statements with the same arguments, until one fails.
func (e *engine) execAll(ctx context.Context, statements []statement, args ...any) error {
	for _, st := range statements {
		if _, err := e.exec(ctx, st, args...); err != nil {
			return err
		}
	}
	return nil
}

// insert runs st, which inserts one row. ErrTaken if one of its unique keys
// exists; a transaction of ctx can go on then.
func (e *engine) insert(ctx context.Context, st statement, args ...any) error {
	n, err := e.exec(ctx, st, args...)
	if taken(err) || err == nil && n == 0 {
		return core.ErrTaken
	}
	return err
}

// insertNumber is insert, and returns the number that the database made for the
// row.
func (e *engine) insertNumber(ctx context.Context, st statement, args ...any) (number int64, err error) {
	err = e.retry(ctx, func(ctx context.Context) error {
		result, err := e.conn(ctx).ExecContext(ctx, st.text, args...)
		if err == nil {
			number, err = result.LastInsertId()
		}
		return err
	})
	return number, wrap(st.what, err)
}

// get reads the one row of st into dest. ErrNotFound if there is none.
func (e *engine) get(ctx context.Context, st statement, args []any, dest ...any) error {
	err := e.retry(ctx, func(ctx context.Context) error {
		row, err := e.row(ctx, st, args)
		if err == nil {
			err = row.Scan(dest...)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return core.ErrNotFound
	}
	return wrap(st.what, err)
}

// row runs st as a prepared statement, where that saves anything: requests run
// few statements, again and again. Inside a transaction it does not, as
// preparing takes a connection of its own.
func (e *engine) row(ctx context.Context, st statement, args []any) (*sql.Row, error) {
	if c := e.conn(ctx); !e.dialect.prepare || c != Conn(e.db) {
		return c.QueryRowContext(ctx, st.text, args...), nil
	}
	prepared, ok := e.prepared.Load(st.text)
	if !ok {
		fresh, err := e.db.PrepareContext(ctx, st.text)
		if err != nil {
			return nil, err
		}
		if prepared, ok = e.prepared.LoadOrStore(st.text, fresh); ok {
			_ = fresh.Close() // another request was faster
		}
	}
	return prepared.(*sql.Stmt).QueryRowContext(ctx, args...), nil
}

// each calls read for every row of st.
func (e *engine) each(
	ctx context.Context, st statement, args []any, read func(scan func(dest ...any) error) error,
) error {
	return wrap(st.what, e.retry(ctx, func(ctx context.Context) error {
		rows, err := e.conn(ctx).QueryContext(ctx, st.text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		for more := true; more && err == nil; more = rows.Next() {
			err = read(rows.Scan)
		}
		// What was read cannot be unread.
		return final(cmp.Or(err, rows.Err()))
	}))
}

// sweep runs st, which deletes at most a batch of the rows that expired at the
// time of its first argument, until there are no more. No batch holds the write
// lock for long.
func (e *engine) sweep(ctx context.Context, st statement) (int, error) {
	return e.inBatches(ctx, st, e.now())
}

// inBatches runs st, which changes at most as many rows as its last argument
// says, until it changes fewer. It returns how many it changed.
func (e *engine) inBatches(ctx context.Context, st statement, args ...any) (total int, err error) {
	args = append(args, e.dialect.batch)
	for {
		begun := time.Now()
		n, err := e.exec(ctx, st, args...)
		total += int(n)
		if err != nil || n < int64(e.dialect.batch) {
			return total, err
		}
		if e.dialect.patient && !sleep(ctx, time.Since(begun)) {
			return total, wrap(st.what, ctx.Err())
		}
	}
}
