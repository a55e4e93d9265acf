package sqlstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// TestAdoptedOAuthAccounts runs the kit on FastAPI Users' table. On PostgreSQL
// the service's columns are too narrow for some of the kit's values; this is
// how to widen them without disturbing the service.
func TestAdoptedOAuthAccounts(t *testing.T) {
	takeovers(t, func(t *testing.T, fixture func(t *testing.T) *handle) {
		db, store := adoptedAccounts(t, fixture)
		if db.kind == sqlstore.PostgreSQL {
			run(t, db, `ALTER TABLE oauth_account ALTER COLUMN access_token TYPE TEXT, ALTER COLUMN refresh_token TYPE TEXT, ALTER COLUMN expires_at TYPE BIGINT`)
		}
		pythonInsert(t, db, storetest.AnnID, "ann@example.com") // the table refers to its users
		pythonInsert(t, db, storetest.BobID, "bob@example.com")
		storetest.OAuthAccounts(t, func(t *testing.T) core.OAuthAccountStore {
			run(t, db, "DELETE FROM oauth_account")
			return store.OAuthAccounts()
		})
	})
}

// TestNarrowColumns: what the service's columns cannot hold is refused, and the
// value stays out of the error.
func TestNarrowColumns(t *testing.T) {
	t.Parallel()
	db, store := adoptedAccounts(t,
		func(t *testing.T) *handle { return fixtureOnPostgres(t, server.Postgres(t), "service") })
	sound := core.OAuthAccount{UserID: adaID, Provider: "github", Subject: "one", AccessToken: "canary"}
	long, late := sound, sound
	long.AccessToken, late.Expires = strings.Repeat("canary", 200), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)
	for _, a := range []core.OAuthAccount{long, late} {
		if err := store.OAuthAccounts().Create(t.Context(), &a); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Create returned %v", err)
		}
	}
	if n, err := db.count(t.Context(), `oauth_account WHERE account_id = 'one'`); n != 0 ||
		err != nil {
		t.Errorf("%d rows, %v; want none", n, err)
	}
	if err := store.OAuthAccounts().Create(t.Context(), &sound); err != nil {
		t.Error(err)
	}
}

// adoptedAccounts is the fixture after Latchkey has taken it over.
func adoptedAccounts(t *testing.T, fixture func(t *testing.T) *handle) (*handle, *sqlstore.Store) {
	t.Helper()
	db := fixture(t)
	store, _ := users[early](t, db, adopting)
	return db, store
}

const barbaraID = "e36f6f26-8511-44b8-883f-a42aa42b7806"

// pythonLink does what the service's OAuth callback does: it stores the
// provider's answer in clear.
func pythonLink(t *testing.T, db *handle, id, userID, subject string) {
	t.Helper()
	run(t, db, `INSERT INTO oauth_account (oauth_name, access_token, expires_at, refresh_token, account_id, account_email, id, user_id)
		VALUES ('fake', 'AT', NULL, NULL, ?, 'someone@camelot.bt', ?, ?)`, subject, id, userID)
}

func TestAdoptedOAuthAccountsAreFound(t *testing.T) { takeovers(t, adoptedLinks) }

