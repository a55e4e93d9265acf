package proofs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// inBrowser logs a person who has an app in at the backend cookie, with both
// proofs.
func (p *person) inBrowser(t *testing.T) harness.Option {
	t.Helper()
	pending := p.PendingTicket(t, "cookie", p.Account)
	return credential(t, "cookie", p.Want(t, "POST /auth/cookie/totp 204", body(pending, p.code(t))))
}

// asked checks that a login by the password, with what a browser keeps, lacks
// the second factor.
func (p *person) asked(t *testing.T, name string, browser harness.Option) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		got := p.Send(t, "POST", "/auth/cookie/login", browser, harness.LoginForm(p.Email, harness.Password))
		if got.Status != 403 || !strings.Contains(got.Body, core.CodeLoginFactorRequired) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

// spared checks that it does not.
func (p *person) spared(t *testing.T, name string, browser harness.Option) harness.Option {
	t.Helper()
	return credential(t, "cookie", p.Want(t, "POST /auth/cookie/login 204", harness.Case(name), browser,
		harness.LoginForm(p.Email, harness.Password)))
}

// trusted checks whether a browser of the person's is.
func (p *person) trusted(t *testing.T, want bool) {
	t.Helper()
	if rows := p.rows(t, core.KindTrusted); len(rows) > 0 != want {
		t.Errorf("%d rows are left", len(rows))
	}
}

// trust are attacks on browsers that spare their user the second factor.
func trust(t *testing.T, a *app) {
	t.Run("M70 what the browser keeps", func(t *testing.T) { trustCookie(t, a) })
	t.Run("M71 what ends the trust", func(t *testing.T) { trustEnds(t, a) })
	t.Run("M71 what ends it while it begins", func(t *testing.T) { trustRaces(t, a) })
	t.Run("M72 without the factor", func(t *testing.T) { untrusted(t, a) })
}

// trustCookie is what a trusted browser keeps: no proof of anything.
func trustCookie(t *testing.T, a *app) {
	p, eve := a.withApp(t), a.withApp(t)
	browser, _ := a.Trust(t, p.inBrowser(t))
	a.Want(t, "GET /users/me 401", harness.Case("M70 the cookie alone"), browser)
	a.Want(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("M70 with a wrong password"), browser,
		harness.LoginForm(p.Email, harness.OtherPassword))
	a.Want(t, "POST /auth/cookie/totp 400 LOGIN_BAD_CREDENTIALS", harness.Case("M70 as a pending login"), browser,
		body("", p.code(t)))
	eve.asked(t, "M70 another user's", browser)
	p.asked(t, "M70 twice", harness.All(browser, browser))
	got := a.Send(t, "POST", "/auth/session/login", browser, harness.LoginForm(p.Email, harness.Password))
	if got.Status != 403 {
		t.Errorf("M70 at a backend without browsers: %d %s", got.Status, got.Body)
	}
	in := p.spared(t, "M70 the twin", browser)
	a.Want(t, "GET /users/me 200", in)
	const proof = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp","recovery"]}}`
	a.Want(t, "PATCH /users/me"+proof, harness.Case("M70 what was spared is not proved"), in,
		with("password", harness.OtherPassword, "current_password", harness.Password))
	a.Want(t, "POST /auth/cookie/recovery-codes"+proof, harness.Case("M70 what was spared makes no codes"), in)
}

