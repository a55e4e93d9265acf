package proofs_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// readersOfRecords: nobody reads the records of others but a superuser in
// person.
func readersOfRecords(t *testing.T, a *harness.App) {
	u, other, boss := a.NewUser(t), a.NewUser(t), a.NewUser(t, harness.Superuser)
	mine, admin := a.LogIn(t, "session", u), a.LogIn(t, "session", boss)
	a.LogIn(t, "session", other)
	key, _ := a.MakeKey(t, admin, "orders:read", "orders:write")
	const all, own = "GET /auth/audit ", "GET /auth/audit/me "
	about := harness.Query("user=" + other.ID)
	a.Want(t, all+"401", harness.Case("E05 nobody"))
	a.Want(t, own+"401", harness.Case("E05 nobody, their own"))
	a.Want(t, all+"403", harness.Case("E05 a user"), mine, about)
	a.Want(t, all+"403 INSUFFICIENT_SCOPE", harness.Case("E05 a superuser's key"), harness.Bearer(key), about)
	a.Want(t, own+"403 INSUFFICIENT_SCOPE", harness.Case("E05 a key, of its user"), harness.Bearer(key))
	acted := a.Act(t, "session", admin, u)
	a.Want(t, all+"403", harness.Case("E05 an administrator who acts as a user"), acted)
	got := a.Want(t, own+"200", harness.Case("E05 of another, by a parameter"), mine, about)
	if strings.Contains(got.Body, other.ID) || !strings.Contains(got.Body, `"login"`) {
		t.Errorf("E05: %s", got.Body)
	}
	got = a.Want(t, all+"200", harness.Case("E05 the twin, a superuser"), a.LogIn(t, "session", boss), about)
	if !strings.Contains(got.Body, other.ID) {
		t.Errorf("E05: the twin reads %s", got.Body)
	}
}
