package proofs_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const recovered = "POST /auth/session/recovery "

// recoveryCodes are attacks on recovery codes.
func recoveryCodes(t *testing.T, a *app) {
	p, eve := a.withApp(t), a.withApp(t)
	a.Want(t, recovered+"400 FACTOR_BAD_CODE", harness.Case("M07 another user's code"), body(eve.pending(t), p.codes[0]))
	a.Want(t, recovered+"200 (M07 the twin)", body(p.pending(t), p.codes[0]))
	a.Want(t, recovered+"400 FACTOR_BAD_CODE", harness.Case("M07 a code again"), body(p.pending(t), p.codes[0]))
	typed := strings.ToLower(strings.NewReplacer("-", " ", "0", "o", "1", "l").Replace(p.codes[1]))
	a.Want(t, recovered+"200 (M07 the twin: as people type it)", body(p.pending(t), typed))

	former := p.codes
	p.newCodes(t)
	a.Want(t, recovered+"400 FACTOR_BAD_CODE", harness.Case("M28 a code of before the new ones"),
		body(p.pending(t), former[5]))
	a.Want(t, recovered+"200 (M28 the twin)", body(p.pending(t), p.codes[5]))
	t.Run("M28 new codes beside a use", func(t *testing.T) {
		waiting, code := p.pending(t), p.codes[6]
		done := make(chan harness.Answer, 1)
		go func() { done <- a.TrySend(t.Context(), "POST", "/auth/session/recovery", body(waiting, code)) }()
		a.Want(t, "POST /auth/session/recovery-codes 200", p.in)
		if got := <-done; got.Status != 200 && got.Outcome() != "400 FACTOR_BAD_CODE" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		a.Want(t, recovered+"400 FACTOR_BAD_CODE", body(p.pending(t), code))
		if left := p.rows(t, core.MethodRecovery); len(left) != 1 {
			t.Errorf("%d rows of codes", len(left))
		}
	})
}

// removals are those of a factor by whom it is not, and of one by many.
func removals(t *testing.T, a *app) {
	p, eve := a.withApp(t), a.withApp(t)
	id := harness.PathID(p.rows(t, core.MethodTOTP)[0].ID)
	a.Want(t, "DELETE /auth/factors/{id} 404", harness.Case("M20 another user's"), eve.in, id)
	a.Want(t, "PATCH /auth/factors/{id} 404", harness.Case("M20 another user's name"), eve.in, id,
		harness.JSON(`{"label": "x"}`))
	a.EditStored(t, p.Account, called(careful))
	a.Want(t, "DELETE /auth/factors/{id} 409 FACTOR_REQUIRED", harness.Case("M20 the last one that is required"), p.in, id)
	a.EditStored(t, p.Account, called("Careless"))
	t.Run("M20 many at once", func(t *testing.T) {
		removed := 0
		for got := range a.SendAtOnce(t, 16, "DELETE", "/auth/factors/{id}",
			func(int) harness.Option { return harness.All(p.in, id) }) {
			switch got.Status {
			case 204:
				removed++
			case 404, 401: // 401: checked while the removal ended other logins
			default:
				t.Errorf("%d %s", got.Status, got.Body)
			}
		}
		if removed != 1 {
			t.Errorf("%d removals of one factor", removed)
		}
	})
	if left := p.rows(t, ""); len(left) != 0 {
		t.Errorf("%d rows are left: codes that stand in for nothing", len(left))
	}
	a.Want(t, "POST /auth/session/login 200 (M20 the twin)", harness.LoginForm(p.Email, harness.Password))
}
