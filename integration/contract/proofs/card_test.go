package proofs_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// cards are another project's factor: a step-up, the list, the removal and the
// deletion of its user, as of Latchkey's own. The table logs in by it.
func cards(t *testing.T, a *app) {
	for _, backend := range harness.Backends {
		t.Run("another project's factor at "+backend, func(t *testing.T) {
			p := a.withCard(t)
			one := a.Issue(t, backend, core.Session{
				UserID: p.ID, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
			})
			const refused = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["card"]}}`
			id := harness.PathID(p.rows(t, "card")[0].ID)
			a.Want(t, "DELETE /auth/factors/{id} "+refused, one, id)
			a.Want(t, "POST /auth/"+backend+"/totp/begin "+refused, one)
			a.Want(t, "POST /auth/"+backend+"/prove/card 400 CARD_BAD_WORD", one, with("word", "x"))
			in := credential(t, backend, a.Want(t, "POST /auth/"+backend+"/prove/card "+harness.LoginStatus(backend), one,
				with("word", p.card[0])))
			a.Want(t, "GET /strong 200", in)
			a.Want(t, "POST /auth/"+backend+"/totp/begin 200", in)
			if list := a.Want(t, "GET /auth/factors 200", in).Body; !strings.Contains(list, `"kind":"card"`) {
				t.Errorf("the list is %s", list)
			}
			a.EditStored(t, p.Account, called(careful)) // who must have one
			a.Want(t, "DELETE /auth/factors/{id} 409 FACTOR_REQUIRED", in, id)
			a.EditStored(t, p.Account, called("Careless"))
			if backend == "jwt" { // gone with its user
				if err := a.Manager().Delete(t.Context(), p.ID); err != nil {
					t.Fatal(err)
				}
			} else {
				a.Want(t, "DELETE /auth/factors/{id} 204", in, id)
				a.Token(t, "session", p.Account)
			}
			if left := p.rows(t, ""); len(left) != 0 {
				t.Errorf("%d rows are left", len(left))
			}
		})
	}
}
