package sqlstore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// deferred is SQLite as an application may open it: a transaction takes the
// write lock when it writes, not when it begins.
var deferred = database{onSQLite.driver, onSQLite.dialect, func(t testing.TB) string {
	return "file:" + filepath.Join(t.TempDir(), "latchkey.db") +
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)"
}}

func TestLockInTransactionsThatBeginWithoutTheWriteLock(t *testing.T) {
	s := deferred.shared(t, sqlstore.UUID)
	for _, c := range storetest.TransactionCases() {
		if strings.HasPrefix(c.Rule, "Locker") {
			storetest.Run(t, func(t *testing.T) storetest.Database {
				s.empty(t, time.Now)
				return storetest.Database{Users: s.users, Transactor: s.store}
			}, []storetest.Case[storetest.Database]{c})
		}
	}
}

func TestLockInTheApplicationsTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		if d.driver == onSQLite.driver {
			d = deferred
		}
		ctx, db := t.Context(), d.new(t)
		store, us := users[core.User](t, db, sqlstore.Options{})
		u := ada()
		if err := us.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
		others, waited := make(chan error, 1), true
		err := db.inTx(ctx, func(inside context.Context, tx *sql.Tx) error {
			locked, err := us.Lock(store.WithTx(inside, tx), u.ID)
			if err != nil || locked.TokenEpoch != 0 {
				t.Errorf("Lock returned %+v, %v", locked, err)
			}
			go func() {
				_, err := us.Update(ctx, u.ID, increment)
				others <- err
			}()
			select {
			case err = <-others:
				waited = false
			case <-time.After(200 * time.Millisecond):
			}
			return err
		})
		if err != nil || !waited {
			t.Fatalf("another's Update did not wait, or the transaction failed: %v", err)
		}
		if err := <-others; err != nil {
			t.Errorf("another's Update after the transaction: %v", err)
		}
	})
}
