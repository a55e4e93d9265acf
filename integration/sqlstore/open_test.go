package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a kind of database. address returns where a new, empty one is.
type database struct {
	driver  string
	dialect sqlstore.Dialect
	address func(t testing.TB) string
}

var (
	onSQLite   = database{"sqlite", sqlstore.SQLite, newFile}
	onPostgres = database{"pgx", sqlstore.PostgreSQL, server.Postgres}
	onMariaDB  = database{"mysql", sqlstore.MariaDB, server.MariaDB}
)

var databases = map[string]database{"SQLite": onSQLite, "PostgreSQL": onPostgres, "MariaDB": onMariaDB}

// newFile is that of a new database file, which does not wait for the disk. The
// name has characters that mean something in a URI.
func newFile(t testing.TB) string {
	return sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "latch#key 100%?.db")) + "&_pragma=synchronous(OFF)"
}

// with is d with settings of the driver.
func (d database) with(settings string) database {
	address := d.address
	d.address = func(t testing.TB) string { return address(t) + settings }
	return d
}

// connections is how many a test has at most.
const connections = 8

// handle is an open database.
type handle struct {
	*sql.DB
	kind sqlstore.Dialect
}

// placed is a statement with the placeholders of the database.
func (db *handle) placed(query string) string {
	if db.kind != sqlstore.PostgreSQL {
		return query
	}
	var text strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			fmt.Fprintf(&text, "$%d", i)
		}
		text.WriteString(part)
	}
	return text.String()
}

// count is how many rows there are of what follows FROM.
func (db *handle) count(ctx context.Context, from string) (n int, err error) {
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+from).Scan(&n)
	return n, err
}

// inTx runs do in a transaction of the application's.
func (db *handle) inTx(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// open opens a database as an application does.
func (d database) open(t testing.TB, address string) *handle {
	t.Helper()
	db, err := sql.Open(d.driver, address)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	t.Cleanup(func() { _ = db.Close() })
	return &handle{db, d.dialect}
}

// new opens a new, empty database.
func (d database) new(t testing.TB) *handle {
	t.Helper()
	return d.open(t, d.address(t))
}

// everywhere runs a test on each kind of database, at the same time.
func everywhere(t *testing.T, test func(t *testing.T, d database)) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

func newStore(t testing.TB, db *handle, opts sqlstore.Options) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(db.DB, db.kind, opts)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// users makes the store of a user type in db and migrates it.
func users[U any, P core.Model[U]](
	t testing.TB, db *handle, opts sqlstore.Options,
) (*sqlstore.Store, *sqlstore.UserStore[U]) {
	t.Helper()
	store := newStore(t, db, opts)
	us, err := sqlstore.Users[U, P](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, us
}

// run runs a statement, whose placeholders are question marks.
func run(t testing.TB, db *handle, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), db.placed(query), args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// schemaOf is everything that a database defines.
func schemaOf(t testing.TB, db *handle) string {
	t.Helper()
	return lines(t, db, map[sqlstore.Dialect]string{
		sqlstore.SQLite: `SELECT t.name || ': ' || group_concat(c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk, ', ')
				FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' GROUP BY t.name
			UNION ALL SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_master WHERE type = 'index' ORDER BY 1`,
		sqlstore.PostgreSQL: `SELECT table_name || ': ' || string_agg(concat_ws(' ', column_name, data_type, collation_name, character_maximum_length,
				is_nullable, column_default, is_identity), ', ' ORDER BY ordinal_position) FROM information_schema.columns
			WHERE table_schema = current_schema() GROUP BY table_name
			UNION ALL SELECT indexname || ': ' || indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`,
		sqlstore.MariaDB: `SELECT CONCAT(table_name, ': ', GROUP_CONCAT(CONCAT_WS(' ', column_name, column_type, collation_name, is_nullable, column_default, extra)
				ORDER BY ordinal_position SEPARATOR ', ')) FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name
			UNION ALL SELECT CONCAT(index_name, ' of ', table_name, ': ', GROUP_CONCAT(column_name ORDER BY seq_in_index), MIN(non_unique))
			FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name ORDER BY 1`,
	}[db.kind])
}

// lines are the rows of a query of one text.
func lines(t testing.TB, db *handle, query string) (text string) {
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
