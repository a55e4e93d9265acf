package oidc_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// stores holds an application's user stores.
type stores struct {
	users    core.UserStore[latchkey.User]
	accounts core.OAuthAccountStore
	sessions core.SessionStore
	tickets  core.TicketStore
}

// everywhere runs a test on stores without transactions and on a database, and
// with each provider.
func everywhere(t *testing.T, test func(t *testing.T, s settings)) {
	t.Run("zitadel memstore", func(t *testing.T) { test(t, settings{kept: inMemory()}) })
	t.Run("zitadel bunstore", func(t *testing.T) { test(t, settings{kept: inSQLite(t)}) })
	t.Run("oidc-provider bunstore", func(t *testing.T) { test(t, settings{kept: inSQLite(t), start: startNode}) })
}

func inMemory() stores {
	return stores{memstore.NewUsers[latchkey.User](), memstore.NewOAuthAccounts(), memstore.NewSessions(nil),
		memstore.NewTickets(nil)}
}

func inSQLite(t *testing.T) stores {
	t.Helper()
	file, err := sql.Open("sqlite", bunstore.SQLiteDSN(filepath.Join(t.TempDir(), "app.db"))+"&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	db := bun.NewDB(file, sqlitedialect.New())
	t.Cleanup(func() { _ = db.Close() })
	store, err := bunstore.New(db, bunstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	users, err := bunstore.Users[latchkey.User](store)
	if err := errors.Join(err, store.Migrate(t.Context())); err != nil {
		t.Fatal(err)
	}
	return stores{users, store.OAuthAccounts(), store.Sessions(), store.Tickets()}
}