// trustEnds ends it with what it was given under.
func trustEnds(t *testing.T, a *app) {
	for name, end := range map[string]func(p *person, in harness.Option, id string){
		"M71 a new password": func(_ *person, in harness.Option, _ string) {
			a.Want(t, "PATCH /users/me 200", in, with("password", harness.Password))
		},
		"M71 all other logins end": func(_ *person, in harness.Option, _ string) {
			a.Want(t, "DELETE /auth/sessions 204", in)
		},
		"M71 its removal": func(_ *person, in harness.Option, id string) {
			a.Want(t, "DELETE /auth/factors/{id} 204", in, harness.PathID(id))
		},
		"M71 deactivated for a while": func(p *person, _ harness.Option, _ string) {
			a.ChangeUser(t, p.Account, edit{IsActive: new(false)})
			a.ChangeUser(t, p.Account, edit{IsActive: new(true)})
		},
		"M71 another app": func(p *person, in harness.Option, _ string) {
			a.Want(t, "DELETE /auth/factors/{id} 204", in, harness.PathID(p.rows(t, core.MethodTOTP)[0].ID))
			begun := a.Want(t, "POST /auth/cookie/totp/begin 200", in)
			p.secret = begun.Member(t, "secret").(string)
			a.Want(t, "POST /auth/cookie/totp/confirm 204", in, with("enrolment", begun.Member(t, "enrolment"),
				"code", p.code(t)))
		},
		"M71 30 days": func(*person, harness.Option, string) { a.Advance(30 * 24 * time.Hour) },
	} {
		p := a.withApp(t)
		in := p.inBrowser(t)
		browser, id := a.Trust(t, in)
		end(p, in, id)
		p.asked(t, name, browser)
		p.trusted(t, false)
	}
	p := a.withApp(t)
	in := p.inBrowser(t)
	browser, _ := a.Trust(t, in)
	a.Want(t, "POST /auth/cookie/logout 204", in)
	p.spared(t, "M71 the twin, a logout", browser)
}

// trustRaces end the trust while the browser is being trusted.
func trustRaces(t *testing.T, a *app) {
	for name, c := range map[string]struct {
		answer string
		end    func(p *person) error
	}{
		"M71 the factor is removed meanwhile": {"401", func(p *person) error {
			_, err := a.Manager().RemoveFactors(t.Context(), p.ID)
			return err
		}},
		"M71 a new password meanwhile": {"401", func(p *person) error {
			_, err := a.Manager().Update(t.Context(), p.ID, edit{Password: new(harness.Password)})
			return err
		}},
		"M71 all sessions end meanwhile": {"401", func(p *person) error {
			return a.Manager().EndSessions(t.Context(), p.ID)
		}},
		"M71 the twin, another change meanwhile": {"201", func(p *person) error {
			_, err := a.Manager().Update(t.Context(), p.ID, edit{IsSuperuser: new(true)})
			return err
		}},
	} {
		p := a.withApp(t)
		in := p.inBrowser(t)
		a.meanwhile.Arm(func() {
			if err := c.end(p); err != nil {
				t.Error(err)
			}
		})
		a.Want(t, harness.TrustRoute+c.answer, harness.Case(name), in)
		p.trusted(t, c.answer == "201")
	}
}

// untrusted are who may not trust a browser: they have not proved the factor
// just now.
func untrusted(t *testing.T, a *app) {
	const refused = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp"]}}`
	p := a.withApp(t)
	in := p.inBrowser(t)
	browser, _ := a.Trust(t, in)
	a.Want(t, harness.TrustRoute+refused, harness.Case("M72 in a login that was spared"),
		p.spared(t, "M72 a login", browser))
	got := a.Want(t, "POST /auth/cookie/recovery 204", body(a.PendingTicket(t, "cookie", p.Account), p.codes[0]))
	a.Want(t, harness.TrustRoute+refused, harness.Case("M72 by a recovery code"), credential(t, "cookie", got))
	a.Advance(11 * time.Minute)
	a.Want(t, harness.TrustRoute+refused, harness.Case("M72 in a stale session"), in)
	got = a.Want(t, "POST /auth/cookie/prove/password 204", in, with("password", harness.Password))
	a.Want(t, harness.TrustRoute+refused, harness.Case("M72 with a password of now"), credential(t, "cookie", got))
	a.Want(t, harness.TrustRoute+"201 (M72 the twin)", p.inBrowser(t))
}

// meanwhile is a flow that lets a moment pass between the guards of a browser's
// trust and its write.
type meanwhile struct{ *harness.Moment }

func (meanwhile) Name() string                                { return "meanwhile" }
func (meanwhile) PerBackend() bool                            { return false }
func (meanwhile) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

// Decide implements core.Decider.
func (m meanwhile) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	if e.Kind == core.EventFactorAdded && e.Method == core.KindTrusted {
		m.Pass()
	}
	return nil
}
