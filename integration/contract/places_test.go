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

// places are where the whole contract and the attack cases run. What adapters and databases decide by themselves is held by the kits
// adaptertest and storetest.
var places = map[string]place{
	"httpauth memstore": {onServeMux, memory},
	"chiauth SQLite":    {onChi, sqlite},
}

// The other adapters carry a person from login to logout.
func TestLoginOnTheOtherAdapters(t *testing.T) {
	for name, adapter := range map[string]adapter{"echoauth": onEcho, "fiberauth": onFiber, "ginauth": onGin} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, adapter, memory, nil)
			u := a.user(t)
			for _, backend := range backends {
				mine := a.login(t, backend, u)
				a.want(t, "GET /users/me 200", mine).wantUser(t, u)
				if got := a.send(t, "GET", "/authenticated-route", mine); got.body != "Hello "+u.Email+"!" {
					t.Errorf("%s: got %d %s", backend, got.status, got.body)
				}
				a.want(t, "POST /auth/"+backend+"/logout 204", mine)
				a.want(t, "GET /users/me 401", mine)
			}
		})
	}
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
