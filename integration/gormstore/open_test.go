package gormstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a kind of database. address returns the address of a new, empty
// one; gorm and bun are the two libraries' dialects for it.
type database struct {
	driver  string
	address func(t testing.TB) string
	ids     sqlstore.IDType // one of the three for each kind; SQLite has them all
	gorm    func(db *sql.DB) gorm.Dialector
	bun     func() schema.Dialect
}

var (
	onSQLite = database{"sqlite", newFile, gormstore.UUID,
		func(db *sql.DB) gorm.Dialector { return sqlite.New(sqlite.Config{Conn: db}) },
		func() schema.Dialect { return sqlitedialect.New() }}
	onPostgres = database{"pgx", server.Postgres, gormstore.UUID,
		func(db *sql.DB) gorm.Dialector { return postgres.New(postgres.Config{Conn: db}) },
		func() schema.Dialect { return pgdialect.New() }}
	onMariaDB = database{"mysql", server.MariaDB, gormstore.BigInt,
		func(db *sql.DB) gorm.Dialector { return mysql.New(mysql.Config{Conn: db}) },
		func() schema.Dialect { return mysqldialect.New() }}
)

var databases = map[string]database{"SQLite": onSQLite, "PostgreSQL": onPostgres, "MariaDB": onMariaDB}

// newFile returns the address of a new database file, which does not wait for
// the disk.
func newFile(t testing.TB) string {
	return gormstore.SQLiteDSN(filepath.Join(t.TempDir(), "latch#key 100%?.db")) + "&_pragma=synchronous(OFF)"
}

// with returns d with settings of the driver.
func (d database) with(settings string) database {
	address := d.address
	d.address = func(t testing.TB) string { return address(t) + settings }
	return d
}

// connections is the maximum for a test.
const connections = 8

// open opens a new, empty database.
func (d database) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.address(t))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// overGORM returns what an application that uses GORM has.
func (d database) overGORM(t testing.TB, db *sql.DB, config gorm.Config) *gorm.DB {
	t.Helper()
	if config.Logger == nil {
		config.Logger = logger.Discard
	}
	opened, err := gorm.Open(d.gorm(db), &config)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// new opens a new, empty database with GORM.
func (d database) new(t testing.TB) *gorm.DB {
	t.Helper()
	return d.overGORM(t, d.open(t), gorm.Config{})
}

// everywhere runs a test on each kind of database, in parallel.
func everywhere(t *testing.T, test func(t *testing.T, d database)) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// users returns the store of a user type in db, migrated.
func users[U any, P core.Model[U]](
	t testing.TB, db *gorm.DB, opts gormstore.Options,
) (*gormstore.Store, *sqlstore.UserStore[U]) {
	t.Helper()
	store, err := gormstore.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	us, err := gormstore.Users[U, P](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, us
}

// bunUsers is users for bunstore.
func bunUsers[U any, P core.Model[U]](
	t testing.TB, d database, db *sql.DB, ids sqlstore.IDType,
) (*bunstore.Store, *sqlstore.UserStore[U]) {
	t.Helper()
	store, err := bunstore.New(bun.NewDB(db, d.bun()), bunstore.Options{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	us, err := bunstore.Users[U, P](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, us
}
