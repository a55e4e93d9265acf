package routes_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const down = "503 SERVICE_UNAVAILABLE "

// TestAStoreIsDown: wantDecent checks of every 503 that it says when to come
// again and leaves cookies alone.
func TestAStoreIsDown(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, target, admin := a.NewUser(t), harness.PathID(a.NewUser(t).ID), a.NewUser(t, harness.Superuser)
		jwt, cookie, session, adminJWT := a.LogIn(t, "jwt", u), a.LogIn(t, "cookie", u), a.LogIn(t, "session", u),
			a.LogIn(t, "jwt", admin)
		right := harness.LoginForm(u.Email, harness.Password)
		reset, verify := a.MailedToken(t, "reset", u), a.MailedToken(t, "verify", u)
		without := func(calls string, rows func(note string)) {
			a.Break(calls)
			rows("(without " + calls + ")")
			a.Mend()
		}
		without("users", func(note string) {
			a.Want(t, "POST /auth/jwt/login "+down+note, right)
			a.Want(t, "POST /auth/cookie/login "+down+note, right)
			a.Want(t, "POST /auth/register "+down+note,
				harness.JSONObject(harness.Object{"email": "down@example.org", "password": harness.Password}))
			a.Want(t, "POST /auth/forgot-password "+down+note, harness.JSONObject(harness.Object{"email": u.Email}))
			a.Want(t, "POST /auth/request-verify-token "+down+note, harness.JSONObject(harness.Object{"email": u.Email}))
			a.Want(t, "POST /auth/reset-password "+down+note, harness.ResetBody(reset))
			a.Want(t, "POST /auth/verify "+down+note, harness.VerifyBody(verify))
			a.Want(t, "GET /users/me "+down+note, jwt)
			a.Want(t, "GET /users/me "+down+note, cookie)
			a.Want(t, "PATCH /users/me "+down+note, cookie, harness.JSON(`{}`))
			a.Want(t, "POST /auth/cookie/logout "+down+note, cookie)
			a.Want(t, "GET /users/{id} "+down+note, adminJWT, target)
			a.Want(t, "GET /authenticated-route "+down+note, session)
		})
		without("users.Update", func(note string) {
			a.Want(t, "PATCH /users/me "+down+note, cookie, harness.JSON(`{"full_name": "x"}`))
			a.Want(t, "PATCH /users/{id} "+down+note, adminJWT, target, harness.JSON(`{"full_name": "x"}`))
			a.Want(t, "DELETE /auth/sessions "+down+note, cookie)
		})
		without("users.Delete", func(note string) { a.Want(t, "DELETE /users/{id} "+down+note, adminJWT, target) })
		without("users.List", func(note string) { a.Want(t, "GET /users "+down+note, adminJWT) })
		without("users.Create", func(note string) {
			a.Want(t, "POST /auth/register "+down+note,
				harness.JSONObject(harness.Object{"email": "down@example.org", "password": harness.Password}))
		})
		without("sessions", func(note string) {
			a.Want(t, "POST /auth/cookie/login "+down+note, right)
			a.Want(t, "POST /auth/session/login "+down+note, right)
			a.Want(t, "POST /auth/jwt/login 200 "+note, right)
			a.Want(t, "GET /users/me "+down+note, cookie)
			a.Want(t, "GET /users/me "+down+note, session)
			a.Want(t, "GET /users/me 200 "+note, jwt)
			a.Want(t, "GET /users/me 200 (the bearer vouches, without sessions)", jwt, cookie)
			a.Want(t, "GET /users/me "+down+"(503 before 401, without sessions)", cookie,
				harness.Header("Authorization", "Bearer a.b.c"))
			a.Want(t, "POST /auth/cookie/logout "+down+note, cookie)
			a.Want(t, "POST /auth/session/logout "+down+note, session)
			a.Want(t, "GET /auth/sessions "+down+note, jwt)
			a.Want(t, "DELETE /auth/sessions/{id} "+down+note, jwt, harness.PathID(harness.NobodyID))
		})
		without("sessions.Touch", func(note string) { a.Want(t, "GET /users/me 200 "+note, cookie) })
		without("sessions.Delete", func(note string) { a.Want(t, "POST /auth/cookie/logout "+down+note, cookie) })
		without("tickets", func(note string) {
			a.Want(t, "GET /users/me "+down+note, jwt)
			a.Want(t, "GET /users/me 200 "+note, cookie)
			a.Want(t, "POST /auth/jwt/login 200 "+note, right)
			a.Want(t, "POST /auth/reset-password "+down+note, harness.ResetBody(reset))
			a.Want(t, "POST /auth/verify "+down+note, harness.VerifyBody(verify))
		})
		without("tickets.Burn", func(note string) { a.Want(t, "POST /auth/jwt/logout "+down+note, jwt) })
		without("limiter", func(note string) {
			for _, backend := range harness.Backends {
				a.Want(t, "POST /auth/"+backend+"/login "+down+note, right)
			}
			a.Want(t, "GET /users/me 200 "+note, cookie)
		})

		t.Run("afterwards everything works, and nothing was changed", func(t *testing.T) {
			for _, credential := range []harness.Option{jwt, cookie, session} {
				a.Want(t, "GET /users/me 200", credential).WantUser(t, u)
			}
			a.Want(t, "GET /users/{id} 200", adminJWT, target)
			a.Want(t, "POST /auth/register 201",
				harness.JSONObject(harness.Object{"email": "down@example.org", "password": harness.Password}))
			a.Want(t, "POST /auth/verify 200", harness.VerifyBody(verify))
			a.Want(t, "POST /auth/reset-password 200", harness.ResetBody(reset))
		})
	})
}

