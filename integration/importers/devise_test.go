package importers_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/importers"
)

// devisePepper has 128 characters, as the one that Devise's generator writes.
// The hashes are what Devise::Encryptor.digest of Devise 4.8.1 has made of
// "correct horse", with and without it.
var devisePepper = strings.Repeat("9c1f3f6a0e4b7d2581c6a9f0e3d4b7c85a2e1f6d9b0c3a7e4f8d1b6c5a9e2f70", 2)

const (
	deviseHash = "$2a$10$SVf.AQB4voYUUj4hr.wKA.7anVrFCx1CTtauS4.US1Nv5SpVkdAOa"
	plainHash  = "$2a$10$FAsnsWjoH0YmGnq2X66MP.BEOBWFUlP/xR1X4Hj6CyYWLhyfz68oW"
)

func devise(t *testing.T, d database, hash string) *sql.DB {
	t.Helper()
	db := d.with(t, "devise.sql")
	place := func(n int) string {
		if d.driver == "mysql" {
			return "?"
		}
		return fmt.Sprint("$", n)
	}
	now := time.Now().UTC()
	day := func(days int) any { return now.AddDate(0, 0, days).Format("2006-01-02 15:04:05.000000") }
	for _, u := range []struct {
		email                      string
		confirmed, locked, deleted any
		provider, uid              any
		factor                     bool
	}{
		{"ada@example.org", day(-9), nil, nil, nil, nil, false},
		{"bob@example.org", nil, nil, nil, "google_oauth2", "g-1", true},
		{"locked@example.org", day(-9), now.Format("2006-01-02 15:04:05"), nil, "email", "locked@example.org", false},
		{"unlocked@example.org", day(-9), day(-2), nil, nil, nil, false},
		{"gone@example.org", day(-9), nil, day(-1), nil, nil, false},
	} {
		run(t, db, `INSERT INTO users (email, encrypted_password, confirmed_at, locked_at, deleted_at, provider, uid, otp_required_for_login,
			full_name, created_at, updated_at, reset_password_token, otp_secret) VALUES (`+place(1)+`, `+place(2)+`, `+place(3)+`, `+place(4)+`, `+
			place(5)+`, `+place(6)+`, `+place(7)+`, `+place(8)+`, 'Ms. X', '2020-05-01 10:00:00', '2020-05-01 10:00:00', 'secret-token', 'JBSW')`,
			u.email, hash, u.confirmed, u.locked, u.deleted, u.provider, u.uid, u.factor)
	}
	return db
}

func TestDevise(t *testing.T) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, onSQLite, devisePepper)
			o := importers.Options{Providers: map[string]string{"google_oauth2": "google"}}
			report := a.run(importers.Devise(devise(t, d, deviseHash), importers.DeviseOptions{}), o)
			a.wantReport(report, importers.Report{Imported: 4, Skipped: 1, Links: 1, Left: map[string]int{"second factor": 1}})
			a.wantLogin("ada@example.org", "correct horse")
			a.wantLogin("bob@example.org", "correct horse")
			a.wantLogin("unlocked@example.org", "correct horse")
			if status := a.login("locked@example.org", "correct horse"); status != 400 ||
				a.user("locked@example.org").SuspendedFor != "locked" {
				t.Errorf("a locked user logs in: %d", status)
			}
			ada, bob := a.user("ada@example.org"), a.user("bob@example.org")
			if !ada.IsVerified || bob.IsVerified || ada.FullName != "Ms. X" ||
				ada.CreatedAt.Format(time.DateTime) != "2020-05-01 10:00:00" {
				t.Errorf("%+v", ada)
			}
			a.linked("bob@example.org", "google/g-1")
			a.linked("locked@example.org")
		})
	}
	t.Run("locks without an end, no pepper", func(t *testing.T) {
		t.Parallel()
		a := newApp(t, onSQLite, "")
		source := importers.Devise(devise(t, onPostgres, plainHash), importers.DeviseOptions{UnlockIn: -1})
		a.run(source, importers.Options{})
		a.wantLogin("ada@example.org", "correct horse")
		for _, address := range []string{"locked@example.org", "unlocked@example.org"} {
			if status := a.login(address, "correct horse"); status != 400 || a.user(address).SuspendedUntil.Year() != 9999 {
				t.Errorf("%s logs in: %d", address, status)
			}
		}
	})
	t.Run("accounts in a table of their own", func(t *testing.T) {
		t.Parallel()
		db, a := devise(t, onPostgres, plainHash), newApp(t, onSQLite, "")
		run(t, db, "CREATE TABLE identities (id bigserial PRIMARY KEY, user_id bigint NOT NULL, provider varchar NOT NULL, uid varchar NOT NULL)")
		run(t, db, "INSERT INTO identities (user_id, provider, uid) VALUES (1, 'github', '7'), (1, 'google_oauth2', 'g-9')")
		a.run(importers.Devise(db, importers.DeviseOptions{TableOptions: importers.TableOptions{Accounts: "identities"}}),
			importers.Options{Providers: map[string]string{"google_oauth2": "google"}})
		a.linked("ada@example.org", "github/7", "google/g-9")
		a.linked("bob@example.org", "google/g-1")
	})
}
