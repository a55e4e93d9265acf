package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// mailed is a user who proves things by mails.
type mailed struct{ factored }

// withMailLogin adds the flow, with what one network and one address may do.
func withMailLogin(requests, mails latchkey.Limit, second bool) func(*harness.App, *harness.Options) {
	return func(_ *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, harness.SecondFactor{}, maillogin.Flow{
			Options:      mailtoken.Options{RequestLimit: requests, MailLimit: mails, AttemptLimit: requests},
			SecondFactor: second,
		})
	}
}

// answered is the body with what a mail has, after a request for it.
func (m mailed) answered(t *testing.T, asked harness.Answer, pairs ...string) harness.Option {
	t.Helper()
	body := harness.Object{"flow": asked.Member(t, "flow"), "code": m.a.NextMail(t).Code}
	for i := 0; i < len(pairs); i += 2 {
		body[pairs[i]] = pairs[i+1]
	}
	return harness.JSONObject(body)
}

func address(u *harness.Account) harness.Option {
	return harness.JSONObject(harness.Object{"email": u.Email})
}

// TestMailLogin drives the operations of logins and proofs by mail to each of
// their answers.
func TestMailLogin(t *testing.T) {
	harness.OnEveryAdapter(t, withMailLogin(plenty, plenty, false), func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			m := mailed{factored{a: a, u: a.NewUser(t, harness.Verified), backend: backend}}
			in := a.LogIn(t, backend, m.u)
			m.bodies(t, in)
			m.logsIn(t)
			m.proves(t, in)
			a.Break("limiter")
			m.requests(t, in, down+"(without a limiter)")
			a.Mend()
			a.Break("tickets")
			m.confirmations(t, in, down+"(without tickets)")
			a.Mend()
		}
	})
}

func (m mailed) bodies(t *testing.T, in harness.Option) {
	a := m.a
	for _, route := range []string{
		"/mail-login", "/mail-login/link", "/mail-login/confirm", "/mail", "/mail/confirm", "/prove/mail/confirm",
	} {
		a.Want(t, m.at(route)+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, in, harness.Body("text/plain", "{}"))
		a.Want(t, m.at(route)+"413 BODY_TOO_LARGE", harness.Row, in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
	}
	a.Want(t, m.at("/mail-login")+"422 body.email missing", harness.Row, harness.JSON(`{}`))
	a.Want(t, m.at("/mail-login/link")+"422 body.token missing", harness.Row, harness.JSON(`{"flow": "x", "code": "1"}`))
	a.Want(t, m.at("/mail")+"422 body.pending string_type", harness.Row, harness.JSON(`{"pending": 1}`))
	for _, route := range []string{"/mail-login/confirm", "/mail/confirm", "/prove/mail/confirm"} {
		a.Want(t, m.at(route)+"422 body.code string_type", harness.Row, in, harness.JSON(`{"flow": "x", "code": 1}`))
	}
	for _, route := range []string{"/prove/mail", "/prove/mail/confirm"} {
		a.Want(t, m.at(route)+"401", harness.Row, harness.JSON(`{"flow": "x", "code": "1"}`))
		a.Want(t, m.at(route)+"400 DUPLICATE_CREDENTIALS", harness.Row, in, in,
			harness.JSON(`{"flow": "x", "code": "1"}`))
	}
}

func (m mailed) logsIn(t *testing.T) {
	a, ok := m.a, harness.LoginStatus(m.backend)
	flow := a.Want(t, m.at("/mail-login")+"202 (a mail)", address(m.u)).Member(t, "flow")
	mail := a.NextMail(t)
	link := harness.JSONObject(harness.Object{"flow": flow, "token": mail.Token})
	a.Want(t, m.at("/mail-login/link")+"200 (whose its link is)", link)
	body := harness.JSONObject(harness.Object{"flow": flow, "code": mail.Code})
	a.Want(t, m.at("/mail-login/confirm")+ok+" (its code)", body)
	a.Want(t, m.at("/mail-login/link")+"400 MAIL_LOGIN_BAD_CODE (of a mail that was used)", link)
	a.Want(t, m.at("/mail-login/confirm")+"400 MAIL_LOGIN_BAD_CODE (the same twice)", body)
	a.EditStored(t, m.u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
	body = m.answered(t, a.Want(t, m.at("/mail-login")+"202", address(m.u)))
	if got := a.Send(t, "POST", "/auth/"+m.backend+"/mail-login/confirm", body); got.Status != 403 {
		t.Errorf("with another project's factor: %d %s", got.Status, got.Body)
	}
	pending := m.login(t) // which waits for that one
	a.Want(t, m.at("/mail")+"403 (a login that waits for something else)", pendingBody(pending, ""))
	a.Want(t, m.at("/mail/confirm")+"403 (a login that waits for something else)",
		harness.JSONObject(harness.Object{"pending": pending, "flow": strings.Repeat("x", 43), "code": "12345678"}))
	a.EditStored(t, m.u, func(u *harness.Account) { u.FullName = "" })
	a.Want(t, m.at("/mail")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", harness.JSON(`{}`))
	a.Want(t, m.at("/mail/confirm")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)",
		harness.JSON(`{"flow": "x", "code": "12345678"}`))
}

func (m mailed) proves(t *testing.T, in harness.Option) {
	a, ok := m.a, harness.LoginStatus(m.backend)
	body := m.answered(t, a.Want(t, m.at("/prove/mail")+"202 (a mail)", in))
	a.Want(t, m.at("/prove/mail/confirm")+ok+" (its code)", in, body)
	a.Want(t, m.at("/prove/mail/confirm")+"400 MAIL_LOGIN_BAD_CODE (the same twice)", a.LogIn(t, m.backend, m.u), body)
	acting := a.Issue(t, m.backend, core.Session{
		UserID: m.u.ID, Actor: a.NewUser(t, harness.Superuser).ID, ActorSession: "x",
		Proofs: []core.Proof{{Method: "password", At: a.Now()}},
	})
	a.Want(t, m.at("/prove/mail")+"403 (whoever acts as the user)", acting)
	a.Want(t, m.at("/prove/mail/confirm")+"403 (whoever acts as the user)", acting, body)
}

// requests has each route answer the same that asks for a mail.
func (m mailed) requests(t *testing.T, in harness.Option, answer string) {
	m.a.Want(t, m.at("/mail-login")+answer, address(m.u), harness.Row)
	m.a.Want(t, m.at("/prove/mail")+answer, in, harness.Row)
}

func (m mailed) confirmations(t *testing.T, in harness.Option, answer string) {
	for _, route := range []string{"/mail-login/confirm", "/prove/mail/confirm"} {
		m.a.Want(t, m.at(route)+answer, harness.Row, in,
			harness.JSONObject(harness.Object{"flow": strings.Repeat("x", 43), "code": "12345678"}))
	}
	m.a.Want(t, m.at("/mail-login/link")+answer, harness.Row,
		harness.JSONObject(harness.Object{"flow": strings.Repeat("x", 43), "token": strings.Repeat("y", 43)}))
}

// TestMailAsSecondFactor drives what continues a login by the password.
func TestMailAsSecondFactor(t *testing.T) {
	harness.OnEveryAdapter(t, withMailLogin(plenty, plenty, true), func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			m := mailed{factored{a: a, u: a.NewUser(t, harness.Verified), backend: backend}}
			pending := m.login(t)
			body := m.answered(t, a.Want(t, m.at("/mail")+"202 (a mail)", pendingBody(pending, "")), "pending", pending)
			a.Want(t, m.at("/mail/confirm")+"400 MAIL_LOGIN_BAD_CODE (a wrong code)",
				harness.JSONObject(harness.Object{"pending": pending, "flow": strings.Repeat("x", 43), "code": "12345678"}))
			a.Want(t, m.at("/mail/confirm")+harness.LoginStatus(backend)+" (its code)", body)
			pending = m.login(t)
			a.Break("tickets")
			a.Want(t, m.at("/mail")+down+"(without tickets)", pendingBody(pending, ""))
			a.Want(t, m.at("/mail/confirm")+down+"(without tickets)", body)
			a.Mend()
		}
	})
}

