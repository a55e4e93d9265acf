package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// stepUps are attacks on what wants another proof, or a newer one.
func stepUps(t *testing.T, a *app) {
	p, eve := a.withApp(t), a.withApp(t)
	stored, err := a.Stores.Users.Find(t.Context(), core.ByID(p.ID))
	if err != nil {
		t.Fatal(err)
	}
	// A login of before the factor that was carried over, as by a strategy
	// that knows no epochs.
	one := a.Issue(t, "session", core.Session{
		UserID: p.ID, Epoch: stored.TokenEpoch, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
	})
	id := harness.PathID(p.rows(t, core.MethodTOTP)[0].ID)
	const refused = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp","recovery"]}}`
	a.Want(t, "DELETE /auth/factors/{id}"+refused, harness.Case("M31 removes the factor"), one, id)
	a.Want(t, "PATCH /auth/factors/{id}"+refused, harness.Case("M31 names it"), one, id, harness.JSON(`{"label": "x"}`))
	a.Want(t, "POST /auth/session/recovery-codes"+refused, harness.Case("M31 makes codes"), one)
	a.Want(t, "POST /auth/session/totp/begin"+refused, harness.Case("M31 begins another"), one)
	a.Want(t, "POST /auth/session/passkeys/options"+refused, harness.Case("M31 begins a passkey"), one)
	a.Want(t, "PATCH /users/me"+refused, harness.Case("M31 changes the password"), one,
		with("password", harness.OtherPassword, "current_password", harness.Password))
	a.Want(t, "PATCH /users/me 200 (M31 what is not sensitive)", one, harness.JSON(`{"full_name": "Ada"}`))
	a.Want(t, appProof+"400 FACTOR_BAD_CODE", harness.Case("M60 another user's code"), one, body("", eve.code(t)))
	a.Want(t, "POST /auth/session/prove/password 400 LOGIN_BAD_CREDENTIALS", harness.Case("M60 another user's password"), one,
		with("password", harness.OtherPassword))
	t.Run("M60 another user's mail", func(t *testing.T) {
		flow := a.Want(t, "POST /auth/session/prove/mail 202", eve.in).Member(t, "flow")
		a.Want(t, "POST /auth/session/prove/mail/confirm 400 MAIL_LOGIN_BAD_CODE", one,
			with("flow", flow, "code", a.mail(t, eve.Email).Code))
	})
	a.Want(t, `GET /strong 403 {"detail":{"code":"PROOF_REQUIRED","max_age":0,"methods":[]}}`,
		harness.Case("M60 the session is as before"), one)
	in := bearer(t, a.Want(t, appProof+"200 (M31 M60 the twin)", one, body("", p.code(t))))
	a.Want(t, "GET /strong 200", in)
	a.Want(t, "DELETE /auth/factors/{id} 204", in, id)
	t.Run("M62 the token of before a step-up", func(t *testing.T) { replaced(t, a) })
	t.Run("M80 a stale login", func(t *testing.T) { stale(t, a) })
	t.Run("M64 a session without proofs", func(t *testing.T) { unproved(t, a) })
	t.Run("M61 step-ups for ever", func(t *testing.T) { forever(t, a) })
	t.Run("M10 logins of before the first factor", func(t *testing.T) { before(t, a) })
}

// unproved are sessions that no login has made: imported, or of a key.
func unproved(t *testing.T, a *app) {
	p := a.person(t)
	for _, backend := range harness.Backends {
		imported := a.Issue(t, backend, core.Session{UserID: p.ID})
		old := a.Issue(t, backend, core.Session{
			UserID: p.ID, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now().Add(-11 * time.Minute)}},
		})
		now := a.Issue(t, backend, core.Session{
			UserID: p.ID, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
		})
		for what, in := range map[string]harness.Option{"imported": imported, "old": old} {
			for _, line := range []string{
				"GET /strong", "POST /auth/" + backend + "/totp/begin", "POST /auth/" + backend + "/passkeys/options",
			} {
				method, path, _ := strings.Cut(line, " ")
				if got := a.Send(t, method, path, in); got.Status != 403 {
					t.Errorf("%s, %s: %s is answered %d %s", backend, what, line, got.Status, got.Body)
				}
			}
		}
		a.Want(t, "POST /auth/"+backend+"/totp/begin 200 (twin, "+backend+")", now)
	}
}

