package importers_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a kind of database. types are what a schema's words mean there.
type database struct {
	driver  string
	dialect sqlstore.Dialect
	address func(t testing.TB) string
	types   []string
}

var (
	onSQLite = database{"sqlite", sqlstore.SQLite, newFile, []string{
		"{id}", "integer NOT NULL PRIMARY KEY AUTOINCREMENT", "{time}", "datetime", "{bool}", "bool", "{primary}", `"primary"`,
	}}
	onPostgres = database{"pgx", sqlstore.PostgreSQL, server.Postgres, []string{
		"{id}", "bigserial PRIMARY KEY", "{time}", "timestamptz", "{bool}", "boolean", "{primary}", `"primary"`,
	}}
	onMariaDB = database{"mysql", sqlstore.MariaDB, server.MariaDB, []string{
		"{id}", "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY", "{time}", "datetime(6)", "{bool}", "bool", "{primary}", "`primary`",
	}}
)

var databases = map[string]database{"SQLite": onSQLite, "PostgreSQL": onPostgres, "MariaDB": onMariaDB}

func newFile(t testing.TB) string {
	return sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "old.db")) + "&_pragma=synchronous(OFF)"
}

func (d database) open(t testing.TB, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// with opens a new database with the tables of a file.
func (d database) with(t testing.TB, schema string) *sql.DB {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", schema))
	if err != nil {
		t.Fatal(err)
	}
	db := d.open(t, d.address(t))
	for statement := range strings.SplitSeq(strings.NewReplacer(d.types...).Replace(string(text)), ";\n") {
		if strings.TrimSpace(statement) != "" {
			run(t, db, statement)
		}
	}
	return db
}

// copied opens a copy of a database file.
func copied(t testing.TB, path string) *sql.DB {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return onSQLite.open(t, copied)
}

// run runs a statement. Its placeholders are $1 and so on, and ? on MariaDB.
func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