func adoptedLinks(t *testing.T, fixture func(t *testing.T) *handle) {
	ctx := t.Context()
	db, store := adoptedAccounts(t, fixture)
	accounts := store.OAuthAccounts()
	for _, want := range []core.OAuthAccount{
		{ID: "66ecea0a-95ac-4b2c-a04c-d38755e46d27", UserID: galID, Subject: "id-gal", Email: "gal@camelot.bt", AccessToken: "AT-gal"},
		{ID: "785d9b97-308b-43a5-9ad0-0e830993a150", UserID: barbaraID, Subject: "id-liskov", Email: "liskov@camelot.bt", AccessToken: "AT-liskov"},
	} {
		want.Provider, want.Expires = "fake", time.Unix(serviceExpiry, 0).UTC()
		got, err := accounts.Find(ctx, "fake", want.Subject)
		if err != nil || *got != want {
			t.Errorf("Find returned %+v, %v; want %+v", got, err, want)
		}
		list, err := accounts.List(ctx, strings.ToUpper(want.UserID))
		if err != nil || len(list) != 1 || *list[0] != want {
			t.Errorf("List returned %v, %v; want that account alone", list, err)
		}
	}
	t.Run("a row that the service inserts later is found, and its account is taken", func(t *testing.T) {
		pythonLink(t, db, freshID, galID, "id-later")
		got, err := accounts.Find(ctx, "fake", "id-later")
		if err != nil || got.ID != freshID || got.AccessToken != "AT" || got.RefreshToken != "" || !got.Expires.IsZero() {
			t.Errorf("Find returned %+v, %v", got, err)
		}
		if err := accounts.Create(ctx,
			&core.OAuthAccount{UserID: adaID, Provider: "fake", Subject: "id-later"}); !errors.Is(err, core.ErrTaken) {
			t.Errorf("Create returned %v, want ErrTaken", err)
		}
		list, err := accounts.List(ctx, galID)
		if err != nil || len(list) != 2 || list[0].Subject != "id-gal" || list[1].Subject != "id-later" {
			t.Errorf("List returned %v, %v", list, err)
		}
	})
	t.Run("a row of Latchkey's fits the service", func(t *testing.T) {
		a := &core.OAuthAccount{
			UserID: strings.ToUpper(adaID), Provider: "fake", Subject: "id-ada", AccessToken: "new",
			Expires: time.Unix(serviceExpiry, 999),
		}
		if err := accounts.Create(ctx, a); err != nil {
			t.Fatal(err)
		}
		var row struct {
			ID, UserID, AccountEmail string
			RefreshToken             *string
			ExpiresAt                int64
		}
		query := `SELECT o.id, o.user_id, o.account_email, o.refresh_token, o.expires_at FROM oauth_account o JOIN "user" u ON u.id = o.user_id WHERE o.account_id = 'id-ada'`
		if err := db.QueryRowContext(ctx, query).Scan(&row.ID, &row.UserID, &row.AccountEmail, &row.RefreshToken,
			&row.ExpiresAt); err != nil {
			t.Fatal(err)
		}
		if len(row.ID) != 36 || row.ID != a.ID || row.UserID != adaID || row.RefreshToken != nil ||
			row.ExpiresAt != serviceExpiry {
			t.Errorf("the service reads %+v", row)
		}
		if _, err := accounts.Update(ctx, a.ID,
			func(a *core.OAuthAccount) error { a.Expires = time.Time{}; return nil }); err != nil {
			t.Fatal(err)
		}
		if n, err := db.count(ctx, `oauth_account WHERE account_id = 'id-ada' AND expires_at IS NULL`); n != 1 || err != nil {
			t.Errorf("a token without an end has an expires_at, %v", err)
		}
	})
}

func TestAccountsThatAreLinkedTwice(t *testing.T) { takeovers(t, linkedTwice) }

func linkedTwice(t *testing.T, fixture func(t *testing.T) *handle) {
	db := fixture(t)
	pythonLink(t, db, freshID, adaID, "id-gal")
	pythonLink(t, db, storetest.AnnID, alanID, "id-other")
	before := schemaOf(t, db)
	store := newStore(t, db, adopting)
	if _, err := sqlstore.Users[early](store); err != nil {
		t.Fatal(err)
	}
	err := store.Migrate(t.Context())
	var duplicates *sqlstore.DuplicateOAuthAccountsError
	want := []string{"66ecea0a-95ac-4b2c-a04c-d38755e46d27", freshID}
	if !errors.As(err, &duplicates) || len(duplicates.IDs) != 1 || !slices.Equal(duplicates.IDs[0], want) {
		t.Fatalf("Migrate returned %v", err)
	}
	if text := err.Error(); !strings.Contains(text, want[0]+" and "+want[1]) || strings.Contains(text, "id-gal") {
		t.Errorf("the error is %q", text)
	}
	if after := schemaOf(t, db); after != before {
		t.Errorf("the schema was\n%s\nand became\n%s", before, after)
	}
	run(t, db, `DELETE FROM oauth_account WHERE id = ?`, freshID)
	if err := store.Migrate(t.Context()); err != nil {
		t.Errorf("after the link was deleted: %v", err)
	}
}

