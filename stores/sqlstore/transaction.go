package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.Transactor = (*Store)(nil)

// transaction is a transaction that travels in a context.
type transaction struct {
	Tx
	// joined: it is the application's, given by WithTx or Join, and ends
	// without our knowledge.
	joined bool
	// kept must be done again if the transaction is rolled back.
	kept []func(context.Context) error
	// lost is why the database has given the transaction up, or this
	// package.
	lost error
	// patience is that of each of its statements, if it is not joined.
	patience time.Duration
}

// transactionKey holds the database, so that a store never joins the
// transaction of another database.
type transactionKey struct{ db *sql.DB }

func (s *Store) transaction(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{s.db}).(*transaction)
	return t
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
	if s.transaction(ctx) != nil {
		return do(ctx)
	}
	var last *transaction
	err := s.repeat(ctx, func(patience time.Duration) (err error) {
		last, err = s.attempt(ctx, patience, do)
		return err
	})
	if err != nil && last != nil {
		for _, again := range last.kept {
			if failed := again(context.WithoutCancel(ctx)); failed != nil {
				err = errors.Join(err, failed)
			}
		}
	}
	return err
}

func (s *Store) attempt(
	ctx context.Context, patience time.Duration, do func(context.Context) error,
) (*transaction, error) {
	held := hold(ctx, patience)
	defer held.cancel(nil)
	tx, err := s.beginTx(held)
	if err != nil {
		return nil, wrap("begin a transaction", err)
	}
	t := &transaction{Tx: tx, patience: patience}
	committed := false
	// It also covers a panic of do.
	defer func() {
		if !committed {
			_ = held.step(func() error { return s.end(held, tx, "ROLLBACK", tx.Rollback) })
		}
	}()
	if err := do(context.WithValue(ctx, transactionKey{s.db}, t)); err != nil {
		return t, err
	}
	if t.lost != nil {
		return t, wrap("commit", t.lost)
	}
	err = held.step(func() error { return s.end(held, tx, "COMMIT", tx.Commit) })
	committed = err == nil
	return t, wrap("commit", err)
}

// beginTx begins a transaction that ends with held.
func (s *Store) beginTx(held *holding) (tx Tx, err error) {
	err = held.step(func() error {
		tx, err = s.opts.Begin(held, &sql.TxOptions{Isolation: s.dialect.isolation})
		return err
	})
	if err == nil && held.Err() != nil { // at the same moment
		_ = tx.Rollback()
		return nil, gaveUp(held, held.Err())
	}
	return tx, err
}

// end ends tx by finish, before which the same is said in a statement where the
// driver would wait in finish without a context.
func (s *Store) end(held *holding, tx Tx, text string, finish func() error) error {
	if !s.dialect.endless {
		return finish()
	}
	if _, err := tx.Conn().ExecContext(held, text); err != nil {
		_ = tx.Rollback() // which returns the connection to the pool
		return err
	}
	_ = finish() // of nothing
	return nil
}

// guard runs a statement, for as long as there is patience. It keeps those that
// follow a deadlock out of their transaction, even if do has passed over it:
// MySQL has rolled that back and would run them outside of any.
func (s *Store) guard(ctx context.Context, run func(context.Context) error) error {
	t := s.transaction(ctx)
	if t != nil && t.lost != nil {
		return t.lost
	}
	err := within(ctx, s.patience(ctx), run)
	if t != nil && (passing(err) || errors.Is(err, errPatience)) {
		t.lost = err
	}
	return err
}

// unspoiled runs a statement that a unique key may refuse, in a transaction
// that goes on after that.
func (s *Store) unspoiled(ctx context.Context, run func() error) error {
	if !s.dialect.savepoints || s.transaction(ctx) == nil {
		return run()
	}
	if _, err := s.exec(ctx, statement{"set a savepoint", "SAVEPOINT latchkey"}); err != nil {
		return err
	}
	err := run()
	if taken(err) {
		if _, failed := s.exec(ctx, statement{"go back to a savepoint", "ROLLBACK TO SAVEPOINT latchkey"}); failed != nil {
			return failed
		}
	} else if err != nil {
		return err
	}
	if _, failed := s.exec(ctx, statement{"release a savepoint", "RELEASE SAVEPOINT latchkey"}); failed != nil {
		return failed
	}
	return err
}

// keep runs do so that its effect stays even if the transaction of ctx is
// rolled back. In a transaction of ours do is run again after the rollback,
// since a second connection would wait for the first (SQLite has one writer).
// One of the application's is not watched: do runs beside it, and fails on
// SQLite once the application's transaction has the write lock.
func (s *Store) keep(ctx context.Context, do func(context.Context) error) error {
	t := s.transaction(ctx)
	switch {
	case t == nil:
		return do(ctx)
	case t.joined:
		return do(context.WithValue(ctx, transactionKey{s.db}, nil))
	}
	t.kept = append(t.kept, do)
	return do(ctx)
}

// serialize lets one transaction after the other pass that names the same text.
func (s *Store) serialize(ctx context.Context, name string) error {
	if s.mutex.text == "" {
		return nil
	}
	_, err := s.exec(ctx, s.mutex, s.opts.Prefix+name)
	return err
}
