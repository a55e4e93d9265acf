package sqlstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// takeovers are the databases on which a FastAPI Users service can be taken
// over. fixture opens a copy of the service's database.
func takeovers(t *testing.T, test func(t *testing.T, fixture func(t *testing.T) *handle)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, fixtureFile)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		address, copies := server.Postgres(t), 0
		test(t, func(t *testing.T) *handle {
			copies++
			return fixtureOnPostgres(t, address, fmt.Sprintf("copy%d", copies))
		})
	})
}

// fixtureFile opens a copy of the database of a FastAPI Users service; its
// README is in this repository's testdata.
func fixtureFile(t *testing.T) *handle {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "testdata", "fastapi-users.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "service.sqlite")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	db := onSQLite.open(t, sqlstore.SQLiteDSN(path)+"&_pragma=synchronous(OFF)")
	run(t, db, "UPDATE oauth_account SET expires_at = ?", serviceExpiry)
	return db
}

// serviceExpiry is 2038-01-01: INTEGER ends soon after that on PostgreSQL. The
// file has later times.
const serviceExpiry = 2145916800

// serviceTables creates the tables as the service's SQLAlchemy adapter does on
// PostgreSQL.
const serviceTables = `
	CREATE TABLE "user" (email VARCHAR(320) NOT NULL, hashed_password VARCHAR(1024) NOT NULL, is_active BOOLEAN NOT NULL,
		is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL, id UUID NOT NULL, PRIMARY KEY (id));
	CREATE UNIQUE INDEX ix_user_email ON "user" (email);
	CREATE TABLE oauth_account (oauth_name VARCHAR(100) NOT NULL, access_token VARCHAR(1024) NOT NULL, expires_at INTEGER,
		refresh_token VARCHAR(1024), account_id VARCHAR(320) NOT NULL, account_email VARCHAR(320) NOT NULL, id UUID NOT NULL,
		user_id UUID NOT NULL, PRIMARY KEY (id), FOREIGN KEY (user_id) REFERENCES "user" (id) ON DELETE cascade);
	CREATE INDEX ix_oauth_account_account_id ON oauth_account (account_id);
	CREATE INDEX ix_oauth_account_oauth_name ON oauth_account (oauth_name);
	CREATE TABLE accesstoken (token VARCHAR(43) NOT NULL, created_at TIMESTAMP WITH TIME ZONE NOT NULL, user_id UUID NOT NULL,
		PRIMARY KEY (token), FOREIGN KEY (user_id) REFERENCES "user" (id) ON DELETE cascade);
	CREATE INDEX ix_accesstoken_created_at ON accesstoken (created_at)`

// fixtureOnPostgres has the rows of the service's file in a schema of its own.
func fixtureOnPostgres(t *testing.T, address, schema string) *handle {
	t.Helper()
	file, db := fixtureFile(t), onPostgres.open(t, address+"&search_path="+schema)
	run(t, db, "CREATE SCHEMA "+schema)
	run(t, db, serviceTables)
	for _, table := range []string{"user", "oauth_account", "accesstoken"} {
		copyTable(t, file, db, `"`+table+`"`)
	}
	return db
}

