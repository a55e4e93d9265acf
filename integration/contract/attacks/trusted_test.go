package attacks_test

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// inBrowser logs a user who has an app in at the backend cookie, with both
// proofs.
func (g guarded) inBrowser(t *testing.T) harness.Option {
	t.Helper()
	pending := g.a.PendingTicket(t, "cookie", g.u)
	got := g.a.Want(t, "POST /auth/cookie/totp 204", body(pending, g.code(t)))
	return harness.Credential("cookie", got.Cookie(t).Value)
}

// asked checks that a login by the password, with what a browser keeps, lacks
// the second factor.
func (g guarded) asked(t *testing.T, name string, browser harness.Option) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		got := g.a.Send(t, "POST", "/auth/cookie/login", browser, harness.LoginForm(g.u.Email, harness.Password))
		if got.Status != 403 || got.Object(t)["detail"].(harness.Object)["code"] != core.CodeLoginFactorRequired {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

// spared checks that it does not.
func (g guarded) spared(t *testing.T, name string, browser harness.Option) harness.Option {
	t.Helper()
	got := g.a.Want(t, "POST /auth/cookie/login 204", harness.Case(name), browser,
		harness.LoginForm(g.u.Email, harness.Password))
	return harness.Credential("cookie", got.Cookie(t).Value)
}

// What a trusted browser keeps is no proof of anything.
func TestAttackTrustedCookie(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		g, _ := withApp(t, a)
		eve, _ := withApp(t, a)
		browser, _ := a.Trust(t, g.inBrowser(t))
		a.Want(t, "GET /users/me 401", harness.Case("M70 the cookie alone"), browser)
		a.Want(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("M70 with a wrong password"), browser,
			harness.LoginForm(g.u.Email, harness.OtherPassword))
		a.Want(t, "POST /auth/cookie/totp 400 LOGIN_BAD_CREDENTIALS", harness.Case("M70 as a pending login"), browser,
			body("", g.code(t)))
		eve.asked(t, "M70 another user's", browser)
		g.asked(t, "M70 twice", harness.All(browser, browser))
		got := a.Send(t, "POST", "/auth/session/login", browser, harness.LoginForm(g.u.Email, harness.Password))
		if got.Status != 403 {
			t.Errorf("M70 at a backend without browsers: %d %s", got.Status, got.Body)
		}
		in := g.spared(t, "M70 the twin", browser)
		a.Want(t, "GET /users/me 200", in)
		const proof = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp","recovery"]}}`
		a.Want(t, "PATCH /users/me"+proof, harness.Case("M70 what was spared is not proved"), in,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password}))
		a.Want(t, "POST /auth/cookie/recovery-codes"+proof, harness.Case("M70 what was spared makes no codes"), in)
	})
}

// The trust ends with what it was given under.
func TestAttackTrustEnds(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for name, end := range map[string]func(g guarded, in harness.Option, id string){
			"M71 a new password": func(g guarded, in harness.Option, _ string) {
				a.Want(t, "PATCH /users/me 200", in, harness.JSONObject(harness.Object{"password": harness.Password}))
			},
			"M71 all other logins end": func(_ guarded, in harness.Option, _ string) {
				a.Want(t, "DELETE /auth/sessions 204", in)
			},
			"M71 its removal": func(_ guarded, in harness.Option, id string) {
				a.Want(t, "DELETE /auth/factors/{id} 204", in, harness.PathID(id))
			},
			"M71 deactivated for a while": func(g guarded, _ harness.Option, _ string) {
				a.ChangeUser(t, g.u, latchkey.Changes[harness.Account]{IsActive: new(false)})
				a.ChangeUser(t, g.u, latchkey.Changes[harness.Account]{IsActive: new(true)})
			},
			"M71 another app": func(g guarded, in harness.Option, _ string) {
				rows, err := a.Stores.Credentials.List(t.Context(), "totp", g.u.ID)
				if err != nil {
					t.Fatal(err)
				}
				a.Want(t, "DELETE /auth/factors/{id} 204", in, harness.PathID(rows[0].ID))
				begun := a.Want(t, "POST /auth/cookie/totp/begin 200", in)
				code, err := totp.Code(begun.Member(t, "secret").(string), a.Now())
				if err != nil {
					t.Fatal(err)
				}
				a.Want(t, "POST /auth/cookie/totp/confirm 204", in,
					harness.JSONObject(harness.Object{"enrolment": begun.Member(t, "enrolment"), "code": code}))
			},
			"M71 30 days": func(guarded, harness.Option, string) { a.Advance(30 * day) },
			"twin":        func(_ guarded, in harness.Option, _ string) { a.Want(t, "POST /auth/cookie/logout 204", in) },
		} {
			g, _ := withApp(t, a)
			in := g.inBrowser(t)
			browser, id := a.Trust(t, in)
			end(g, in, id)
			if name == "twin" {
				g.spared(t, "M71 the twin, a logout", browser)
				continue
			}
			g.asked(t, name, browser)
			rows, err := a.Stores.Credentials.List(t.Context(), core.KindTrusted, g.u.ID)
			if err != nil || len(rows) > 0 {
				t.Errorf("%s: %d rows are left, %v", name, len(rows), err)
			}
		}
	})
}

