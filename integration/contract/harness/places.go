package harness

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

// Place is an adapter over a store. Its name is that of the subtest, so a
// failure names the framework.
type Place struct {
	Name    string
	Adapter Adapter
	Open    StoreOpener
}

// Places are all adapters, and between them both stores. The first two are
// those of OnEveryStore.
var Places = []Place{
	{"httpauth memstore", OnServeMux, Memory},
	{"chiauth SQLite", OnChi, SQLite},
	{"echoauth memstore", OnEcho, Memory},
	{"fiberauth memstore", OnFiber, Memory},
	{"ginauth memstore", OnGin, Memory},
}

// OnEveryAdapter is for what an adapter has a part in: how requests are read,
// routed, guarded and answered. It runs a test with an application of its own
// at each place; change, if not nil, changes the options.
func OnEveryAdapter(t *testing.T, change func(*App, *Options), test func(t *testing.T, a *App)) {
	t.Helper()
	onPlaces(t, Places, change, test)
}

// OnEveryStore is for what is behind the adapter: what is kept, who wins a
// race, what is mailed, what becomes of a token that arrived.
func OnEveryStore(t *testing.T, change func(*App, *Options), test func(t *testing.T, a *App)) {
	t.Helper()
	onPlaces(t, Places[:2], change, test)
}

// OnOneAdapter is for what neither has a part in, such as how hashes are
// verified.
func OnOneAdapter(t *testing.T, change func(*App, *Options), test func(t *testing.T, a *App)) {
	t.Helper()
	onPlaces(t, Places[:1], change, test)
}

func onPlaces(t *testing.T, places []Place, change func(*App, *Options), test func(t *testing.T, a *App)) {
	t.Helper()
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			test(t, NewApp(t, p.Adapter, p.Open, change))
		})
	}
}

// Memory opens stores in memory.
func Memory(_ *testing.T, now func() time.Time) Stores {
	return Stores{
		memstore.NewUsers[Account](), memstore.NewSessions(now), memstore.NewTickets(now),
		memstore.NewLimiter(memstore.LimiterOptions{Now: now}),
		memstore.NewOAuthAccounts(), memstore.NewCredentials(now), memstore.NewAudit(),
	}
}

// SQLite opens stores in a new SQLite database.
func SQLite(t *testing.T, now func() time.Time) Stores {
	return OpenSQLite(t, NewSQLite(t), bunstore.Options{Now: now})
}

// NewSQLite returns the file of a new SQLite database, which is a copy of one
// that was migrated: Migrate finds nothing left to do.
func NewSQLite(t *testing.T) (file string) {
	t.Helper()
	migrated.once.Do(func() {
		made := filepath.Join(t.TempDir(), "migrated.sqlite")
		store, _, db := openSQLite(t, made, bunstore.Options{})
		if err := errors.Join(store.Migrate(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
		migrated.text, migrated.err = os.ReadFile(made)
	})
	file = filepath.Join(t.TempDir(), "contract.sqlite")
	if err := errors.Join(migrated.err, os.WriteFile(file, migrated.text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}

// migrated is a database with the schema of applications.
var migrated struct {
	once sync.Once
	text []byte
	err  error
}

// OpenSQLite opens a database file as an application does, but without waiting
// for the disk.
func OpenSQLite(t *testing.T, file string, o bunstore.Options) Stores {
	t.Helper()
	store, users, db := openSQLite(t, file, o)
	t.Cleanup(func() { _ = db.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return Stores{
		users, store.Sessions(), store.Tickets(), store.Limiter(), store.OAuthAccounts(), store.Credentials(), store.Audit(),
	}
}

func openSQLite(
	t *testing.T, file string, o bunstore.Options,
) (*bunstore.Store, core.UserStore[Account], *sql.DB) {
	t.Helper()
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(file)+"&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	store, err := bunstore.New(bun.NewDB(db, sqlitedialect.New()), o)
	if err != nil {
		t.Fatal(err)
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		t.Fatal(err)
	}
	return store, users, db
}
