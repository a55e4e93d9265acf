package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestFindings52MigrateForgotten: the error of the first use asks for it.
func TestFindings52MigrateForgotten(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		told := func(what string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), "was Migrate called?") {
				t.Errorf("%s: got %v", what, err)
			}
		}
		db := d.new(t)
		store := newStore(t, db, sqlstore.Options{})
		us, err := sqlstore.Users[core.User](store)
		if err != nil {
			t.Fatal(err)
		}
		_, err = us.Find(t.Context(), core.ByEmail("ada@example.org"))
		told("Find", err)
		told("Create", us.Create(t.Context(), &core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}))
		s := core.Session{UserID: "1", Expires: time.Now().Add(time.Hour)}
		told("a session", store.Sessions().Create(t.Context(), [32]byte{1}, s))

		_, _ = users[core.User](t, db, sqlstore.Options{})
		type later struct {
			core.User
			FullName string `json:"full_name" db:"full_name"`
		}
		upgraded, err := sqlstore.Users[later](newStore(t, db, sqlstore.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = upgraded.Find(t.Context(), core.ByEmail("ada@example.org"))
		told("Find of a type with a new column", err)
		told("Create with a new column",
			upgraded.Create(t.Context(), &later{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}))
	})
}
