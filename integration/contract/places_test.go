package contract_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// place is an adapter over a store.
type place struct {
	adapter adapter
	open    opener
}

// places have each adapter once: adapters know nothing of stores. What the other databases do is held by stores/storetest, in
// integration/bunstore and its neighbours.
var places = map[string]place{
	"httpauth memstore":  {onServeMux, memory},
	"chiauth SQLite":     {onChi, sqlite},
	"echoauth memstore":  {onEcho, memory},
	"fiberauth memstore": {onFiber, memory},
	"ginauth memstore":   {onGin, memory},
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
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(file)+"&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := bunstore.New(bun.NewDB(db, sqlitedialect.New()), o)
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
