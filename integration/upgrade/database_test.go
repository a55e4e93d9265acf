package upgrade_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
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

// kind is a kind of database, and how to read its catalogue and rows.
type kind struct {
	driver  string
	dialect func() schema.Dialect
	plain   sqlstore.Dialect
	address func(t testing.TB) string // of a new, empty one
	// columns is a query for table, name and definition of each column.
	columns string
	// literal returns an expression for a column's value as SQL has it.
	literal func(column, definition string) string
	quote   string // around identifiers
}

var kinds = map[string]kind{
	"sqlite": {
		driver: "sqlite", dialect: func() schema.Dialect { return sqlitedialect.New() }, plain: sqlstore.SQLite, quote: `"`,
		address: func(t testing.TB) string {
			return bunstore.SQLiteDSN(filepath.Join(t.TempDir(), "upgrade.db")) + "&_pragma=synchronous(OFF)"
		},
		columns: `SELECT t.name, c.name,
				c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk
			FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY t.name, c.cid`,
		literal: func(column, _ string) string { return "quote(" + column + ")" },
	},
	"postgres": {
		driver: "pgx", dialect: func() schema.Dialect { return pgdialect.New() }, plain: sqlstore.PostgreSQL, quote: `"`,
		address: server.Postgres,
		columns: `SELECT table_name, column_name,
				concat_ws(' ', data_type, collation_name, character_maximum_length, is_nullable, column_default)
			FROM information_schema.columns WHERE table_schema = current_schema()
			ORDER BY table_name, ordinal_position`,
		literal: func(column, _ string) string { return "quote_nullable(" + column + "::text)" },
	},
	"mariadb": {
		driver: "mysql", dialect: func() schema.Dialect { return mysqldialect.New() }, plain: sqlstore.MariaDB, quote: "`",
		address: server.MariaDB,
		columns: `SELECT table_name, column_name,
				CONCAT_WS(' ', column_type, collation_name, is_nullable, column_default, extra)
			FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
		literal: func(column, definition string) string {
			if strings.Contains(definition, "binary(") || strings.Contains(definition, "blob") {
				return "COALESCE(CONCAT('X''', HEX(" + column + "), ''''), 'NULL')"
			}
			return "QUOTE(" + column + ")"
		},
	},
}

// open opens a database as an application does.
func (k kind) open(t testing.TB, address string) *bun.DB {
	t.Helper()
	plain, err := sql.Open(k.driver, address)
	if err != nil {
		t.Fatal(err)
	}
	plain.SetMaxOpenConns(4)
	db := bun.NewDB(plain, k.dialect())
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// column is a column of a table.
type column struct{ table, name, definition string }

// columnsOf returns the columns of all tables.
func (k kind) columnsOf(t testing.TB, db *bun.DB) (found []column) {
	t.Helper()
	rows, err := db.DB.QueryContext(t.Context(), k.columns)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.table, &c.name, &c.definition); err != nil {
			t.Fatal(err)
		}
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// rowsOf returns the statements that insert the values of the columns, in an
// order of their own.
func (k kind) rowsOf(t testing.TB, db *bun.DB, columns []column) (statements []string) {
	t.Helper()
	for _, of := range slices.CompactFunc(slices.Clone(columns), func(a, b column) bool { return a.table == b.table }) {
		var names, literals []string
		for _, c := range columns {
			if c.table == of.table {
				name := k.quote + c.name + k.quote
				names, literals = append(names, name), append(literals, k.literal(name, c.definition))
			}
		}
		table := k.quote + of.table + k.quote
		for _, values := range k.texts(t, db, len(literals), "SELECT "+strings.Join(literals, ", ")+" FROM "+table) {
			statements = append(statements, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)",
				table, strings.Join(names, ", "), strings.Join(values, ", ")))
		}
	}
	slices.Sort(statements)
	return statements
}

// texts returns the rows of a query of n texts.
func (k kind) texts(t testing.TB, db *bun.DB, n int, query string) (all [][]string) {
	t.Helper()
	rows, err := db.DB.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, into := make([]string, n), make([]any, n)
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// migrated returns the stores of an application on a database, after Migrate,
// with a clock that stands still.
func migrated(t testing.TB, db *bun.DB, o bunstore.Options) (*bunstore.Store, parts) {
	t.Helper()
	store, err := bunstore.New(db, o)
	if err != nil {
		t.Fatal(err)
	}
	users, err := bunstore.Users[account](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, parts{users, store.Sessions(), store.Tickets(), store.Limiter(), store.Credentials(), store.Audit()}
}

// migratedPlain is migrated, by sqlstore.
func (k kind) migratedPlain(t testing.TB, db *sql.DB, now func() time.Time) parts {
	t.Helper()
	store, err := sqlstore.New(db, k.plain, sqlstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	users, err := sqlstore.Users[account](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return parts{users, store.Sessions(), store.Tickets(), store.Limiter(), store.Credentials(), store.Audit()}
}