func TestServiceWithoutOAuth(t *testing.T) { takeovers(t, withoutOAuth) }

func withoutOAuth(t *testing.T, fixture func(t *testing.T) *handle) {
	db := fixture(t)
	run(t, db, "DROP TABLE oauth_account")
	store, us := users[early](t, db, adopting)
	if err := store.OAuthAccounts().Create(t.Context(),
		&core.OAuthAccount{UserID: galID, Provider: "fake", Subject: "id-gal"}); err != nil {
		t.Errorf("Create returned %v", err)
	}
	if err := us.Delete(t.Context(), galID); err != nil {
		t.Errorf("Delete returned %v", err)
	}
	if _, err := store.OAuthAccounts().Find(t.Context(), "fake", "id-gal"); err != core.ErrNotFound {
		t.Errorf("the deleted user's account: %v", err)
	}
}

// TestAccountsTableNames: an application that has adopted a service's tables
// keeps them after the service was turned off.
func TestAccountsTableNames(t *testing.T) { takeovers(t, accountsTableNames) }

func accountsTableNames(t *testing.T, fixture func(t *testing.T) *handle) {
	ctx := t.Context()
	db, _ := adoptedAccounts(t, fixture)
	store, us := users[early](t, db, sqlstore.Options{UsersTable: "user", OAuthAccountsTable: "oauth_account"})
	if _, err := store.OAuthAccounts().Find(ctx, "fake", "id-gal"); err != nil {
		t.Error(err)
	}
	if got := idOf(t, us, "gal@camelot.bt"); got != galID {
		t.Errorf("the user is %s", got)
	}
	// after a first Migrate
	other, _ := users[early](t, db, sqlstore.Options{UsersTable: "user", OAuthAccountsTable: `odd "links"`})
	if err := other.OAuthAccounts().Create(ctx,
		&core.OAuthAccount{UserID: galID, Provider: "fake", Subject: "id-gal"}); err != nil {
		t.Error(err)
	}
	for _, table := range []string{"oauth_account", `"odd ""links"""`} {
		if n, err := db.count(ctx, table+" WHERE account_id = 'id-gal'"); n != 1 || err != nil {
			t.Errorf("%s has %d links, %v; want 1", table, n, err)
		}
	}
}

func TestOAuthAccountsThatCannotBeStored(t *testing.T) { everywhere(t, accountsThatCannotBeStored) }

func accountsThatCannotBeStored(t *testing.T, d database) {
	ctx := t.Context()
	store, _ := users[core.User](t, d.new(t), sqlstore.Options{})
	accounts := store.OAuthAccounts()
	sound := func() *core.OAuthAccount {
		return &core.OAuthAccount{UserID: storetest.AnnID, Provider: "github", Subject: "one"}
	}
	for want, edit := range map[string]func(a *core.OAuthAccount){
		"its ID":       func(a *core.OAuthAccount) { a.ID = "seven" },
		"its UserID":   func(a *core.OAuthAccount) { a.UserID = "7" },
		"its Provider": func(a *core.OAuthAccount) { a.Subject = "one\x00two" },
	} {
		a := sound()
		edit(a)
		if err := accounts.Create(ctx, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Create returned %v, want an error about %s", err, want)
		}
	}
	a := sound()
	if err := accounts.Create(ctx, a); err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Update(ctx, a.ID,
		func(a *core.OAuthAccount) error { a.Subject = "two"; return nil }); err == nil {
		t.Error("Update took another Subject")
	}
	if _, err := accounts.Update(ctx, a.ID, func(a *core.OAuthAccount) error { a.UserID = "7"; return nil }); err == nil {
		t.Error("Update took a UserID of another type")
	}
}