// TestMailLoginAtItsLimit drives the limits of a network and of an address.
func TestMailLoginAtItsLimit(t *testing.T) {
	one := latchkey.Limit{Events: 1, Window: time.Hour}
	harness.OnOneAdapter(t, withMailLogin(one, one, true), func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			m := mailed{factored{a: a, u: a.NewUser(t, harness.Verified), backend: backend}}
			pending := m.login(t)
			proofs := []core.Proof{{Method: "password", At: a.Now()}, {Method: "email", At: a.Now()}}
			in := a.Issue(t, backend, core.Session{UserID: m.u.ID, Proofs: proofs})
			for range 2 {
				a.Send(t, "POST", "/auth/"+backend+"/mail-login", address(m.u))
				a.Send(t, "POST", "/auth/"+backend+"/mail", pendingBody(pending, ""))
				a.Send(t, "POST", "/auth/"+backend+"/prove/mail", in)
				a.Send(t, "POST", "/auth/"+backend+"/mail-login/confirm", harness.JSON(`{"flow": "x", "code": "1"}`))
				a.Send(t, "POST", "/auth/"+backend+"/mail/confirm",
					harness.JSONObject(harness.Object{"pending": pending, "flow": "x", "code": "1"}))
				a.Send(t, "POST", "/auth/"+backend+"/prove/mail/confirm", in, harness.JSON(`{"flow": "x", "code": "1"}`))
			}
			m.requests(t, in, "429 RATE_LIMITED")
			m.confirmations(t, in, "429 RATE_LIMITED")
			a.Want(t, m.at("/mail")+"429 RATE_LIMITED", harness.Row, pendingBody(pending, ""))
			a.Want(t, m.at("/mail/confirm")+"429 RATE_LIMITED", harness.Row,
				harness.JSONObject(harness.Object{"pending": pending, "flow": "x", "code": "1"}))
			if backend == "cookie" {
				foreign := harness.Header("Sec-Fetch-Site", "cross-site")
				for _, route := range []string{
					"/mail-login", "/mail-login/link", "/mail-login/confirm", "/mail", "/mail/confirm",
				} {
					a.Want(t, m.at(route)+"403 CROSS_ORIGIN_REFUSED", harness.Row, foreign, harness.JSON(`{}`))
				}
			}
		}
	})
}
