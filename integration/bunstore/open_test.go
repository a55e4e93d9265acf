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
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
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
	dialect func() schema.Dialect
	address func(t testing.TB) string
}

var (
	onSQLite   = database{"sqlite", func() schema.Dialect { return sqlitedialect.New() }, newFile}
	onPostgres = database{"pgx", func() schema.Dialect { return pgdialect.New() }, server.Postgres}
	onMariaDB  = database{"mysql", func() schema.Dialect { return mysqldialect.New() }, server.MariaDB}
)

var databases = map[string]database{"SQLite": onSQLite, "PostgreSQL": onPostgres, "MariaDB": onMariaDB}

// newFile returns the address of a new database file, which does not wait for
// the disk. The name has characters with a meaning in a URI.
func newFile(t testing.TB) string {
	return bunstore.SQLiteDSN(filepath.Join(t.TempDir(), "latch#key 100%?.db")) + "&_pragma=synchronous(OFF)"
}

// with returns d with settings of the driver.
func (d database) with(settings string) database {
	address := d.address
	d.address = func(t testing.TB) string { return address(t) + settings }
	return d
}

// connections is the maximum for a test.
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
) (*bunstore.Store, *bunstore.UserStore[U]) {
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

// schemaOf returns everything that a database defines.
func schemaOf(t testing.TB, db *bun.DB) string {
	t.Helper()
	return lines(t, db, map[dialect.Name]string{
		dialect.SQLite: `SELECT t.name || ': ' || group_concat(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk, ', ')
				FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' GROUP BY t.name
			UNION ALL SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_master WHERE type = 'index' ORDER BY 1`,
		dialect.PG: `SELECT table_name || ': ' || string_agg(concat_ws(' ', column_name, data_type, collation_name, character_maximum_length,
				is_nullable, column_default, is_identity), ', ' ORDER BY ordinal_position) FROM information_schema.columns
			WHERE table_schema = current_schema() GROUP BY table_name
			UNION ALL SELECT indexname || ': ' || indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`,
		dialect.MySQL: `SELECT CONCAT(table_name, ': ', GROUP_CONCAT(CONCAT_WS(' ', column_name, column_type, collation_name, is_nullable, column_default, extra)
				ORDER BY ordinal_position SEPARATOR ', ')) FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name
			UNION ALL SELECT CONCAT(index_name, ' of ', table_name, ': ', GROUP_CONCAT(column_name ORDER BY seq_in_index), MIN(non_unique))
			FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name ORDER BY 1`,
	}[db.Dialect().Name()])
}

// lines returns the rows of a query with one text column.
func lines(t testing.TB, db *bun.DB, query string) (text string) {
	t.Helper()
	rows, err := db.DB.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		text += line + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text
}
