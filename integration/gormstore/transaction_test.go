package gormstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"gorm.io/gorm"
)

func ada() *core.User { return &core.User{Email: email, EmailKey: email} }

var errUndo = errors.New("undo")

// TestWithTx: the stores join the application's transaction, whichever handle
// of the database it uses.
func TestWithTx(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		store, us := users[core.User](t, db, gormstore.Options{IDs: d.ids})
		for _, handle := range []*gorm.DB{db, db.WithContext(ctx), db.Session(&gorm.Session{PrepareStmt: true})} {
			create := func(outcome error) error {
				return handle.Transaction(func(tx *gorm.DB) error {
					ctx := gormstore.WithTx(ctx, tx)
					if err := us.Create(ctx, ada()); err != nil {
						return err
					}
					var inside int64
					if err := store.DB(ctx).Table("latchkey_users").Count(&inside).Error; inside != 1 || err != nil {
						t.Errorf("inside: %d users, %v", inside, err)
					}
					return outcome
				})
			}
			if err := create(errUndo); err != errUndo {
				t.Fatal(err)
			}
			if _, err := us.Find(ctx, core.ByEmail(email)); err != core.ErrNotFound {
				t.Errorf("after the application's rollback: %v", err)
			}
			if err := create(nil); err != nil {
				t.Fatal(err)
			}
			found, err := us.Find(ctx, core.ByEmail(email))
			if err != nil {
				t.Fatalf("after the application's commit: %v", err)
			}
			if err := us.Delete(ctx, found.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestWithTxOutsideATransaction: what the caller believes to be a transaction
// must not be stored in part.
func TestWithTxOutsideATransaction(t *testing.T) {
	db := onSQLite.new(t)
	_, us := users[core.User](t, db, gormstore.Options{})
	err := us.Create(gormstore.WithTx(t.Context(), db), ada())
	if err == nil || !strings.Contains(err.Error(), "no transaction") {
		t.Errorf("Create returned %v", err)
	}
	if _, err := us.Find(t.Context(), core.ByEmail(email)); err != core.ErrNotFound {
		t.Errorf("the user was stored: %v", err)
	}
}

// TestTransact: the application's queries join the transaction that the stores
// are in.
func TestTransact(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		store, us := users[core.User](t, db, gormstore.Options{IDs: d.ids})
		if err := db.Exec("CREATE TABLE orders (id INTEGER)").Error; err != nil {
			t.Fatal(err)
		}
		orders := func() (n int64) {
			if err := store.DB(ctx).Table("orders").Count(&n).Error; err != nil {
				t.Error(err)
			}
			return n
		}
		for want, outcome := range []error{errUndo, nil} {
			err := store.Transact(ctx, func(ctx context.Context) error {
				if err := store.DB(ctx).Exec("INSERT INTO orders (id) VALUES (?)", 1).Error; err != nil {
					return err
				}
				return errors.Join(us.Create(ctx, ada()), outcome)
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
			if n := orders(); n != int64(want) {
				t.Errorf("after %v there are %d orders, want %d", outcome, n, want)
			}
		}
	})
}

// TestMigrateTogether: several nodes start at the same time, each with a handle
// of its own.
func TestMigrateTogether(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.open(t)
		var all sync.WaitGroup
		for range connections {
			store, err := gormstore.New(d.overGORM(t, db, gorm.Config{}), gormstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := gormstore.Users[core.User](store); err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if err := store.Migrate(t.Context()); err != nil {
					t.Errorf("Migrate returned %v", err)
				}
			})
		}
		all.Wait()
	})
}
