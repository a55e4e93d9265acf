package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
)

// renewing are the backends whose logins have a refresh token: by bearer, and
// by cookie.
var renewing = []string{"mobile", "spa"}

// presented presents the access token of one of them.
func presented(backend string, p harness.Pair) harness.Option {
	if name := cookieName(backend); name != "" {
		return harness.Header("Cookie", name+"="+p.Access)
	}
	return p.Presented()
}

// renew returns the next tokens of a login.
func (a *app) renew(t *testing.T, backend string, p harness.Pair) harness.Pair {
	t.Helper()
	if cookieName(backend) != "" {
		return a.Want(t, "POST /auth/"+backend+"/refresh 204", p.Cookie()).Pair(t)
	}
	return a.Want(t, "POST /auth/"+backend+"/refresh 200", p.Body()).Pair(t)
}

// ended fails unless a login's refresh token renews nothing.
func (a *app) ended(t *testing.T, backend string, p harness.Pair) {
	t.Helper()
	with := p.Body()
	if cookieName(backend) != "" {
		with = p.Cookie()
	}
	a.Want(t, "POST /auth/"+backend+"/refresh 401 (it has ended)", with)
}

// tooOld fails unless a login has no proof that is new enough for what is
// sensitive.
func (a *app) tooOld(t *testing.T, in harness.Option) {
	t.Helper()
	got := a.Send(t, "PATCH", "/users/me", in, with("password", harness.OtherPassword))
	if got.Status != 403 || !strings.Contains(got.Body, core.CodeProofRequired) {
		t.Errorf("a new password: %d %s", got.Status, got.Body)
	}
}

// TestAttackTableRenewed is the table once more: each login, by whatever proofs
// and in whatever form, has a refresh token, which renews it with its proofs
// and makes none of them younger.
func TestAttackTableRenewed(t *testing.T) {
	for _, p := range places[:long.Count(1, len(places))] {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			x := newTable(t, p, harness.Renewing)
			ran := 0
			for _, c := range cells(renewing...) {
				if c.none() != "" || c.form == "pages" { // which are of the backend cookie
					continue
				}
				ran++
				t.Run(c.String(), func(t *testing.T) {
					v, strong := x.try(t, c)
					tokens := v.last.Pair(t)
					for range 2 {
						x.Advance(11 * time.Minute)
						x.Want(t, "GET /users/me 401", presented(c.backend, tokens))
						tokens = x.renew(t, c.backend, tokens)
						in := presented(c.backend, tokens)
						x.Want(t, "GET /users/me 200", in).WantUser(t, v.Account)
						if strong {
							x.Want(t, "GET /strong 200", in)
						}
						x.tooOld(t, in) // a renewal is no proof
					}
				})
			}
			if ran != 50 {
				t.Errorf("%d cells ran", ran)
			}
		})
	}
}

// TestAttackT21StepUps: one more proof, by whatever method, has a refresh token
// of its own. The one of before works for requests under way, with what it had,
// and ends. None is lost.
func TestAttackT21StepUps(t *testing.T) {
	for _, p := range places[:long.Count(1, len(places))] {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, p, harness.Renewing)
			a.serve(t)
			for _, backend := range renewing {
				for method, prove := range proofs {
					t.Run("T21 "+method+" at "+backend, func(t *testing.T) { stepsUp(t, a, backend, prove) })
				}
			}
		})
	}
}

// proofs are requests that prove a login once more.
var proofs = map[string]func(t *testing.T, u *person, route string, in harness.Option) harness.Answer{
	core.MethodPassword: func(t *testing.T, u *person, route string, in harness.Option) harness.Answer {
		return u.Send(t, "POST", route+"/prove/password", in, with("password", harness.Password))
	},
	core.MethodTOTP: func(t *testing.T, u *person, route string, in harness.Option) harness.Answer {
		return u.Send(t, "POST", route+"/prove/totp", in, body("", u.code(t)))
	},
	core.MethodEmail: func(t *testing.T, u *person, route string, in harness.Option) harness.Answer {
		flow := u.Send(t, "POST", route+"/prove/mail", in).Member(t, "flow")
		return u.Send(t, "POST", route+"/prove/mail/confirm", in, with("flow", flow, "code", u.mail(t, u.Email).Code))
	},
	core.MethodPasskey: func(t *testing.T, u *person, route string, in harness.Option) harness.Answer {
		o := u.Send(t, "POST", route+"/prove/passkey/options", in)
		return u.Send(t, "POST", route+"/prove/passkey", in, harness.JSON(u.device.get(t, o.Body)))
	},
}

func stepsUp(
	t *testing.T, a *app, backend string,
	prove func(t *testing.T, u *person, route string, in harness.Option) harness.Answer,
) {
	u := a.withPasskey(t)
	u.addApp(t)
	route := "/auth/" + backend
	name := cookieName(backend)
	held, named := harness.All(), ""
	waits := a.Send(t, "POST", route+"/login", harness.LoginForm(u.Email, harness.Password))
	if name != "" {
		held = harness.Header("Cookie", name+"-pending="+cookieOf(t, waits, name+"-pending"))
	} else {
		named = waits.Member(t, "detail").(harness.Object)["pending"].(string)
	}
	first := a.Send(t, "POST", route+"/totp", held, body(named, u.code(t))).Pair(t)
	a.Advance(11 * time.Minute)
	first = a.renew(t, backend, first)
	in := presented(backend, first)
	a.tooOld(t, in)
	got := prove(t, u, route, in)
	if got.Status >= 300 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	second := got.Pair(t)
	if second.Refresh == first.Refresh {
		t.Error("it has the refresh token of before")
	}
	// Another tab, which knows nothing of it, has a request under way.
	a.tooOld(t, presented(backend, a.renew(t, backend, first)))
	if err := a.Wait(t.Context()); err != nil { // the time for that is over
		t.Fatal(err)
	}
	a.ended(t, backend, first)
	a.Want(t, "GET /users/me 401", in)
	a.Want(t, "GET /strong 200", presented(backend, second))
	a.Advance(11 * time.Minute)
	second = a.renew(t, backend, second)
	a.Want(t, "GET /strong 200 (it goes on)", presented(backend, second))
}
