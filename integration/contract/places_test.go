package contract_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	_ "modernc.org/sqlite"

	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// place is an adapter over a store.
type place struct {
	adapter adapter
	open    opener
}

// places have each adapter once and each database once: adapters know nothing of stores.
var places = map[string]place{
	"httpauth memstore":   {onServeMux, memory},
	"httpauth PostgreSQL": {onServeMux, postgres},
	"chiauth SQLite":      {onChi, sqlite},
	"chiauth MariaDB":     {onChi, mariadb},
	"echoauth memstore":   {onEcho, memory},
	"fiberauth memstore":  {onFiber, memory},
	"ginauth memstore":    {onGin, memory},
}

func memory(_ *testing.T, now func() time.Time) stores {
	return stores{
		memstore.NewUsers[Account](), memstore.NewSessions(now), memstore.NewTickets(now), memstore.NewLimiter(memstore.LimiterOptions{Now: now}),
		memstore.NewOAuthAccounts(),
	}
}

func sqlite(t *testing.T, now func() time.Time) stores {
	return onSQLite(t, filepath.Join(t.TempDir(), "contract.sqlite"), bunstore.Options{Now: now})
}

// onSQLite opens a database file as an application does, but without waiting for the disk.
func onSQLite(t *testing.T, file string, o bunstore.Options) stores {
	t.Helper()
	return inBun(t, "sqlite", bunstore.SQLiteDSN(file)+"&_pragma=synchronous(OFF)", sqlitedialect.New(), o)
}

func postgres(t *testing.T, now func() time.Time) stores {
	return inBun(t, "pgx", server.Postgres(t), pgdialect.New(), bunstore.Options{Now: now})
}

func mariadb(t *testing.T, now func() time.Time) stores {
	return inBun(t, "mysql", server.MariaDB(t), mysqldialect.New(), bunstore.Options{Now: now})
}

func inBun(t *testing.T, driver, dsn string, dialect schema.Dialect, o bunstore.Options) stores {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8) // of many applications at once
	t.Cleanup(func() { _ = db.Close() })
	store, err := bunstore.New(bun.NewDB(db, dialect), o)
	if err != nil {
		t.Fatal(err)
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return stores{users, store.Sessions(), store.Tickets(), store.Limiter(), store.OAuthAccounts()}
}
