package importers_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/importers"
)

// Of "correct horse battery", as better-auth's hashPassword makes it.
const betterAuthHash = "6b7a3f0c9d2e418596a0b1c2d3e4f506:3cf8b28b6ca00b5d97d439f681f19c79938bbe118a6d2b1102ebb6fa83a8c535" +
	"7568f98648e0b2996fe6b85b241a65a6eddb161bfabb1703193cd97a2a1ea129"

// betterAuth is a database with one user of each kind.
func betterAuth(t *testing.T, d database, schema string) *sql.DB {
	t.Helper()
	db := d.with(t, schema)
	insert := func(table, columns string, values ...any) {
		t.Helper()
		quote, places := `"`, make([]string, len(values))
		for i := range values {
			places[i] = fmt.Sprint("$", i+1)
			if d.driver == "mysql" {
				quote, places[i] = "`", "?"
			}
		}
		names := quote + strings.ReplaceAll(columns, " ", quote+", "+quote) + quote
		run(t, db, "INSERT INTO "+quote+table+quote+" ("+names+") VALUES ("+strings.Join(places, ", ")+")", values...)
	}
	born, future, past := time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC), time.Now().AddDate(1, 0, 0),
		time.Now().AddDate(-1, 0, 0)
	user := func(id, email string, verified bool, role any, banned, reason, until, anonymous, factor any) {
		insert("user", "id name email emailVerified createdAt updatedAt role banned banReason banExpires isAnonymous twoFactorEnabled",
			id, "Ms. "+id, email, verified, born, born, role, banned, reason, until, anonymous, factor)
	}
	account := func(user, provider, id string, password any) {
		insert("account", "id accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt password createdAt updatedAt",
			user+provider, id, provider, user, "token-of-"+id, nil, "eyJ…", future, password, born, born)
	}
	user("ada", "ada@example.org", true, "user", nil, nil, nil, nil, nil)
	account("ada", "credential", "ada", betterAuthHash)
	account("ada", "google", "g-1", nil)
	user("bob", "bob@example.org", false, "admin,support", false, nil, nil, false, true)
	account("bob", "credential", "bob", betterAuthHash)
	user("carla", "carla@example.org", true, nil, true, "spam", nil, nil, nil)
	account("carla", "credential", "carla", betterAuthHash)
	user("dora", "dora@example.org", true, nil, true, "rest", future, nil, nil)
	account("dora", "credential", "dora", betterAuthHash)
	user("eve", "eve@example.org", true, nil, true, "done", past, nil, nil)
	account("eve", "credential", "eve", betterAuthHash)
	user("fay", "temp@http://localhost.example", false, nil, nil, nil, nil, true, nil)
	user("gus", "gus@example.org", true, nil, nil, nil, nil, nil, nil)
	account("gus", "github", "7", nil)
	return db
}

func wantBetterAuth(a *app) {
	a.Helper()
	for _, address := range []string{"ada@example.org", "bob@example.org", "eve@example.org"} {
		a.wantLogin(address, "correct horse battery")
	}
	for _, address := range []string{"carla@example.org", "dora@example.org"} {
		if status := a.login(address, "correct horse battery"); status != 400 {
			a.Errorf("%s is banned, and logs in: %d", address, status)
		}
	}
	if u := a.user("carla@example.org"); u.SuspendedFor != "spam" || u.SuspendedUntil.Year() != 9999 {
		a.Errorf("%+v", u)
	}
	ada, bob := a.user("ada@example.org"), a.user("bob@example.org")
	if !ada.IsVerified || ada.IsSuperuser || ada.Name != "Ms. ada" ||
		!ada.CreatedAt.Equal(time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC)) {
		a.Errorf("%+v", ada)
	}
	if bob.IsVerified || !bob.IsSuperuser {
		a.Errorf("%+v", bob)
	}
	a.linked("ada@example.org", "google/g-1")
	a.linked("gus@example.org", "github/7")
}

