package contract_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

const down = "503 SERVICE_UNAVAILABLE "

// TestAStoreIsDown: wantDecent checks of every 503 that it says when to come
// again and leaves cookies alone.
func TestAStoreIsDown(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, target, admin := a.user(t), id(a.user(t).ID), a.user(t, superuser)
		jwt, cookie, session, adminJWT := a.login(t, "jwt", u), a.login(t, "cookie", u), a.login(t, "session", u),
			a.login(t, "jwt", admin)
		right := form("username", u.Email, "password", password)
		reset, verify := a.asked(t, "reset", u), a.asked(t, "verify", u)
		without := func(calls string, rows func(note string)) {
			a.begin(calls)
			rows("(without " + calls + ")")
			a.end()
		}
		without("users", func(note string) {
			a.row(t, "POST /auth/jwt/login "+down+note, right)
			a.row(t, "POST /auth/cookie/login "+down+note, right)
			a.row(t, "POST /auth/register "+down+note, members(object{"email": "down@example.org", "password": password}))
			a.row(t, "POST /auth/forgot-password "+down+note, members(object{"email": u.Email}))
			a.row(t, "POST /auth/request-verify-token "+down+note, members(object{"email": u.Email}))
			a.row(t, "POST /auth/reset-password "+down+note, fresh(reset))
			a.row(t, "POST /auth/verify "+down+note, proof(verify))
			a.row(t, "GET /users/me "+down+note, jwt)
			a.row(t, "GET /users/me "+down+note, cookie)
			a.row(t, "PATCH /users/me "+down+note, cookie, text(`{}`))
			a.row(t, "POST /auth/cookie/logout "+down+note, cookie)
			a.row(t, "GET /authenticated-route "+down+note, session)
		})
		without("users.Update", func(note string) {
			a.row(t, "PATCH /users/me "+down+note, cookie, text(`{"full_name": "x"}`))
			a.row(t, "PATCH /users/{id} "+down+note, adminJWT, target, text(`{"full_name": "x"}`))
			a.row(t, "DELETE /auth/sessions "+down+note, cookie)
		})
		without("users.Delete", func(note string) { a.row(t, "DELETE /users/{id} "+down+note, adminJWT, target) })
		without("users.List", func(note string) { a.row(t, "GET /users "+down+note, adminJWT) })
		without("users.Create", func(note string) {
			a.row(t, "POST /auth/register "+down+note, members(object{"email": "down@example.org", "password": password}))
		})
		without("sessions", func(note string) {
			a.row(t, "POST /auth/cookie/login "+down+note, right)
			a.row(t, "POST /auth/session/login "+down+note, right)
			a.row(t, "POST /auth/jwt/login 200 "+note, right)
			a.row(t, "GET /users/me "+down+note, cookie)
			a.row(t, "GET /users/me "+down+note, session)
			a.row(t, "GET /users/me 200 "+note, jwt)
			a.row(t, "GET /users/me 200 (the bearer vouches, without sessions)", jwt, cookie)
			a.row(t, "GET /users/me "+down+"(503 before 401, without sessions)", cookie, header("Authorization", "Bearer a.b.c"))
			a.row(t, "POST /auth/cookie/logout "+down+note, cookie)
			a.row(t, "GET /auth/sessions "+down+note, jwt)
			a.row(t, "DELETE /auth/sessions/{id} "+down+note, jwt, id(nobody))
		})
		without("sessions.Touch", func(note string) { a.row(t, "GET /users/me 200 "+note, cookie) })
		without("sessions.Delete", func(note string) { a.row(t, "POST /auth/cookie/logout "+down+note, cookie) })
		without("tickets", func(note string) {
			a.row(t, "GET /users/me "+down+note, jwt)
			a.row(t, "GET /users/me 200 "+note, cookie)
			a.row(t, "POST /auth/jwt/login 200 "+note, right)
			a.row(t, "POST /auth/reset-password "+down+note, fresh(reset))
			a.row(t, "POST /auth/verify "+down+note, proof(verify))
		})
		without("tickets.Burn", func(note string) { a.row(t, "POST /auth/jwt/logout "+down+note, jwt) })
		without("limiter", func(note string) {
			for _, backend := range backends {
				a.row(t, "POST /auth/"+backend+"/login "+down+note, right)
			}
			a.row(t, "GET /users/me 200 "+note, cookie)
		})

		t.Run("afterwards everything works, and nothing was changed", func(t *testing.T) {
			for _, credential := range []option{jwt, cookie, session} {
				a.want(t, "GET /users/me 200", credential).wantUser(t, u)
			}
			a.want(t, "GET /users/{id} 200", adminJWT, target)
			a.want(t, "POST /auth/register 201", members(object{"email": "down@example.org", "password": password}))
			a.want(t, "POST /auth/verify 200", proof(verify))
			a.want(t, "POST /auth/reset-password 200", fresh(reset))
		})
	})
}

// TestATokenSurvivesAFailedEffect: the token is used up in the transaction of
// its effect, so where the store has transactions a 503 can be tried again with
// the same mail.
func TestATokenSurvivesAFailedEffect(t *testing.T) {
	a := newApp(t, onServeMux, sqlite, nil)
	u := a.user(t)
	reset, verify := a.asked(t, "reset", u), a.asked(t, "verify", u)
	a.begin("users.Update")
	a.row(t, "POST /auth/verify "+down+"(without users.Update)", proof(verify))
	a.row(t, "POST /auth/reset-password "+down+"(without users.Update)", fresh(reset))
	a.end()
	a.row(t, "POST /auth/verify 200 (the same token)", proof(verify))
	a.row(t, "POST /auth/reset-password 200 (the same token)", fresh(reset))
}

func TestALimiterThatForgetsLate(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		a.begin("limiter.Forget")
		a.row(t, "POST /auth/cookie/login 204 (a success that cannot be noted is one)",
			form("username", u.Email, "password", password))
		a.end()
	})
}

func TestHashingIsSaturated(t *testing.T) {
	onEveryAdapter(t, func(a *app, o *options) {
		a.hasher.hold = make(chan struct{})
		o.HashConcurrency, o.InsecureNoLimits = 1, true
	}, func(t *testing.T, a *app) {
		const room = 1 + 64 // one is hashed, the others wait
		answers := a.atOnce(t, room+1, "POST", "/auth/cookie/login", func(int) option {
			return form("username", "nobody@example.org", "password", another)
		})
		tooMany := <-answers
		if tooMany.status != 503 || tooMany.says() != core.CodeServiceUnavailable {
			t.Errorf("the one too many got %d %s", tooMany.status, tooMany.body)
		}
		tooMany.wantDecent(t, "/auth/cookie/login")
		close(a.hasher.hold)
		for got := range answers {
			if got.status != 400 || got.says() != core.CodeLoginBadCredentials {
				t.Errorf("one that waited got %d %s", got.status, got.body)
			}
		}
	})
}
