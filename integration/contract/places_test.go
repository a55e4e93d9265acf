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

// place is an adapter over a store. Its name is that of the subtest, so a
// failure names the framework.
type place struct {
	name    string
	adapter adapter
	open    opener
}

// places are all adapters, and between them both stores. The first two are
// those that onEveryStore is content with.
var places = []place{
	{"httpauth memstore", onServeMux, memory},
	{"chiauth SQLite", onChi, sqlite},
	{"echoauth memstore", onEcho, memory},
	{"fiberauth memstore", onFiber, memory},
	{"ginauth memstore", onGin, memory},
}

// onEveryAdapter is for what an adapter has a part in: how requests are read,
// routed, guarded and answered. It runs a test with an application of its own
// at each place; change, if not nil, changes the options.
func onEveryAdapter(t *testing.T, change func(*app, *options), test func(t *testing.T, a *app)) {
	t.Helper()
	at(t, places, change, test)
}

// onEveryStore is for what is behind the adapter: what is kept, who wins a
// race, what is mailed, what becomes of a token that arrived.
func onEveryStore(t *testing.T, change func(*app, *options), test func(t *testing.T, a *app)) {
	t.Helper()
	at(t, places[:2], change, test)
}

// onOne is for what neither has a part in, such as how hashes are verified.
func onOne(t *testing.T, change func(*app, *options), test func(t *testing.T, a *app)) {
	t.Helper()
	at(t, places[:1], change, test)
}

func at(t *testing.T, places []place, change func(*app, *options), test func(t *testing.T, a *app)) {
	t.Helper()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, newApp(t, p.adapter, p.open, change))
		})
	}
}

func memory(_ *testing.T, now func() time.Time) stores {
	return stores{
		memstore.NewUsers[Account](), memstore.NewSessions(now), memstore.NewTickets(now),
		memstore.NewLimiter(memstore.LimiterOptions{Now: now}),
		memstore.NewOAuthAccounts(),
	}
}

func sqlite(t *testing.T, now func() time.Time) stores {
	return onSQLite(t, filepath.Join(t.TempDir(), "contract.sqlite"), bunstore.Options{Now: now})
}

// onSQLite opens a database file as an application does, but without waiting
// for the disk.
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
