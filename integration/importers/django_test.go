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

// Of "lètmein" but for bcrypt's, as Django's hashers make them; the first three
// are of Django's own tests.
var djangoHashes = map[string]struct{ hash, password string }{
	"pbkdf2": {"pbkdf2_sha256$320000$seasalt$Toj2II2rBvFiGQcPmUml1Nlni2UtvyRWwz/jz4q6q/4=", "lètmein"},
	"scrypt": {"scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==", "lètmein"},
	"argon2": {"argon2$argon2id$v=19$m=102400,t=2,p=8$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q", "on computable numbers"},
	"bcrypt": {"bcrypt$" + supabaseHash, "correct horse"},
}

func django(t *testing.T, d database) *sql.DB {
	t.Helper()
	db := d.with(t, "django.sql")
	place := func(n int) string {
		if d.driver == "mysql" {
			return "?"
		}
		return fmt.Sprint("$", n)
	}
	insert := func(table, columns string, values ...any) {
		t.Helper()
		places := make([]string, len(values))
		for i := range values {
			places[i] = place(i + 1)
		}
		run(t, db, "INSERT INTO "+table+" ("+columns+") VALUES ("+strings.Join(places, ", ")+")", values...)
	}
	user := func(id int, name, email, password string, superuser, active bool) {
		insert("auth_user", "id, username, email, password, is_superuser, is_active, is_staff, first_name, last_name, date_joined",
			id, name, email, password, superuser, active, superuser, "", "X", "2020-05-01 10:00:00")
	}
	for i, name := range []string{"pbkdf2", "scrypt", "argon2", "bcrypt"} {
		user(i+1, name, name+"@example.org", djangoHashes[name].hash, i == 0, true)
	}
	user(5, "md5", "md5@example.org", "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3", false, true)
	user(6, "social", "social@example.org", "!"+strings.Repeat("x", 40), false, true)
	user(7, "inactive", "inactive@example.org", djangoHashes["pbkdf2"].hash, false, false)
	user(8, "nobody", "", djangoHashes["pbkdf2"].hash, false, true)
	user(9, "primary", "", djangoHashes["pbkdf2"].hash, false, true)
	primary := strings.NewReplacer(d.types...).Replace("{primary}")
	for _, e := range []struct {
		user              int
		email             string
		verified, primary bool
	}{{1, "PBKDF2@example.org", true, true}, {2, "other@example.org", true, true}, {2, "scrypt@example.org", false, false},
		{9, "primary@example.org", true, true}, {9, "second@example.org", true, false}} {
		insert("account_emailaddress", "user_id, email, verified, "+primary, e.user, e.email, e.verified, e.primary)
	}
	insert("socialaccount_socialaccount", "id, user_id, provider, uid, last_login, date_joined, extra_data",
		70, 6, "google", "g-1", "2020-05-01 10:00:00", "2020-05-01 10:00:00", "{}")
	insert("socialaccount_socialtoken", "token, token_secret, expires_at, account_id", "token-of-social",
		"refresh", "2099-05-01 10:00:00", 70)
	return db
}

// TestWhatDjangoWrote: the tables of the program itself; their README is in
// this repository's testdata.
func TestWhatDjangoWrote(t *testing.T) {
	t.Parallel()
	db := copied(t, filepath.Join("..", "testdata", "django.sqlite"))
	a := newApp(t, onSQLite, "")
	report := a.run(importers.Django(db, importers.TableOptions{Tokens: true}), importers.Options{
		Rename: map[string]string{"is_staff": "", "last_name": "", "first_name": "full_name"},
	})
	a.wantReport(report, importers.Report{Imported: 5, Skipped: 1, Superusers: 1, WithoutPassword: 1, Links: 1})
	a.wantLogin("ada.lovelace@example.org", "analytical engine 1843")
	a.wantLogin("grace@example.org", "nanoseconds & compilers")
	a.wantLogin("root@example.org", "goto considered harmful")
	if status := a.login("inactive@example.org", "nobody home today"); status != 400 {
		t.Errorf("an inactive user logs in: %d", status)
	}
	a.linked("gal@camelot.bt", "google/109876543210")
	a.token("gal@camelot.bt", "google", "token-of-gal")
	ada := a.user("ada.lovelace@example.org")
	if !ada.IsVerified || ada.FullName != "Ada" || ada.Username != "ada" || ada.CreatedAt.Year() != 2026 {
		t.Errorf("%+v", ada)
	}
	if a.user("grace@example.org").IsVerified || !a.user("root@example.org").IsSuperuser {
		t.Error("the flags are others")
	}
}

func TestDjango(t *testing.T) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, a := django(t, d), newApp(t, onSQLite, "")
			report := a.run(importers.Django(db, importers.TableOptions{}), importers.Options{
				Rename: map[string]string{"is_staff": "", "last_name": "full_name"},
			})
			a.wantReport(report, importers.Report{
				Imported: 7, Refused: 1, Skipped: 1, Superusers: 1, WithoutPassword: 1,
				Links: 1, Unknown: map[string]int{"first_name": 7},
			})
			if report.Hashes["md5$…"] != 1 {
				t.Errorf("%v", report.Hashes)
			}
			for form, c := range djangoHashes {
				if name == "SQLite" || form == "pbkdf2" {
					a.wantLogin(form+"@example.org", c.password)
				}
			}
			if status := a.login("inactive@example.org", "lètmein"); status != 400 {
				t.Errorf("an inactive user logs in: %d", status)
			}
			first := a.user("pbkdf2@example.org")
			if !first.IsVerified || !first.IsSuperuser || first.Username != "pbkdf2" || first.FullName != "X" ||
				first.CreatedAt.Format(time.DateTime) != "2020-05-01 10:00:00" {
				t.Errorf("%+v", first)
			}
			if a.user("scrypt@example.org").IsVerified || !a.user("primary@example.org").IsVerified {
				t.Error("an address is as verified as another one")
			}
			a.linked("social@example.org", "google/g-1")
		})
	}
	t.Run("with tokens", func(t *testing.T) {
		t.Parallel()
		db, a := django(t, onPostgres), newApp(t, onSQLite, "")
		a.once(importers.Django(db, importers.TableOptions{Tokens: true}), importers.Options{})
		a.token("social@example.org", "google", "token-of-social")
	})
	t.Run("without django-allauth", func(t *testing.T) {
		t.Parallel()
		db, a := django(t, onPostgres), newApp(t, onSQLite, "")
		for _, table := range []string{"account_emailaddress", "socialaccount_socialaccount", "socialaccount_socialtoken"} {
			run(t, db, "DROP TABLE "+table)
		}
		report := a.run(importers.Django(db, importers.TableOptions{}), importers.Options{})
		if report.Imported != 6 || report.Links != 0 || a.user("pbkdf2@example.org").IsVerified {
			t.Errorf("%s", report)
		}
	})
}
