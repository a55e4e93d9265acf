package importers_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/importers"
)

func TestAuthJS(t *testing.T) {
	t.Parallel()
	db := onPostgres.with(t, "authjs.sql")
	run(t, db, `INSERT INTO users (name, email, "emailVerified") VALUES ('Ada', 'ada@example.org', now()), ('Bob', 'bob@example.org', NULL), ('No', NULL, NULL)`)
	run(t, db, `INSERT INTO accounts ("userId", type, provider, "providerAccountId", access_token, refresh_token, expires_at)
		VALUES (1, 'oidc', 'google', 'g-1', 'token-of-ada', 'r', 4102444800), (1, 'oauth', 'github', '7', 'x', NULL, NULL), (2, 'oauth', 'azure-ad', 'z', NULL, NULL, NULL)`)
	a := newApp(t, onSQLite, "")
	a.wantReport(a.run(importers.AuthJS(db, importers.TableOptions{Tokens: true}), importers.Options{}),
		importers.Report{Imported: 2, Skipped: 1, WithoutPassword: 2, Links: 3, Unknown: map[string]int{}})
	a.linked("ada@example.org", "google/g-1", "github/7")
	a.linked("bob@example.org", "azure-ad/z")
	if ada := a.user("ada@example.org"); !ada.IsVerified || !ada.IsActive || ada.Name != "Ada" ||
		a.user("bob@example.org").IsVerified {
		t.Errorf("%+v", ada)
	}
	a.token("ada@example.org", "google", "token-of-ada")
	if status := a.login("ada@example.org", ""); status != 400 {
		t.Errorf("a user without a password logs in: %d", status)
	}
}

// TestAuthJSWithPrisma: dates are milliseconds there, and many applications
// have added a password.
func TestAuthJSWithPrisma(t *testing.T) {
	t.Parallel()
	db := onSQLite.with(t, "authjs-prisma.sql")
	run(t, db, `ALTER TABLE "User" ADD COLUMN "password" TEXT`)
	run(t, db, `INSERT INTO "User" ("id", "name", "email", "emailVerified", "createdAt", "updatedAt", "password")
		VALUES ('clh1', 'Ada', 'ada@example.org', 1714557600000, 1714557600000, 1714557600000, $1),
			('clh2', 'Bob', 'bob@example.org', NULL, '2024-05-01T10:00:00.000Z', '2024-05-01', NULL)`, supabaseHash)
	run(t, db, `INSERT INTO "Account" ("userId", "type", "provider", "providerAccountId", "updatedAt") VALUES ('clh1', 'oauth', 'github', '7', 0)`)
	a := newApp(t, onSQLite, "")
	o := importers.TableOptions{Columns: importers.Columns{Hash: "password"}}
	a.wantReport(a.run(importers.AuthJS(db, o), importers.Options{}),
		importers.Report{Imported: 2, WithoutPassword: 1, Links: 1})
	a.wantLogin("ada@example.org", "correct horse")
	a.linked("ada@example.org", "github/7")
	born := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	if ada, bob := a.user("ada@example.org"), a.user("bob@example.org"); !ada.CreatedAt.Equal(born) ||
		!bob.CreatedAt.Equal(born) ||
		!ada.IsVerified || bob.IsVerified {
		t.Errorf("%+v, %+v", ada, bob)
	}
}
