package mongostore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// TestNamesAreAdded: a collection whose users get names has an index more, and
// the release before goes on serving.
func TestNamesAreAdded(t *testing.T) {
	db, old, before := open[core.User](t, mongostore.Options{})
	if names := indexes(t, db); slices.ContainsFunc(names, func(n string) bool {
		return strings.Contains(n,
			"username")
	}) {
		t.Errorf("without names the indexes are %q", names)
	}
	ann := &core.User{Email: "ann@example.com", EmailKey: "ann@example.com"}
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fatal(before.Create(t.Context(), ann))
	_, _, after := openIn[storetest.NamedAccount](t, db, mongostore.Options{})
	_, store, _ := openIn[storetest.NamedAccount](t, db, mongostore.Options{}) // once more
	if names := indexes(t, db); !slices.Contains(names, "latchkey_users latchkey_username_key") {
		t.Errorf("the indexes are %q", names)
	}
	if plan, err := store.Plan(t.Context()); err != nil || len(plan) != 0 {
		t.Errorf("the plan is %q, %v", plan, err)
	}
	_, err := after.Update(t.Context(), ann.ID, func(u *storetest.NamedAccount) error {
		u.Username, u.UsernameKey = "Ann", "ann"
		return nil
	})
	fatal(err)
	_, err = before.Update(t.Context(), ann.ID, func(u *core.User) error { u.IsVerified = true; return nil })
	fatal(err)
	fatal(before.Create(t.Context(), &core.User{Email: "bob@example.com", EmailKey: "bob@example.com"}))
	fatal(before.Create(t.Context(), &core.User{Email: "cid@example.com", EmailKey: "cid@example.com"}))
	u, err := after.Find(t.Context(), core.ByUsername("ann"))
	fatal(err)
	if u.ID != ann.ID || !u.IsVerified || u.Username != "Ann" {
		t.Errorf("after an update by the release before the user is %+v", u)
	}
	if _, err := mongostore.Users[storetest.NamedAccount](old); err == nil {
		t.Error("Users of a type with names works after Migrate, which made no index")
	}
	if _, err := mongostore.Users[core.User](old); err != nil {
		t.Errorf("twin: %v", err)
	}
}
