package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const exportMe = "POST /users/me/export "

// exports are the copies of users' data.
func exports(t *testing.T, a *harness.App) {
	boss, other := a.NewUser(t, harness.Superuser), a.NewUser(t, harness.Verified)
	a.LogIn(t, "session", other)
	for _, backend := range harness.Backends {
		t.Run("M86 at "+backend, func(t *testing.T) {
			u := a.NewUser(t, harness.Verified)
			mine := a.LogIn(t, backend, u)
			keep(t, a, u, "own")
			fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}}
			a.Want(t, exportMe+"401", harness.Case("M86 nobody's"))
			a.Want(t, exportMe+"403", harness.Case("M86 who acts as the user"),
				a.Issue(t, backend, core.Session{UserID: u.ID, Actor: boss.ID, Proofs: fresh}))
			a.Advance(11 * time.Minute)
			a.Want(t, exportMe+proofRequired, harness.Case("M86 in a stale session"), mine)
			mine = a.LogIn(t, backend, u)
			key, _ := a.MakeKey(t, mine, "orders:read")
			a.Want(t, exportMe+"403 INSUFFICIENT_SCOPE", harness.Case("M86 by an API key"), harness.Bearer(key))
			row := find(t, a, u.ID)
			for range 3 {
				got := a.Want(t, exportMe+"200", harness.Case("M86 in a fresh session (twin)"), mine)
				for _, never := range []string{other.Email, other.ID, boss.ID, string(row.HashedPassword), key} {
					if strings.Contains(got.Body, never) {
						t.Errorf("M86 the copy has %q: %s", never, got.Body)
					}
				}
				if !strings.Contains(got.Body, u.Email) || !strings.Contains(got.Body, `"scopes":["orders:read"]`) ||
					strings.Contains(got.Body, `"sessions":[]`) != (backend == "jwt") { // which lists none
					t.Errorf("M86 the copy is %s", got.Body)
				}
			}
			a.Want(t, exportMe+"429 RATE_LIMITED", harness.Case("M86 a fourth in a day"), mine).WantRetryWithin(t, 24*time.Hour)
		})
	}
}
