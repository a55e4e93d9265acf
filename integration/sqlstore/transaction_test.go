package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func ada() *core.User { return &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"} }

var errUndo = errors.New("undo")

func TestWithTxJoinsTheApplicationsTransaction(t *testing.T) { everywhere(t, withTx) }

func withTx(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	store, us := users[core.User](t, db, sqlstore.Options{})
	inTx := func(outcome error) error {
		return db.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			ctx = store.WithTx(ctx, tx)
			if err := us.Create(ctx, ada()); err != nil {
				return err
			}
			var n int
			if err := store.DB(ctx).QueryRowContext(ctx, "SELECT COUNT(*) FROM latchkey_users").Scan(&n); n != 1 || err != nil {
				t.Errorf("inside: %d users, %v", n, err)
			}
			return outcome
		})
	}
	if err := inTx(errUndo); err != errUndo {
		t.Fatal(err)
	}
	if _, err := us.Find(ctx, core.ByEmail("ada@example.org")); err != core.ErrNotFound {
		t.Errorf("after the application's rollback: %v", err)
	}
	if err := inTx(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := us.Find(ctx, core.ByEmail("ada@example.org")); err != nil {
		t.Errorf("after the application's commit: %v", err)
	}
}

func TestTransactGivesTheTransactionToTheApplication(t *testing.T) { everywhere(t, transactGives) }

func transactGives(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	store, us := users[core.User](t, db, sqlstore.Options{})
	other := newStore(t, db, sqlstore.Options{}) // over the same database
	run(t, db, "CREATE TABLE orders (id INTEGER)")
	err := store.Transact(ctx, func(ctx context.Context) error {
		if _, err := store.DB(ctx).ExecContext(ctx, db.placed("INSERT INTO orders (id) VALUES (?)"), 1); err != nil {
			return err
		}
		return errors.Join(us.Create(ctx, ada()),
			other.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: "ada", Expires: time.Now().Add(time.Hour)}), errUndo)
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	if n, err := db.count(ctx, "orders"); n != 0 || err != nil {
		t.Errorf("%d of the application's rows outlived the transaction, %v", n, err)
	}
	if _, err := other.Sessions().Find(ctx, [32]byte{1}); err != core.ErrNotFound {
		t.Errorf("the other store's session: %v, want ErrNotFound", err)
	}
}

func TestTransactionsOfAnotherDatabaseAreNotJoined(t *testing.T) {
	ctx := t.Context()
	store, _ := users[core.User](t, onSQLite.new(t), sqlstore.Options{})
	_, elsewhere := users[core.User](t, onSQLite.new(t), sqlstore.Options{})
	_ = store.Transact(ctx, func(ctx context.Context) error { return errors.Join(elsewhere.Create(ctx, ada()), errUndo) })
	if _, err := elsewhere.Find(ctx, core.ByEmail("ada@example.org")); err != nil {
		t.Errorf("a user of the other database: %v", err)
	}
}

// TestTransactWithOneConnection: nothing in a transaction waits for a second
// connection.
func TestTransactWithOneConnection(t *testing.T) { everywhere(t, oneConnection) }

func oneConnection(t *testing.T, d database) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	db := d.new(t)
	db.SetMaxOpenConns(1)
	store, us := users[core.User](t, db, sqlstore.Options{})
	ticket := core.Ticket{Purpose: "reset", UserID: "ada", Expires: time.Now().Add(time.Hour)}
	if err := store.Tickets().Put(ctx, ticket, true); err != nil {
		t.Fatal(err)
	}
	err := store.Transact(ctx, func(ctx context.Context) error {
		return errors.Join(us.Create(ctx, ada()), store.Tickets().Fail(ctx, "reset", ticket.Digest, 1), errUndo)
	})
	if !errors.Is(err, errUndo) || ctx.Err() != nil {
		t.Errorf("Transact returned %v", err)
	}
	if _, err := store.Tickets().Find(ctx, "reset", ticket.Digest); err != core.ErrNotFound {
		t.Errorf("the failed ticket: %v, want ErrNotFound", err)
	}
}