// TestATokenSurvivesAFailedEffect: the token is used up in the transaction of
// its effect, so where the store has transactions a 503 can be tried again with
// the same mail.
func TestATokenSurvivesAFailedEffect(t *testing.T) {
	a := harness.NewApp(t, harness.OnServeMux, harness.SQLite, nil)
	u := a.NewUser(t)
	reset, verify := a.MailedToken(t, "reset", u), a.MailedToken(t, "verify", u)
	a.Break("users.Update")
	a.Want(t, "POST /auth/verify "+down+"(without users.Update)", harness.VerifyBody(verify))
	a.Want(t, "POST /auth/reset-password "+down+"(without users.Update)", harness.ResetBody(reset))
	a.Mend()
	a.Want(t, "POST /auth/verify 200 (the same token)", harness.VerifyBody(verify))
	a.Want(t, "POST /auth/reset-password 200 (the same token)", harness.ResetBody(reset))
}

func TestALimiterThatForgetsLate(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		a.Break("limiter.Reset")
		a.Want(t, "POST /auth/cookie/login 204 (a success that cannot be noted is one)",
			harness.LoginForm(u.Email, harness.Password))
		a.Mend()
	})
}

func TestHashingIsSaturated(t *testing.T) {
	harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
		a.Hasher.Hold = make(chan struct{})
		o.HashConcurrency, o.InsecureNoLimits = 1, true
	}, func(t *testing.T, a *harness.App) {
		const room = 1 + 64 // one is hashed, the others wait
		answers := a.SendAtOnce(t, room+1, "POST", "/auth/cookie/login", func(int) harness.Option {
			return harness.LoginForm("nobody@example.org", harness.OtherPassword)
		})
		tooMany := <-answers
		if tooMany.Status != 503 || tooMany.Words() != core.CodeServiceUnavailable {
			t.Errorf("the one too many got %d %s", tooMany.Status, tooMany.Body)
		}
		tooMany.WantInvariants(t, "/auth/cookie/login")
		close(a.Hasher.Hold)
		for got := range answers {
			if got.Status != 400 || got.Words() != core.CodeLoginBadCredentials {
				t.Errorf("one that waited got %d %s", got.Status, got.Body)
			}
		}
	})
}
