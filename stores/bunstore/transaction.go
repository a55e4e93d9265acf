package bunstore

import (
	"context"
	"database/sql"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
)

var _ core.Transactor = (*Store)(nil)

// transaction is bun's, for sqlstore.
type transaction struct{ bun.Tx }

// Conn is database/sql's own transaction: bun's would write the arguments into
// the text.
func (t transaction) Conn() sqlstore.Conn { return t.Tx.Tx }

func begin(db *bun.DB) func(context.Context, *sql.TxOptions) (sqlstore.Tx, error) {
	return func(ctx context.Context, opts *sql.TxOptions) (sqlstore.Tx, error) {
		tx, err := db.BeginTx(ctx, opts)
		return transaction{tx}, err
	}
}

// WithTx returns a context in which every store over tx's database works inside
// the application's own transaction. The application commits or rolls back.
// Nothing is retried in it. Tickets' Fail, whose count must outlive a rollback,
// goes through a connection of its own; on SQLite that is an error once tx has
// the write lock (with SQLiteDSN: from its beginning).
func WithTx(ctx context.Context, tx bun.Tx) context.Context {
	return sqlstore.Join(ctx, tx.NewRaw("").DB().DB, transaction{tx})
}

// DB is what the application's own queries go through to take part in the
// transaction of ctx: that transaction, else the database.
func (s *Store) DB(ctx context.Context) bun.IDB {
	if t, ok := s.sql.Tx(ctx).(transaction); ok {
		return t.Tx
	}
	return s.db
}

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
	return s.sql.Transact(ctx, do)
}
