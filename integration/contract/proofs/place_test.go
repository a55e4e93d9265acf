package proofs_test

import (
	"database/sql"
	"os"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/redis/rueidis"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// places are all adapters and all stores, each with another one.
var places = []harness.Place{
	{Name: "httpauth memstore", Adapter: harness.OnServeMux, Open: harness.Memory},
	{Name: "chiauth SQLite", Adapter: harness.OnChi, Open: onSQLite},
	{Name: "echoauth PostgreSQL", Adapter: harness.OnEcho, Open: onSQL("pgx", sqlstore.PostgreSQL, server.Postgres)},
	{Name: "fiberauth MariaDB", Adapter: harness.OnFiber, Open: onSQL("mysql", sqlstore.MariaDB, server.MariaDB)},
	{Name: "ginauth Redis", Adapter: harness.OnGin, Open: redis},
}

// patience is for machines with other work to do.
const patience = time.Minute

// onSQL opens stores in a new database of a server.
func onSQL(driver string, d sqlstore.Dialect, address func(testing.TB) string) harness.StoreOpener {
	return func(t *testing.T, now func() time.Time) harness.Stores {
		t.Helper()
		db, err := sql.Open(driver, address(t))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(8)
		db.SetMaxIdleConns(8)
		t.Cleanup(func() { _ = db.Close() })
		store, err := sqlstore.New(db, d, sqlstore.Options{Now: now, Patience: patience})
		if err != nil {
			t.Fatal(err)
		}
		users, err := sqlstore.Users[harness.Account](store)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return harness.Stores{
			Users: users, Sessions: users.Sessions(), Tickets: store.Tickets(), Limiter: store.Limiter(),
			Accounts: store.OAuthAccounts(), Credentials: store.Credentials(), Audit: store.Audit(),
		}
	}
}

// onSQLite opens stores in a new SQLite database, which is patient with crowds.
func onSQLite(t *testing.T, now func() time.Time) harness.Stores {
	t.Helper()
	return harness.OpenSQLite(t, harness.NewSQLite(t), bunstore.Options{Now: now, Patience: patience})
}

// redis opens stores in memory, but for sessions, tickets and limits, which are
// in a Redis.
func redis(t *testing.T, now func() time.Time) harness.Stores {
	t.Helper()
	client := rueidis.ClientOption{InitAddress: []string{server.Redis(t)}}
	store, err := redisstore.New(client, redisstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	kept := harness.Memory(t, now)
	kept.Sessions, kept.Tickets, kept.Limiter = store.Sessions(), store.Tickets(), store.Limiter()
	return kept
}

// everywhere runs a test at each place.
func everywhere(t *testing.T, test func(t *testing.T, a *app)) {
	t.Helper()
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			test(t, newApp(t, p, nil))
		})
	}
}
