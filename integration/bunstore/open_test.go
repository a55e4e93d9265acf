package bunstore_test

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
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a kind of database. address returns the address of a new, empty
// one.
type database struct {
	driver  string
	ids     sqlstore.IDType // one of the three for each kind
	dialect func() schema.Dialect
	address func(t testing.TB) string
}

var (
	onSQLite   = database{"sqlite", bunstore.BigInt, func() schema.Dialect { return sqlitedialect.New() }, newFile}
	onPostgres = database{"pgx", bunstore.UUID, func() schema.Dialect { return pgdialect.New() }, server.Postgres}
	onMariaDB  = database{"mysql", bunstore.Text, func() schema.Dialect { return mysqldialect.New() }, server.MariaDB}
)

var databases = map[string]database{"SQLite": onSQLite, "PostgreSQL": onPostgres, "MariaDB": onMariaDB}

// newFile returns the address of a new database file, which does not wait for
// the disk. The name has characters with a meaning in a URI.
func newFile(t testing.TB) string {
	return bunstore.SQLiteDSN(filepath.Join(t.TempDir(), "latch#key 100%?.db")) + "&_pragma=synchronous(OFF)"
}

// connections is how many a test has at most.
const connections = 8

// open opens a database as an application does.
func (d database) open(t testing.TB, address string) *bun.DB {
	t.Helper()
	sqldb, err := sql.Open(d.driver, address)
	if err != nil {
		t.Fatal(err)
	}
	sqldb.SetMaxOpenConns(connections)
	sqldb.SetMaxIdleConns(connections)
	db := bun.NewDB(sqldb, d.dialect())
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// new opens a new, empty database.
func (d database) new(t testing.TB) *bun.DB {
	t.Helper()
	return d.open(t, d.address(t))
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

func newStore(t testing.TB, db *bun.DB, opts bunstore.Options) *bunstore.Store {
	t.Helper()
	store, err := bunstore.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// users returns the store of a user type in db, migrated.
func users[U any, P core.Model[U]](
	t testing.TB, db *bun.DB, opts bunstore.Options,
) (*bunstore.Store, *sqlstore.UserStore[U]) {
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

// run runs a statement, into which bun writes the arguments.
func run(t testing.TB, db *bun.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