// forever renews a login by step-ups until it ends all the same (S08).
func forever(t *testing.T, a *app) {
	for backend, life := range map[string]time.Duration{"session": 30 * 24 * time.Hour, "jwt": time.Hour} {
		p := a.withApp(t)
		in := credential(t, backend, a.Want(t, "POST /auth/"+backend+"/totp "+harness.LoginStatus(backend),
			body(a.PendingTicket(t, backend, p.Account), p.code(t))))
		for range 10 {
			a.Advance(life / 11)
			in = credential(t, backend, a.Want(t, "POST /auth/"+backend+"/prove/totp 200", in, body("", p.code(t))))
		}
		a.Want(t, "GET /users/me 200 (M61 the twin: within its life, "+backend+")", in)
		a.Advance(life / 11)
		a.Want(t, "GET /users/me 401", in)
	}
}

// before are the logins of a user who then enrols: all end but the one that
// did.
func before(t *testing.T, a *app) {
	p := a.person(t)
	var former []harness.Option
	for _, backend := range harness.Backends {
		former = append(former, a.LogIn(t, backend, p.Account))
	}
	p.addApp(t)
	for i, in := range former {
		if got := a.Send(t, "GET", "/users/me", in); got.Status != 401 {
			t.Errorf("that at %s: %d", harness.Backends[i], got.Status)
		}
	}
	a.Want(t, "GET /users/me 200 (M10 the twin)", p.in)
}

// replaced is a token that a step-up has replaced: as weak as it was, and gone
// once the time for requests under way is over.
func replaced(t *testing.T, a *app) {
	for _, backend := range harness.Backends {
		p := a.withApp(t)
		stored, err := a.Stores.Users.Find(t.Context(), core.ByID(p.ID))
		if err != nil {
			t.Fatal(err)
		}
		former := a.Issue(t, backend, core.Session{
			UserID: p.ID, Epoch: stored.TokenEpoch, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
		})
		in := credential(t, backend, a.Want(t, "POST /auth/"+backend+"/prove/totp "+harness.LoginStatus(backend), former,
			body("", p.code(t))))
		a.Want(t, `GET /strong 403 {"detail":{"code":"PROOF_REQUIRED","max_age":0,"methods":[]}}`, former)
		if err := a.Wait(t.Context()); err != nil { // it is over
			t.Fatal(err)
		}
		a.Want(t, "GET /users/me 401", former)
		a.Want(t, "GET /strong 200 (M62 the twin, "+backend+")", in)
	}
}

// stale is a session that is not enough to try passwords with: wrong current
// ones are on the count of failed logins.
func stale(t *testing.T, a *app) {
	p, other := a.person(t), a.person(t)
	a.Advance(10*time.Minute + time.Second)
	const patch = "PATCH /users/me "
	for _, member := range []string{"password", "email"} {
		a.Want(t, patch+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`, p.in,
			with(member, "new."+p.Email))
	}
	wrong := with("password", harness.OtherPassword, "current_password", "a guess")
	for range 5 {
		a.Want(t, patch+"400 UPDATE_USER_BAD_CURRENT_PASSWORD", p.in, wrong)
	}
	right := with("password", harness.OtherPassword, "current_password", harness.Password)
	for range 95 {
		a.Want(t, patch+"429 RATE_LIMITED", p.in, wrong)
	}
	a.Want(t, patch+"429 RATE_LIMITED (M80 the right one, after wrong ones)", p.in, right)
	a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED (M80 and at login)", harness.LoginForm(p.Email, harness.Password))
	a.Want(t, patch+"200 (M80 the twin: another user)", other.in, right).WantUser(t, other.Account)
	a.Advance(time.Hour)
	a.Want(t, patch+"200 (M80 the twin: the right one, later)", p.in, right).WantUser(t, p.Account)
}
