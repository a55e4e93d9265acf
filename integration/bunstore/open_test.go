package bunstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

// openDB opens a database file, as an application does, but without waiting for the disk.
func openDB(t testing.TB, path string) *bun.DB {
	t.Helper()
	return openDSN(t, bunstore.SQLiteDSN(path)+"&_pragma=synchronous(OFF)")
}

func openDSN(t testing.TB, dsn string) *bun.DB {
	t.Helper()
	sqldb, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := bun.NewDB(sqldb, sqlitedialect.New())
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// newDB opens a new database file. The name has characters that mean something in a URI.
func newDB(t testing.TB) *bun.DB {
	t.Helper()
	return openDB(t, filepath.Join(t.TempDir(), "latch#key 100%?.db"))
}

func newStore(t testing.TB, db *bun.DB, opts bunstore.Options) *bunstore.Store {
	t.Helper()
	store, err := bunstore.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// users makes the store of a user type in db and migrates it.
func users[U any, P core.Model[U]](t testing.TB, db *bun.DB, opts bunstore.Options) (*bunstore.Store, *bunstore.UserStore[U]) {
	t.Helper()
	store := newStore(t, db, opts)
	us, err := bunstore.Users[U, P](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, us
}

// migrated is a store in a new database, at the time of now.
func migrated(t testing.TB, now func() time.Time) *bunstore.Store {
	t.Helper()
	store, _ := users[storetest.Account](t, newDB(t), bunstore.Options{Now: now})
	return store
}
