package sqlstore

import (
	"context"
	"database/sql"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.Transactor = (*Store)(nil)

// Transact runs do in a transaction; see core.Transactor. Where the database
// refuses because of another transaction (a deadlock, a serialization failure,
// a busy SQLite file), everything is rolled back and do runs again, a few times
// within two seconds. After that the database's error is returned.
//
// Each statement, the beginning and the commit wait for Options.Patience at
// most; do runs again only while there is patience left, and its statements
// wait for the rest of it. What do does besides is not counted. Whether a
// commit that was given up has happened is not known.
func (s *Store) Transact(ctx context.Context, do func(context.Context) error) error {
	return s.transact(ctx, do)
}

// WithTx returns a context in which every store over the same *sql.DB works
// inside tx, a transaction that the application began with it. The application
// commits or rolls back. Nothing is retried in it. Tickets' Fail, whose count
// must outlive a rollback, goes through a connection of its own; on SQLite that
// is an error once tx has the write lock (with SQLiteDSN: from its beginning).
func (s *Store) WithTx(ctx context.Context, tx *sql.Tx) context.Context {
	return Join(ctx, s.db, plainTx{tx})
}

// DB returns what the application's own queries go through to take part in the
// transaction of ctx: its *sql.Tx, else the database.
func (s *Store) DB(ctx context.Context) Conn { return s.conn(ctx) }

// plainTx is a transaction of database/sql.
type plainTx struct{ *sql.Tx }

func (t plainTx) Conn() Conn { return t.Tx }

// beginPlain is Options.Begin where there is no library.
func beginPlain(db *sql.DB) func(context.Context, *sql.TxOptions) (Tx, error) {
	return func(ctx context.Context, opts *sql.TxOptions) (Tx, error) {
		tx, err := db.BeginTx(ctx, opts)
		return plainTx{tx}, err
	}
}
