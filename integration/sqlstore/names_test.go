package sqlstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// unnamed is an application's user, and handled the same in a later release,
// which has names.
type (
	unnamed struct {
		core.User
		Nick string `json:"nick"`
	}
	handled struct {
		core.User
		core.Named
		Nick string `json:"nick"`
	}
)

// TestNamesAreAdded: a table whose users get names has columns and an index
// more, and the release before goes on serving.
func TestNamesAreAdded(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		_, before := users[unnamed](t, db, sqlstore.Options{})
		if schema := schemaOf(t, db); strings.Contains(schema, "username") {
			t.Errorf("a type without names has them in\n%s", schema)
		}
		ann := &unnamed{User: core.User{Email: "ann@example.com", EmailKey: "ann@example.com"}, Nick: "n"}
		must(t, before.Create(t.Context(), ann))

		store := newStore(t, db, sqlstore.Options{})
		if _, err := sqlstore.Users[handled](store); err != nil {
			t.Fatal(err)
		}
		plan, err := store.Plan(t.Context())
		if err != nil || len(plan) != 3 || !strings.Contains(plan[2], "UNIQUE INDEX") {
			t.Errorf("the plan is %q, %v", plan, err)
		}
		users[handled](t, db, sqlstore.Options{})
		schema := schemaOf(t, db)
		_, after := users[handled](t, db, sqlstore.Options{})
		if again := schemaOf(t, db); again != schema {
			t.Errorf("the schema was\n%s\nand became\n%s", schema, again)
		}

		_, err = after.Update(t.Context(), ann.ID, func(u *handled) error {
			u.Username, u.UsernameKey = "Ann", "ann"
			return nil
		})
		must(t, err)
		_, err = before.Update(t.Context(), ann.ID, func(u *unnamed) error { u.Nick = "changed"; return nil })
		must(t, err)
		got, err := after.Find(t.Context(), core.ByUsername("ann"))
		must(t, err)
		if got.ID != ann.ID || got.Username != "Ann" || got.Nick != "changed" || got.Email != "ann@example.com" {
			t.Errorf("after an update by the release before the user is %+v", got)
		}
		for _, address := range []string{"bob@example.com", "cid@example.com"} {
			must(t, before.Create(t.Context(), &unnamed{User: core.User{Email: address, EmailKey: address}}))
		}
		if _, err := before.Find(t.Context(), core.ByUsername("ann")); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("the release before finds by a name: %v", err)
		}
		all, _, err := after.List(t.Context(), core.Query{Limit: 10})
		if err != nil || len(all) != 3 {
			t.Errorf("List returned %d users, %v", len(all), err)
		}
	})
}

// TestAdoptedUsersGetNames: the service of FastAPI Users goes on inserting.
func TestAdoptedUsersGetNames(t *testing.T) {
	takeovers(t, func(t *testing.T, fixture func(t *testing.T) *handle) {
		db := fixture(t)
		users[handled](t, db, adopting)
		_, us := users[handled](t, db, adopting)
		pythonInsert(t, db, freshID, "fresh@example.org")
		u, err := us.Find(t.Context(), core.ByEmail("fresh@example.org"))
		must(t, err)
		_, err = us.Update(t.Context(), u.ID, func(u *handled) error {
			u.Username, u.UsernameKey = "Fresh", "fresh"
			return nil
		})
		must(t, err)
		if u, err = us.Find(t.Context(), core.ByUsername("fresh")); err != nil || u.ID != freshID {
			t.Errorf("by the name: %+v, %v", u, err)
		}
		ada, err := us.Find(t.Context(), core.ByID(adaID))
		must(t, err)
		_, err = us.Update(t.Context(), ada.ID, func(u *handled) error { u.UsernameKey = "fresh"; return nil })
		if !errors.Is(err, core.ErrTaken) {
			t.Errorf("the name of another: %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
