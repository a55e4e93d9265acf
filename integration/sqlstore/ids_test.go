package sqlstore_test

import (
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// numberedTable creates the users' table with numbers as SQLAlchemy does on
// SQLite, which reuses a number once the user with the highest is deleted.
const numberedTable = `
	CREATE TABLE "user" (email VARCHAR(320) NOT NULL, hashed_password VARCHAR(1024) NOT NULL, is_active BOOLEAN NOT NULL,
		is_superuser BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (id))`

// TestO54NumbersOfDeletedUsers: a number is not assigned again, whoever created
// the table.
func TestO54NumbersOfDeletedUsers(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *sqlstore.UserStore[early]{
		"a table that was taken over": func(t *testing.T) *sqlstore.UserStore[early] {
			db := onSQLite.new(t)
			run(t, db, numberedTable)
			_, us := users[early](t, db, sqlstore.Options{FastAPIUsers: latchkey.CanonicalEmail, IDs: sqlstore.BigInt})
			return us
		},
		"an own table": func(t *testing.T) *sqlstore.UserStore[early] {
			_, us := users[early](t, onSQLite.new(t), sqlstore.Options{IDs: sqlstore.BigInt})
			return us
		},
	} {
		t.Run(name, func(t *testing.T) {
			us := open(t)
			create := func(name string) string {
				t.Helper()
				u := &early{User: core.User{Email: name + "@example.org", EmailKey: name + "@example.org", IsActive: true}}
				if err := us.Create(t.Context(), u); err != nil {
					t.Fatal(err)
				}
				if found, err := us.Find(t.Context(), core.ByID(u.ID)); err != nil || found.Email != u.Email {
					t.Fatalf("%s is found as %+v, %v", u.ID, found, err)
				}
				return u.ID
			}
			remove := func(id string) {
				t.Helper()
				if err := us.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
			ann, bob, cid := create("ann"), create("bob"), create("cid")
			if ann != "1" || bob != "2" || cid != "3" {
				t.Errorf("got %s, %s, %s; want 1, 2, 3", ann, bob, cid)
			}
			remove(bob)
			remove(cid)
			dan := create("dan")
			remove(dan)
			eve := create("eve")
			if dan != "4" || eve != "5" {
				t.Errorf("got %s and %s after deletions, want 4 and 5", dan, eve)
			}
		})
	}
}
