package names_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// stores keep users, each in a database of its own.
var stores = map[string]func(t *testing.T) core.UserStore[account]{
	"memory": func(*testing.T) core.UserStore[account] { return memstore.NewUsers[account]() },
	"SQLite": func(t *testing.T) core.UserStore[account] {
		return over(t, "sqlite", sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "app.db")), sqlstore.SQLite)
	},
	"PostgreSQL": func(t *testing.T) core.UserStore[account] {
		return over(t, "pgx", server.Postgres(t), sqlstore.PostgreSQL)
	},
	"MariaDB": func(t *testing.T) core.UserStore[account] {
		return over(t, "mysql", server.MariaDB(t), sqlstore.MariaDB)
	},
}

func over(t *testing.T, driver, address string, dialect sqlstore.Dialect) core.UserStore[account] {
	t.Helper()
	db, err := sql.Open(driver, address)
	fatal(t, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	store, err := sqlstore.New(db, dialect, sqlstore.Options{})
	fatal(t, err)
	users, err := sqlstore.Users[account](store)
	fatal(t, err)
	fatal(t, store.Migrate(t.Context()))
	return users
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
