package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

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

func (e *engine) transaction(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{e.db}).(*transaction)
	return t
}

// transact is Store.Transact.
func (e *engine) transact(ctx context.Context, do func(context.Context) error) error {
	if e.transaction(ctx) != nil {
		return do(ctx)
	}
	var last *transaction
	err := e.repeat(ctx, func(patience time.Duration) (err error) {
		last, err = e.attempt(ctx, patience, do)
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

func (e *engine) attempt(
	ctx context.Context, patience time.Duration, do func(context.Context) error,
) (*transaction, error) {
	held := hold(ctx, patience)
	defer held.cancel(nil)
	tx, err := e.beginTx(held)
	if err != nil {
		return nil, wrap("begin a transaction", err)
	}
	t := &transaction{Tx: tx, patience: patience}
	committed := false
	// It also covers a panic of do.
	defer func() {
		if !committed {
			_ = held.step(func() error { return e.end(held, tx, "ROLLBACK", tx.Rollback) })
		}
	}()
	if err := do(context.WithValue(ctx, transactionKey{e.db}, t)); err != nil {
		return t, err
	}
	if t.lost != nil {
		return t, wrap("commit", t.lost)
	}
	err = held.step(func() error { return e.end(held, tx, "COMMIT", tx.Commit) })
	committed = err == nil
	return t, wrap("commit", err)
}

// beginTx begins a transaction that ends with held.
func (e *engine) beginTx(held *holding) (tx Tx, err error) {
	err = held.step(func() error {
		tx, err = e.opts.Begin(held, &sql.TxOptions{Isolation: e.dialect.isolation})
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
func (e *engine) end(held *holding, tx Tx, text string, finish func() error) error {
	if !e.dialect.endless {
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
func (e *engine) guard(ctx context.Context, run func(context.Context) error) error {
	t := e.transaction(ctx)
	if t != nil && t.lost != nil {
		return t.lost
	}
	err := within(ctx, e.patience(ctx), run)
	if t != nil && (passing(err) || errors.Is(err, errPatience)) {
		t.lost = err
	}
	return err
}

// unspoiled runs a statement that the schema may refuse. If inside is true, the
// transaction goes on after that.
func (e *engine) unspoiled(ctx context.Context, inside bool, run func() error) error {
	if !inside || !e.dialect.savepoints {
		return run()
	}
	if _, err := e.exec(ctx, statement{"set a savepoint", "SAVEPOINT latchkey"}); err != nil {
		return err
	}
	err := run()
	if refused(err) {
		if _, failed := e.exec(ctx, statement{"go back to a savepoint", "ROLLBACK TO SAVEPOINT latchkey"}); failed != nil {
			return failed
		}
	} else if err != nil {
		return err
	}
	if _, failed := e.exec(ctx, statement{"release a savepoint", "RELEASE SAVEPOINT latchkey"}); failed != nil {
		return failed
	}
	return err
}

// keep runs do so that its effect stays even if the transaction of ctx is
// rolled back. In a transaction of ours do is run again after the rollback,
// since a second connection would wait for the first (SQLite has one writer).
// One of the application's is not watched: do runs beside it, and fails on
// SQLite once the application's transaction has the write lock.
func (e *engine) keep(ctx context.Context, do func(context.Context) error) error {
	t := e.transaction(ctx)
	switch {
	case t == nil:
		return do(ctx)
	case t.joined:
		return do(context.WithValue(ctx, transactionKey{e.db}, nil))
	}
	t.kept = append(t.kept, do)
	return do(ctx)
}

// serialize lets one transaction after the other pass that names the same text.
func (e *engine) serialize(ctx context.Context, name string) error {
	if e.mutex.text == "" {
		return nil
	}
	_, err := e.exec(ctx, e.mutex, e.opts.Prefix+name)
	return err
}