func TestBetterAuth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d      database
		schema string
	}{
		"PostgreSQL": {onPostgres, "better-auth-postgresql.sql"},
		"SQLite":     {onSQLite, "better-auth-postgresql.sql"}, // whose types SQLite takes too
		"MariaDB":    {onMariaDB, "better-auth-mariadb.sql"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, a := betterAuth(t, c.d, c.schema), newApp(t, onSQLite, "")
			report := a.run(importers.BetterAuth(db, importers.BetterAuthOptions{AdminRole: "admin"}), importers.Options{})
			a.wantReport(report, importers.Report{
				Imported: 6, Skipped: 1, Superusers: 1, WithoutPassword: 1, Links: 2, Left: map[string]int{"second factor": 1},
			})
			wantBetterAuth(a)
			if _, err := a.social.Token(t.Context(), a.user("ada@example.org").ID, "google"); err == nil {
				t.Error("a token has come that nobody has asked for")
			}
		})
		t.Run(name+" with tokens", func(t *testing.T) {
			t.Parallel()
			db, a := betterAuth(t, c.d, c.schema), newApp(t, onSQLite, "")
			o := importers.BetterAuthOptions{TableOptions: importers.TableOptions{Tokens: true}}
			report := a.once(importers.BetterAuth(db, o), importers.Options{})
			if report.Imported != 6 || report.Superusers != 0 || report.Unknown["role"] != 2 {
				t.Errorf("%s", report)
			}
			a.linked("ada@example.org", "google/g-1")
			a.token("ada@example.org", "google", "token-of-g-1")
		})
	}
}

// TestWhatBetterAuthWrote: the database of the program itself; its README is in
// this repository's testdata.
func TestWhatBetterAuthWrote(t *testing.T) {
	t.Parallel()
	db := copied(t, filepath.Join("..", "testdata", "better-auth.sqlite"))
	source := importers.BetterAuth(db, importers.BetterAuthOptions{
		TableOptions: importers.TableOptions{Tokens: true}, AdminRole: "admin",
	})
	a := newApp(t, onSQLite, "")
	report := a.run(source, importers.Options{})
	a.wantReport(report, importers.Report{
		Imported: 6, Skipped: 1, Superusers: 1, WithoutPassword: 1, Links: 2, Left: map[string]int{"second factor": 1},
	})
	a.wantLogin("Ada.Lovelace@example.org", "analytical engine 1843")
	a.wantLogin("grace@example.org", "nanoseconds & compilers")
	a.wantLogin("barbara@example.org", "ﬁancé Ⅳ ①")
	a.wantLogin("alan@example.org", "on computable numbers")
	if status := a.login("mallory@example.org", "correct horse battery"); status != 400 {
		t.Errorf("a banned user logs in: %d", status)
	}
	a.linked("ada.lovelace@example.org", "google/109876543210")
	a.linked("gal@camelot.bt", "github/7")
	a.token("ada.lovelace@example.org", "google", "token-of-ada")
	if grace, ada := a.user("grace@example.org"), a.user("ada.lovelace@example.org"); !grace.IsVerified ||
		ada.IsVerified ||
		grace.Name != "Grace Hopper" || grace.CreatedAt.Year() != 2026 {
		t.Errorf("%+v", grace)
	}
	if alan := a.user("alan@example.org"); !alan.IsSuperuser || alan.Plan != "gold" {
		t.Errorf("%+v", alan)
	}
}

// TestRenamedBetterAuth: Drizzle's users write snake case and plural tables.
func TestRenamedBetterAuth(t *testing.T) {
	t.Parallel()
	db := betterAuth(t, onPostgres, "better-auth-postgresql.sql")
	for from, to := range map[string]string{
		"emailVerified": "email_verified", "createdAt": "created_at", "updatedAt": "updated_at", "banReason": "ban_reason",
		"banExpires": "ban_expires", "isAnonymous": "is_anonymous", "twoFactorEnabled": "two_factor_enabled",
	} {
		run(t, db, fmt.Sprintf(`ALTER TABLE "user" RENAME COLUMN %q TO %q`, from, to))
	}
	for from, to := range map[string]string{
		"accountId": "account_id", "providerId": "provider_id", "userId": "user_id", "accessToken": "access_token",
	} {
		run(t, db, fmt.Sprintf(`ALTER TABLE account RENAME COLUMN %q TO %q`, from, to))
	}
	run(t, db, `ALTER TABLE "user" RENAME TO users`)
	run(t, db, `ALTER TABLE account RENAME TO accounts`)
	a := newApp(t, onSQLite, "")
	a.run(importers.BetterAuth(db, importers.BetterAuthOptions{AdminRole: "admin"}), importers.Options{})
	wantBetterAuth(a)
}