// Who may trust a browser has proved the factor just now.
func TestAttackTrustWithoutTheFactor(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const refused = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp"]}}`
		g, _ := withApp(t, a)
		in := g.inBrowser(t)
		browser, _ := a.Trust(t, in)
		a.Want(t, harness.TrustRoute+refused, harness.Case("M72 in a login that was spared"),
			g.spared(t, "M72 a login", browser))
		got := a.Want(t, "POST /auth/cookie/recovery 204", body(a.PendingTicket(t, "cookie", g.u), g.codes[0]))
		a.Want(t, harness.TrustRoute+refused, harness.Case("M72 by a recovery code"),
			harness.Credential("cookie", got.Cookie(t).Value))
		a.Advance(11 * time.Minute)
		a.Want(t, harness.TrustRoute+refused, harness.Case("M72 in a stale session"), in)
		got = a.Want(t, "POST /auth/cookie/prove/password 204", in,
			harness.JSONObject(harness.Object{"password": harness.Password}))
		a.Want(t, harness.TrustRoute+refused, harness.Case("M72 with a password of now"),
			harness.Credential("cookie", got.Cookie(t).Value))
		a.Want(t, harness.TrustRoute+"201 (M72 the twin)", g.inBrowser(t))
	})
}

// While a browser is being trusted, what ends the trust ends it too.
func TestAttackTrustRaces(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	options := func(a *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, meanwhile{moment: moments.Of(a)})
	}
	harness.OnEveryStore(t, options, func(t *testing.T, a *harness.App) {
		for name, c := range map[string]struct {
			answer string
			end    func(g guarded) error
		}{
			"M71 the factor is removed meanwhile": {"401", func(g guarded) error {
				_, err := a.Manager().RemoveFactors(t.Context(), g.u.ID)
				return err
			}},
			"M71 a new password meanwhile": {"401", func(g guarded) error {
				a.ChangeUser(t, g.u, latchkey.Changes[harness.Account]{Password: new(harness.Password)})
				return nil
			}},
			"M71 all sessions end meanwhile": {"401", func(g guarded) error {
				return a.Manager().EndSessions(t.Context(), g.u.ID)
			}},
			"M71 the twin, another change meanwhile": {"201", func(g guarded) error {
				a.ChangeUser(t, g.u, latchkey.Changes[harness.Account]{IsSuperuser: new(true)})
				return nil
			}},
		} {
			g, _ := withApp(t, a)
			in := g.inBrowser(t)
			moments.Of(a).Arm(func() {
				if err := c.end(g); err != nil {
					t.Error(err)
				}
			})
			a.Want(t, harness.TrustRoute+c.answer, harness.Case(name), in)
			rows, err := a.Stores.Credentials.List(t.Context(), core.KindTrusted, g.u.ID)
			if err != nil || len(rows) > 0 != (c.answer == "201") {
				t.Errorf("%s: %d rows, %v", name, len(rows), err)
			}
		}
	})
}

// meanwhile is a flow that lets a moment pass between the guards of a browser's
// trust and its write.
type meanwhile struct{ moment *harness.Moment }

func (meanwhile) Name() string                                { return "meanwhile" }
func (meanwhile) PerBackend() bool                            { return false }
func (meanwhile) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

// Decide implements core.Decider.
func (m meanwhile) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	if e.Kind == core.EventFactorAdded && e.Method == core.KindTrusted {
		m.moment.Pass()
	}
	return nil
}