// TestFailInTheApplicationsTransaction: its rollback is not ours to see, so the
// count is made beside it.
func TestFailInTheApplicationsTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		if d.driver == "sqlite" { // a transaction that takes no lock until it writes
			d.address = func(t testing.TB) string {
				return "file:" + filepath.Join(t.TempDir(), "latchkey.db") + "?_pragma=journal_mode(WAL)"
			}
		}
		db := d.new(t)
		store, _ := users[core.User](t, db, sqlstore.Options{})
		if err := store.Tickets().Put(ctx, core.Ticket{Purpose: "pending", Expires: time.Now().Add(time.Hour)},
			false); err != nil {
			t.Fatal(err)
		}
		err := db.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(store.Tickets().Fail(store.WithTx(ctx, tx), "pending", [32]byte{}, 1), errUndo)
		})
		if !errors.Is(err, errUndo) {
			t.Fatal(err)
		}
		if _, err := store.Tickets().Find(ctx, "pending", [32]byte{}); err != core.ErrNotFound {
			t.Errorf("M04 the failed ticket: %v, want ErrNotFound", err)
		}
	})
}

func TestBusyDatabase(t *testing.T) {
	t.Run("F10 a busy file is tried again, then an error that is no answer", func(t *testing.T) {
		ctx := t.Context()
		path := newFile(t)
		_, us := users[core.User](t, onSQLite.open(t, path), sqlstore.Options{})
		if _, err := us.Find(ctx, core.ByEmail("ada@example.org")); err != core.ErrNotFound {
			t.Fatal(err)
		}
		db := onSQLite.open(t, path)
		db.SetMaxOpenConns(1)
		if _, err := db.Exec("PRAGMA busy_timeout = 0"); err != nil {
			t.Fatal(err)
		}
		_, impatient := users[core.User](t, db, sqlstore.Options{})

		locked, release := holdWriteLock(t, path)
		<-locked
		if err := impatient.Create(ctx, ada()); err == nil || errors.Is(err, core.ErrTaken) {
			t.Errorf("Create on a locked file returned %v", err)
		}
		time.AfterFunc(20*time.Millisecond, release)
		if err := impatient.Create(ctx, ada()); err != nil {
			t.Errorf("Create while the lock is released: %v", err)
		}
	})
	t.Run("a transaction that lost a race runs again", func(t *testing.T) {
		ctx := t.Context()
		path := filepath.Join(t.TempDir(), "latchkey.db")
		// Not SQLiteDSN's transactions: these take the write lock when
		// they write, which fails if somebody else wrote since they
		// read.
		db := onSQLite.open(t, "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
		store, us := users[core.User](t, db, sqlstore.Options{})
		u := ada()
		if err := us.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
		runs := 0
		err := store.Transact(ctx, func(inside context.Context) error {
			runs++
			if _, err := us.Find(inside, core.ByID(u.ID)); err != nil {
				return err
			}
			if runs == 1 {
				if _, err := us.Update(ctx, u.ID, func(u *core.User) error { u.TokenEpoch += 10; return nil }); err != nil {
					return err
				}
			}
			_, err := us.Update(inside, u.ID, func(u *core.User) error { u.TokenEpoch++; return nil })
			return err
		})
		if err != nil || runs != 2 {
			t.Errorf("Transact returned %v after %d runs, want none after 2", err, runs)
		}
		if epoch, err := us.Epoch(ctx, u.ID); epoch != 11 || err != nil {
			t.Errorf("the epoch is %d, %v; want 11", epoch, err)
		}
	})
}

// holdWriteLock keeps the write lock of a file until release is called.
func holdWriteLock(t *testing.T, path string) (locked chan struct{}, release func()) {
	t.Helper()
	locked, done := make(chan struct{}), make(chan struct{})
	db := onSQLite.open(t, path)
	go func() {
		tx, err := db.BeginTx(context.Background(), nil) // takes the lock: _txlock=immediate
		if err != nil {
			t.Error(err)
		}
		close(locked)
		<-done
		_ = tx.Rollback()
	}()
	return locked, func() { close(done) }
}
