package authtest_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
	_ "modernc.org/sqlite"
)

// onSQLite returns the application over a database file of the test's own.
func onSQLite(t *testing.T) *latchkey.Auth[Account] {
	t.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "test.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	users, err := sqlstore.Users[Account](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	transport, err := cookie.New(cookie.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(users, authtest.Options(t, latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "web", Transport: transport, Strategy: sessions}},
		Tickets:  store.Tickets(), Credentials: store.Credentials(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	return auth
}

func TestPlanOverSQLite(t *testing.T) {
	auth := onSQLite(t)
	mux := onNetHTTP(auth)
	gold := authtest.User(func(a *Account) { a.Plan = "gold" })
	client := authtest.As(t, auth, "web", gold)
	if w := client.Do(mux, "GET", "/plan", ""); w.Code != 200 || w.Body.String() != "gold" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if err := auth.Manager().Delete(t.Context(), gold.ID); err != nil {
		t.Fatal(err)
	}
	if w := client.Do(mux, "GET", "/plan", ""); w.Code != 401 {
		t.Errorf("after the deletion: got %d %s", w.Code, w.Body)
	}
}
