package bunstore_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// unknown is a dialect that bunstore does not support.
type unknown struct{ *sqlitedialect.Dialect }

func (unknown) Name() dialect.Name { return dialect.Oracle }

func TestNewNamesEveryProblem(t *testing.T) {
	if _, err := bunstore.New(nil, bunstore.Options{}); err == nil {
		t.Error("New took a nil db")
	}
	_, err := bunstore.New(newDB(t), bunstore.Options{Prefix: `x"; DROP TABLE y; --`, IDs: 7})
	for _, want := range []string{"Prefix", "IDs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New gave %v, want an error about %s", err, want)
		}
	}
	db := bun.NewDB(new(sql.DB), unknown{sqlitedialect.New()})
	if _, err := bunstore.New(db, bunstore.Options{}); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Errorf("New gave %v, want an error about the dialect", err)
	}
}

func TestTableNames(t *testing.T) {
	db := newDB(t)
	store, us := users[core.User](t, db, bunstore.Options{Prefix: "auth_", UsersTable: `odd "table"`})
	if err := us.Create(t.Context(), &core.User{Email: "a@example.org", EmailKey: "a@example.org"}); err != nil {
		t.Fatal(err)
	}
	if err := store.Sessions().Create(t.Context(), [32]byte{1}, core.Session{UserID: "a"}); err != nil {
		t.Fatal(err)
	}
	schema := schemaOf(t, db)
	for _, want := range []string{`odd "table": `, "auth_sessions: ", "auth_migrations: ", "auth_oauth_accounts: "} {
		if !strings.Contains(schema, "\n"+want) {
			t.Errorf("there is no %s in\n%s", want, schema)
		}
	}
	if strings.Contains(schema, "latchkey") {
		t.Errorf("the default prefix is in\n%s", schema)
	}
}

func TestTwoUserTablesInOneDatabase(t *testing.T) {
	db := newDB(t)
	for _, opts := range []bunstore.Options{{Prefix: "a_"}, {Prefix: "b_"}, {UsersTable: "c"}, {UsersTable: "d", OAuthAccountsTable: "e"}} {
		store, us := users[core.User](t, db, opts)
		u := func() *core.User { return &core.User{Email: "a@example.org", EmailKey: "a@example.org"} }
		if err := us.Create(t.Context(), u()); err != nil {
			t.Error(err)
		}
		if err := us.Create(t.Context(), u()); !errors.Is(err, core.ErrTaken) {
			t.Errorf("%+v: a second user of the address gave %v, want ErrTaken", opts, err)
		}
		a := func() *core.OAuthAccount {
			return &core.OAuthAccount{UserID: storetest.AnnID, Provider: "github", Subject: "one"}
		}
		if err := store.OAuthAccounts().Create(t.Context(), a()); err != nil {
			t.Error(err)
		}
		if err := store.OAuthAccounts().Create(t.Context(), a()); !errors.Is(err, core.ErrTaken) {
			t.Errorf("%+v: a second link of the account gave %v, want ErrTaken", opts, err)
		}
	}
}

func TestSQLiteDSN(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a#b 100%25?c=d.db")
	db := openDSN(t, bunstore.SQLiteDSN(path))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := db.NewRaw("PRAGMA "+pragma).Scan(t.Context(), &got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}
