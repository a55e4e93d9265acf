package gormstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"gorm.io/gorm"
)

var _ core.Transactor = (*Store)(nil)

// transaction is GORM's, for sqlstore: the handle that the application's
// queries go through, and what is beneath it.
type transaction struct {
	db *gorm.DB
	gorm.Tx
}

// Conn is beneath GORM, whose logger would print the arguments.
func (t transaction) Conn() sqlstore.Conn { return t.Tx }

// transactionOf is false if db is in no transaction.
func transactionOf(db *gorm.DB) (t transaction, ok bool) {
	pool := db.Statement.ConnPool
	if prepared, is := pool.(*gorm.PreparedStmtTX); is {
		pool = prepared.Tx
	}
	tx, ok := pool.(gorm.Tx)
	return transaction{db, tx}, ok
}

func begin(db *gorm.DB) func(context.Context, *sql.TxOptions) (sqlstore.Tx, error) {
	return func(ctx context.Context, opts *sql.TxOptions) (sqlstore.Tx, error) {
		tx := db.WithContext(ctx).Begin(opts)
		if tx.Error != nil {
			return nil, tx.Error
		}
		t, ok := transactionOf(tx)
		if !ok {
			return nil, errors.Join(errors.New("gormstore: GORM's transaction is not over database/sql's"), tx.Rollback().Error)
		}
		return t, nil
	}
}

// WithTx returns a context in which every store over tx's database works inside
// the application's own transaction, which GORM's Transaction or Begin gave it.
// The application commits or rolls back. Nothing is retried in it. Tickets'
// Fail, whose count must outlive a rollback, goes through a connection of its
// own; on SQLite that is an error once tx has the write lock (with SQLiteDSN:
// from its beginning).
//
// In the context of a tx that is no transaction every call of a store fails,
// but Tickets' Fail.
func WithTx(ctx context.Context, tx *gorm.DB) context.Context {
	// The handle of the whole database: tx's own connection says nothing
	// about it when it is no transaction.
	root := gorm.DB{Config: tx.Config}
	sqldb, err := root.DB()
	t, ok := transactionOf(tx)
	if err != nil || !ok {
		return sqlstore.Break(ctx, sqldb, errors.New("gormstore: WithTx was given a *gorm.DB that is in no transaction"))
	}
	return sqlstore.Join(ctx, sqldb, t)
}

// DB is what the application's own queries go through to take part in the
// transaction of ctx: that transaction, else the database.
func (s *Store) DB(ctx context.Context) *gorm.DB {
	if t, ok := s.sql.Tx(ctx).(transaction); ok {
		return t.db.WithContext(ctx)
	}
	return s.db.WithContext(ctx)
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