// copyTable copies all rows of a table.
func copyTable(t *testing.T, from, to *handle, table string) {
	t.Helper()
	rows, err := from.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, column := range columns {
			if flag, ok := values[i].(int64); ok && strings.HasPrefix(column, "is_") {
				values[i] = flag != 0
			}
		}
		run(t, to, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES (?"+
			strings.Repeat(", ?", len(columns)-1)+")", values...)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

var adopting = sqlstore.Options{FastAPIUsers: latchkey.CanonicalEmail}

// adopted is the fixture after Latchkey has taken it over.
func adopted(t *testing.T, fixture func(t *testing.T) *handle) (*handle, *sqlstore.UserStore[early]) {
	t.Helper()
	db := fixture(t)
	_, us := users[early](t, db, adopting)
	return db, us
}

// pythonInsert does what the service's registration does, in the columns that
// it has.
func pythonInsert(t *testing.T, db *handle, id, email string) {
	t.Helper()
	run(t, db, `INSERT INTO "user" (email, hashed_password, is_active, is_superuser, is_verified, id) VALUES (?, '$argon2id$…', true, false, false, ?)`, email, id)
}

// idOf is the id under which an e-mail address is found, or the error.
func idOf(t *testing.T, us *sqlstore.UserStore[early], address string) string {
	t.Helper()
	key, err := latchkey.CanonicalEmail(address)
	if err != nil {
		t.Fatal(err)
	}
	u, err := us.Find(t.Context(), core.ByEmail(key))
	if err != nil {
		return err.Error()
	}
	if u.EmailKey != key {
		t.Errorf("%s was found with the key %s, want %s", address, u.EmailKey, key)
	}
	return u.ID
}

const (
	adaID   = "42a9302f-5915-44de-aa02-00f5a524e841"
	alanID  = "d935c59b-b105-4156-afe9-16dd230aa444"
	galID   = "649993ed-7694-479e-b912-f569d05ad230"
	freshID = "0f0e0d0c-0b0a-4908-8706-050403020100"
)

func TestAdoptedUsersAreFound(t *testing.T) { takeovers(t, adoptedUsers) }

func adoptedUsers(t *testing.T, fixture func(t *testing.T) *handle) {
	_, us := adopted(t, fixture)
	for email, want := range map[string]struct{ active, superuser, verified, bcrypt bool }{
		"ada.lovelace@example.org": {active: true, bcrypt: true},
		"grace@example.org":        {active: true, bcrypt: true},
		"edsger@example.org":       {active: true, superuser: true},
		"barbara@example.org":      {active: true, verified: true},
		"inactive@example.org":     {},
	} {
		u, err := us.Find(t.Context(), core.ByEmail(email))
		if err != nil {
			t.Errorf("%s: %v", email, err)
			continue
		}
		got := struct{ active, superuser, verified, bcrypt bool }{
			u.IsActive, u.IsSuperuser, u.IsVerified, strings.HasPrefix(string(u.HashedPassword), "$2b$"),
		}
		if got != want || u.TokenEpoch != 0 || !u.CreatedAt.IsZero() || u.FullName != "" {
			t.Errorf("%s reads as %+v", email, *u)
		}
		byID, err := us.Find(t.Context(), core.ByID(strings.ToUpper(u.ID)))
		if err != nil || byID.Email != u.Email {
			t.Errorf("%s by its id: %v", email, err)
		}
	}
	all, next, err := us.List(t.Context(), core.Query{Limit: 100})
	if err != nil || len(all) != 7 || next != "" {
		t.Errorf("List returned %d users, %q, %v; want 7", len(all), next, err)
	}
	some, _, err := us.List(t.Context(), core.Query{Email: "ada.", Limit: 100})
	if err != nil || len(some) != 1 || some[0].Email != "Ada.Lovelace@example.org" {
		t.Errorf("List of a prefix returned %d users, %v", len(some), err)
	}
}

// TestAdoptionOfAKeyOfTheSameName: PostgreSQL calls the key of a column email
// that is declared UNIQUE as this package calls the index of email_key, which
// must not be taken for made.
func TestAdoptionOfAKeyOfTheSameName(t *testing.T) {
	t.Parallel()
	db := fixtureOnPostgres(t, server.Postgres(t), "declared")
	run(t, db, `ALTER TABLE "user" ADD UNIQUE (email)`)
	store := newStore(t, db, adopting)
	us, err := sqlstore.Users[core.User](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "rename") {
		t.Fatalf("Migrate returns %v, want what to do", err)
	}
	run(t, db, `ALTER TABLE "user" RENAME CONSTRAINT user_email_key TO uq_user_email`)
	for range 2 {
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	again := &core.User{Email: "Ada.Lovelace@EXAMPLE.org", EmailKey: "ada.lovelace@example.org"}
	if err := us.Create(t.Context(), again); !errors.Is(err, core.ErrTaken) {
		t.Errorf("the same address again: %v, want ErrTaken", err)
	}
}

// TestAdoptionAddsAndChangesNothingElse is finding d5.
func TestAdoptionAddsAndChangesNothingElse(t *testing.T) { takeovers(t, adoptionAdds) }

func adoptionAdds(t *testing.T, fixture func(t *testing.T) *handle) {
	db := fixture(t)
	read := func() string {
		rows := strings.Split(strings.TrimSpace(lines(t, db, `SELECT id || email || hashed_password || is_active || is_superuser || is_verified FROM "user"
			UNION ALL SELECT id || oauth_name || access_token || user_id FROM oauth_account
			UNION ALL SELECT token || created_at || user_id FROM accesstoken`)), "\n")
		if len(rows) != 10 {
			t.Fatalf("there are %d rows", len(rows))
		}
		slices.Sort(rows)
		return strings.Join(rows, "\n")
	}
	before := read()
	users[early](t, db, adopting)
	schema := schemaOf(t, db)
	users[early](t, db, adopting) // again
	if again := schemaOf(t, db); again != schema {
		t.Errorf("the second adoption changed the schema from\n%s\nto\n%s", schema, again)
	}
	if after := read(); after != before {
		t.Errorf("the service's rows were\n%s\nand became\n%s", before, after)
	}
	pythonInsert(t, db, freshID, "later@example.org") // the service's own INSERT still works
}

func TestRowsOfTheRunningService(t *testing.T) { takeovers(t, runningService) }

func runningService(t *testing.T, fixture func(t *testing.T) *handle) {
	ctx := t.Context()
	t.Run("an inserted user is found", func(t *testing.T) {
		db, us := adopted(t, fixture)
		pythonInsert(t, db, freshID, "Jörg@Bücher.example")
		if got := idOf(t, us, "jörg@xn--bcher-kva.example"); got != freshID {
			t.Errorf("got %s", got)
		}
		pythonInsert(t, db, "0f0e0d0c-0b0a-4908-8706-050403020101", "Jim@example.org")
		if page, _, err := us.List(ctx, core.Query{Email: "jim@", Limit: 10}); len(page) != 1 || err != nil {
			t.Errorf("List of a prefix returned %d users, %v", len(page), err)
		}
		if got := idOf(t, us, "nobody@example.org"); got != core.ErrNotFound.Error() {
			t.Errorf("nobody is %s", got)
		}
	})
	t.Run("an inserted user's address is taken", func(t *testing.T) {
		db, us := adopted(t, fixture)
		pythonInsert(t, db, freshID, "New@Example.org")
		u := &early{User: core.User{Email: "new@example.org", EmailKey: "new@example.org"}}
		if err := us.Create(ctx, u); !errors.Is(err, core.ErrTaken) {
			t.Errorf("Create returned %v", err)
		}
		_, err := us.Update(ctx, adaID,
			func(u *early) error { u.Email, u.EmailKey = "new@example.org", "new@example.org"; return nil })
		if !errors.Is(err, core.ErrTaken) {
			t.Errorf("Update returned %v", err)
		}
		if got := idOf(t, us, "ada.lovelace@example.org"); got != adaID {
			t.Errorf("Ada is %s", got)
		}
	})
	t.Run("an address that becomes international is found after the next Migrate (finding d8)", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = 'ada@bücher.example' WHERE id = ?`, adaID)
		if got := idOf(t, us, "ada@bücher.example"); got != core.ErrNotFound.Error() {
			t.Errorf("before it is %s; the guide says that it is not found", got)
		}
		users[early](t, db, adopting)
		if got := idOf(t, us, "ada@bücher.example"); got != adaID {
			t.Errorf("afterwards it is %s", got)
		}
	})
	t.Run("a changed address is found, the former one is free", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = 'Countess@Example.org' WHERE id = ?`, adaID)
		if got := idOf(t, us, "ada.lovelace@example.org"); got != core.ErrNotFound.Error() {
			t.Errorf("the former address is %s", got)
		}
		if got := idOf(t, us, "countess@example.org"); got != adaID {
			t.Errorf("the new address is %s", got)
		}
		u := &early{User: core.User{Email: "Ada.Lovelace@example.org", EmailKey: "ada.lovelace@example.org"}}
		if err := us.Create(ctx, u); err != nil {
			t.Errorf("Create with the former address: %v", err)
		}
	})
	t.Run("a changed address is taken, though its row has the former key", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = 'countess@example.org' WHERE id = ?`, adaID)
		u := &early{User: core.User{Email: "Countess@example.org", EmailKey: "countess@example.org"}}
		if err := us.Create(ctx, u); !errors.Is(err, core.ErrTaken) {
			t.Errorf("Create returned %v", err)
		}
	})
	t.Run("addresses that two users exchange", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = 'x@example.org' WHERE id = ?`, adaID)
		run(t, db, `UPDATE "user" SET email = 'ada.lovelace@example.org' WHERE id = ?`, alanID)
		run(t, db, `UPDATE "user" SET email = 'alan@example.org' WHERE id = ?`, adaID)
		if ada, alan := idOf(t, us, "alan@example.org"), idOf(t, us, "ada.lovelace@example.org"); ada != adaID ||
			alan != alanID {
			t.Errorf("got %s and %s", ada, alan)
		}
	})
	t.Run("an update of a changed row keeps the service's address", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = 'Countess@example.org' WHERE id = ?`, adaID)
		u, err := us.Update(ctx, adaID, func(u *early) error { u.FullName = "Ada"; return nil })
		if err != nil || u.Email != "Countess@example.org" || u.EmailKey != "countess@example.org" {
			t.Errorf("got %+v, %v", u, err)
		}
		if got := idOf(t, us, "countess@example.org"); got != adaID {
			t.Errorf("got %s", got)
		}
	})
	t.Run("addresses that Latchkey would not take", func(t *testing.T) {
		db, us := adopted(t, fixture)
		run(t, db, `UPDATE "user" SET email = id || ' is no address' WHERE id IN (?, ?)`, adaID, alanID)
		for _, former := range []string{"ada.lovelace@example.org", "alan@example.org"} {
			if got := idOf(t, us, former); got != core.ErrNotFound.Error() {
				t.Errorf("%s is %s", former, got)
			}
		}
		if n, err := db.count(ctx, `"user" WHERE email_key = ''`); n != 0 || err != nil {
			t.Errorf("%d users have an empty key, %v; want none", n, err)
		}
		u, err := us.Update(ctx, adaID, func(u *early) error { u.FullName = "Ada"; return nil })
		if err != nil || u.EmailKey != "" {
			t.Errorf("got %+v, %v", u, err)
		}
	})
	t.Run("a second spelling of an address leaves it with the first", func(t *testing.T) {
		db, us := adopted(t, fixture)
		pythonInsert(t, db, freshID, "ADA.lovelace@example.org")
		if got := idOf(t, us, "nobody@example.org"); got != core.ErrNotFound.Error() {
			t.Errorf("nobody is %s", got)
		}
		if got := idOf(t, us, "ada.lovelace@example.org"); got != adaID {
			t.Errorf("Ada is %s", got)
		}
	})
	t.Run("a user of Latchkey fits the service's table", func(t *testing.T) {
		db, us := adopted(t, fixture)
		u := &early{User: core.User{Email: "new@example.org", EmailKey: "new@example.org", IsActive: true}}
		if err := us.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
		var row struct {
			ID, Email, HashedPassword string
			IsActive                  bool
		}
		err := db.QueryRowContext(ctx, db.placed(`SELECT id, email, hashed_password, is_active FROM "user"
			WHERE lower(email) = lower(?)`), "NEW@example.org").Scan(&row.ID, &row.Email, &row.HashedPassword, &row.IsActive)
		if err != nil || row.ID != u.ID || len(row.ID) != 36 || !row.IsActive {
			t.Errorf("the service reads %+v, %v", row, err)
		}
	})
	t.Run("a deleted user takes the service's rows along", func(t *testing.T) {
		db, us := adopted(t, fixture)
		for _, id := range []string{galID, alanID} {
			if err := us.Delete(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		accounts, err1 := db.count(ctx, "oauth_account")
		tokens, err2 := db.count(ctx, "accesstoken")
		if accounts != 1 || tokens != 0 || err1 != nil || err2 != nil {
			t.Errorf("%d accounts and %d tokens are left, want 1 and 0", accounts, tokens)
		}
	})
}

func TestDuplicateAddressesAreReported(t *testing.T) { takeovers(t, duplicateAddresses) }

func duplicateAddresses(t *testing.T, fixture func(t *testing.T) *handle) {
	db := fixture(t)
	pythonInsert(t, db, freshID, "ADA.lovelace@example.org")
	before := schemaOf(t, db)
	store := newStore(t, db, adopting)
	if _, err := sqlstore.Users[early](store); err != nil {
		t.Fatal(err)
	}
	err := store.Migrate(t.Context())
	var duplicates *sqlstore.DuplicateEmailsError
	if !errors.As(err, &duplicates) || len(duplicates.IDs) != 1 ||
		!slices.Equal(duplicates.IDs[0], []string{freshID, adaID}) {
		t.Fatalf("Migrate returned %v", err)
	}
	if text := err.Error(); !strings.Contains(text, freshID+" and "+adaID) || strings.Contains(text, "@") {
		t.Errorf("the error is %q", text)
	}
	if after := schemaOf(t, db); after != before {
		t.Errorf("the schema was\n%s\nand became\n%s", before, after)
	}
	run(t, db, `DELETE FROM "user" WHERE id = ?`, freshID)
	if err := store.Migrate(t.Context()); err != nil {
		t.Errorf("after the row was corrected: %v", err)
	}
}

func TestAdoptionNeedsTheTable(t *testing.T) {
	store := newStore(t, onSQLite.new(t), adopting)
	if _, err := sqlstore.Users[early](store); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "users' table") {
		t.Errorf("Migrate without the service's table returned %v", err)
	}
}
