package sqlstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestTableNames(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		const odd = "odd \"table\" `{users}`?"
		db := d.new(t)
		store, us := users[core.User](t, db, sqlstore.Options{Prefix: "auth_", UsersTable: odd, IDs: sqlstore.BigInt})
		if err := errors.Join(us.Create(t.Context(), ada()), us.Create(t.Context(), &core.User{ID: "7"})); err != nil {
			t.Fatal(err)
		}
		if err := store.Sessions().Create(t.Context(), [32]byte{1}, core.Session{UserID: "a"}); err != nil {
			t.Fatal(err)
		}
		schema := schemaOf(t, db)
		for _, want := range []string{odd + ": ", "auth_sessions: ", "auth_tickets: ", "auth_oauth_accounts: "} {
			if !strings.Contains("\n"+schema, "\n"+want) {
				t.Errorf("there is no %s in\n%s", want, schema)
			}
		}
		if strings.Contains(schema, "latchkey") {
			t.Errorf("the default prefix is in\n%s", schema)
		}
		users[core.User](t, db, sqlstore.Options{Prefix: "auth_", UsersTable: odd, IDs: sqlstore.BigInt})
		if again := schemaOf(t, db); again != schema {
			t.Errorf("the schema was\n%s\nand became\n%s", schema, again)
		}
	})
}

// TestLongestNames: if a database cut off an index's name, it would not find it
// again.
func TestLongestNames(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		for _, opts := range []sqlstore.Options{
			{Prefix: strings.Repeat("p", 40)}, {UsersTable: strings.Repeat("u", 51), OAuthAccountsTable: strings.Repeat("o", 55)},
		} {
			users[core.User](t, db, opts)
			users[core.User](t, db, opts)
		}
	})
}

func TestTwoUserTablesInOneDatabase(t *testing.T) {
	everywhere(t, twoUserTables)
}

func twoUserTables(t *testing.T, d database) {
	db := d.new(t)
	for _, opts := range []sqlstore.Options{{Prefix: "a_"}, {Prefix: "b_"}, {UsersTable: "c"},
		{UsersTable: "d", OAuthAccountsTable: "e"}} {
		store, us := users[core.User](t, db, opts)
		u := func() *core.User { return &core.User{Email: "a@example.org", EmailKey: "a@example.org"} }
		if err := us.Create(t.Context(), u()); err != nil {
			t.Error(err)
		}
		if err := us.Create(t.Context(), u()); !errors.Is(err, core.ErrTaken) {
			t.Errorf("%+v: a second user of the address returned %v, want ErrTaken", opts, err)
		}
		a := func() *core.OAuthAccount {
			return &core.OAuthAccount{UserID: storetest.AnnID, Provider: "github", Subject: "one"}
		}
		if err := store.OAuthAccounts().Create(t.Context(), a()); err != nil {
			t.Error(err)
		}
		if err := store.OAuthAccounts().Create(t.Context(), a()); !errors.Is(err, core.ErrTaken) {
			t.Errorf("%+v: a second link of the account returned %v, want ErrTaken", opts, err)
		}
	}
}

func TestSQLiteDSN(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a#b 100%25?c=d.db")
	db := onSQLite.open(t, sqlstore.SQLiteDSN(path))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"busy_timeout": "5000"} {
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}
