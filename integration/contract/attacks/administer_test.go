package attacks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// proofRequired is what an old login is answered with.
const proofRequired = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`

// A suspension ends what the user is logged in with, shows in the answer to who
// proves to be them alone, and ends by the clock.
func TestAttackI06Suspension(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, boss := a.NewUser(t, harness.Verified), a.NewUser(t, harness.Superuser)
		admin, id := a.LogIn(t, "session", boss), harness.PathID(u.ID)
		token := a.MailedToken(t, "reset", u)
		theirs := []harness.Option{}
		for _, backend := range harness.Backends {
			theirs = append(theirs, a.LogIn(t, backend, u))
		}
		began := a.Now()
		until := began.Add(time.Hour)
		a.Want(t, "POST /users/{id}/suspend 204", id, admin,
			harness.JSONObject(harness.Object{"until": until.Format(time.RFC3339Nano), "reason": "I06"}))
		for i, backend := range harness.Backends {
			login := "POST /auth/" + backend + "/login "
			a.Want(t, "GET /users/me 401", harness.Case("I06 a credential of before the suspension, "+backend), theirs[i])
			a.Want(t, login+"400 LOGIN_BAD_CREDENTIALS", harness.Case("I06 a stranger learns nothing, "+backend),
				harness.LoginForm(u.Email, harness.OtherPassword))
			a.Want(t, login+"400 {LOGIN_USER_SUSPENDED, reason}", harness.Case("I06 the right password, "+backend),
				harness.LoginForm(u.Email, harness.Password))
		}
		a.Want(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN", harness.Case("I06 a reset mail of before"),
			harness.JSONObject(harness.Object{"token": token, "password": harness.OtherPassword}))
		a.Want(t, "POST /auth/forgot-password 202", harness.JSON(`{"email": "`+u.Email+`"}`))

		right := harness.LoginForm(u.Email, harness.Password)
		a.Advance(-time.Hour)
		a.Want(t, "POST /auth/jwt/login 400 {LOGIN_USER_SUSPENDED, reason}", harness.Case("I06 the clock is set back"), right)
		a.Advance(2*time.Hour - time.Second)
		a.Want(t, "POST /auth/jwt/login 400 {LOGIN_USER_SUSPENDED, reason}", harness.Case("I06 a second before its end"),
			right)
		a.Advance(time.Second)
		a.Want(t, "POST /auth/jwt/login 200", harness.Case("I06 at its end (twin)"), right)
		for i, backend := range harness.Backends {
			a.Want(t, "GET /users/me 401", harness.Case("I06 what it has ended stays so, "+backend), theirs[i])
		}
		a.WantNoMail(t)
	})
}

// Nobody is suspended by who may not, and nothing of the user changes.
func TestAttackI06WhoMaySuspend(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, boss, target := a.NewUser(t), a.NewUser(t, harness.Superuser), a.NewUser(t)
		key := a.Issue(t, "session", core.Session{
			UserID: boss.ID, Scopes: []string{"admin"}, Proofs: []core.Proof{{Method: core.MethodPassword, At: a.Now()}},
		})
		stale := a.LogIn(t, "session", boss)
		a.Advance(11 * time.Minute)
		id, body := harness.PathID(target.ID), harness.JSON(`{"reason": "I06"}`)
		before := *find(t, a, target.ID)
		for _, method := range []string{"POST", "DELETE"} {
			route := method + " /users/{id}/suspend "
			a.Want(t, route+"403", harness.Case("I06 by a user, "+method), id, body, a.LogIn(t, "jwt", u))
			a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("I06 by a key, "+method), id, body, key)
			a.Want(t, route+proofRequired, harness.Case("I06 by a login that is not recent, "+method), id, body, stale)
		}
		if now := *find(t, a, target.ID); now != before {
			t.Errorf("I06 changed %+v to %+v", before, now)
		}
		a.Want(t, "POST /users/{id}/suspend 204", harness.Case("I06 by a superuser (twin)"), id, body,
			a.LogIn(t, "jwt", boss))
	})
}

// Nobody acts as whom they may not, and nobody by a credential that is not
// their own.
func TestAttackI01WhoActsAsWhom(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, boss, other := a.NewUser(t), a.NewUser(t, harness.Superuser), a.NewUser(t, harness.Superuser)
		fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}}
		for _, backend := range harness.Backends {
			begin := "POST /auth/" + backend + "/impersonate "
			as := func(u *harness.Account) harness.Option {
				return harness.JSONObject(harness.Object{"user_id": u.ID, "reason": "I01"})
			}
			mine := a.LogIn(t, backend, boss)
			acted := a.Act(t, backend, mine, u)
			key := a.Issue(t, backend, core.Session{UserID: boss.ID, Scopes: []string{"admin"}, Proofs: fresh})
			nested := a.Issue(t, backend, core.Session{UserID: boss.ID, Actor: other.ID, Proofs: fresh})
			off, barred := a.NewUser(t, harness.Inactive), a.NewUser(t)
			if err := a.Manager().Suspend(t.Context(), barred.ID, time.Time{}, "I01"); err != nil {
				t.Fatal(err)
			}
			state := len(sessionsOf(t, a, u)) + len(sessionsOf(t, a, other)) + len(sessionsOf(t, a, off))
			refused := func(words, what string, with ...harness.Option) {
				t.Helper()
				a.Want(t, begin+words, append(with, harness.Case("I01 "+what+", "+backend))...)
			}
			refused("403", "by a user", a.LogIn(t, backend, a.NewUser(t)), as(u))
			refused("403", "nested, as somebody who is no superuser", acted, as(a.NewUser(t)))
			refused("403", "nested, as a superuser", nested, as(u))
			refused("403 INSUFFICIENT_SCOPE", "by a key", key, as(u))
			refused("403 IMPERSONATION_REFUSED", "oneself", mine, as(boss))
			refused("403 IMPERSONATION_REFUSED", "a superuser", mine, as(other))
			refused("403 IMPERSONATION_REFUSED", "somebody who is inactive", mine, as(off))
			refused("403 IMPERSONATION_REFUSED", "somebody who is suspended", mine, as(barred))
			a.Advance(11 * time.Minute)
			refused(proofRequired, "by a login that is not recent", mine, as(u))
			if now := len(sessionsOf(t, a, u)) + len(sessionsOf(t, a, other)) + len(sessionsOf(t, a, off)); now != state {
				t.Errorf("I01 there were %d sessions, and are %d", state, now)
			}
			fresh[0].At = a.Now()
			a.Want(t, "GET /users/me 200", harness.Case("I01 by a recent login (twin), "+backend),
				a.Act(t, backend, a.LogIn(t, backend, boss), u)).WantUser(t, u)
		}
	})
}

// sessionsOf returns a user's living sessions.
func sessionsOf(t *testing.T, a *harness.App, u *harness.Account) []*core.Session {
	t.Helper()
	living, err := a.Manager().Sessions(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return living
}

// harmless are the routes that who acts as a user may call: what they read, and
// what changes nothing that lets anybody in.
var harmless = []string{
	"GET /users/me", "PATCH /users/me", "GET /auth/sessions", "GET /auth/factors", "GET /auth/accounts",
	"GET /auth/second-factor", "GET /auth/audit/me",
}

// Every route that is not listed as harmless refuses who acts as a user, also
// as one who might call it: a superuser, whom a strategy of one's own lets
// somebody act as.
func TestAttackI02WhoActsChangesNothing(t *testing.T) {
	whole := func(_ *harness.App, o *harness.Options) { o.SelfDelete, o.SelfExport = true, true }
	harness.OnEveryStore(t, harness.WithOAuth(t, nil, whole), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		boss := a.NewUser(t, harness.Superuser, harness.Verified)
		u := a.NewUser(t, harness.Superuser, harness.Verified)
		fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}, {Method: "email", At: a.Now()}}
		tried := 0
		for _, backend := range harness.Backends {
			acting := a.Issue(t, backend, core.Session{UserID: u.ID, Actor: boss.ID, Proofs: fresh})
			own := a.LogIn(t, backend, u)
			body := harness.JSONObject(harness.Object{
				"password": harness.Password, "code": "1", "user_id": boss.ID, "reason": "I02",
			})
			before := *find(t, a, u.ID)
			for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), harness.OAuthRoutes(a.Auth)) {
				route := e.Method + " " + e.Prefix + e.Pattern
				reads := slices.ContainsFunc(e.Access, func(w core.Access) bool { return w.Backend == backend })
				ends := strings.HasSuffix(route, "/logout") || strings.HasSuffix(route, "/impersonate/end")
				if !reads || e.Public || ends || slices.Contains(harmless, route) {
					continue
				}
				tried++
				a.Want(t, strings.TrimSuffix(route, "/")+" 403", harness.Case("I02 "+route+", "+backend), harness.PathID(boss.ID),
					acting, body)
			}
			for _, change := range []string{
				`{"password": "` + harness.OtherPassword + `"}`, `{"email": "i02@example.org"}`,
				`{"password": "` + harness.OtherPassword + `", "current_password": "` + harness.Password + `"}`,
				`{"email": "i02@example.org", "current_password": "` + harness.OtherPassword + `"}`,
			} {
				a.Want(t, "PATCH /users/me 403", harness.Case("I02 "+change+", "+backend), acting, harness.JSON(change))
			}
			if now := *find(t, a, u.ID); now != before {
				t.Errorf("I02 changed %+v to %+v", before, now)
			}
			for _, route := range []string{"GET /users/me 200", "GET /auth/sessions 200"} {
				a.Want(t, route, harness.Case("I02 "+route+" (twin), "+backend), acting)
			}
			a.Want(t, "GET /users/{id} 200", harness.Case("I02 a superuser themselves (twin), "+backend),
				harness.PathID(boss.ID), own)
		}
		if tried < 3*15 {
			t.Errorf("I02 only %d routes were tried", tried)
		}
	})
}

// What an administrator is given back is what they had, once, while they are
// one.
func TestAttackI04ComingBack(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range []string{"cookie", "session"} {
			u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
			end := "POST /auth/" + backend + "/impersonate/end "
			mine := a.LogIn(t, backend, boss)
			a.Advance(9 * time.Minute)
			acted := a.Act(t, backend, mine, u)
			a.Advance(2 * time.Minute)
			back := a.Admitted(t, backend, a.Want(t, end+harness.LoginStatus(backend),
				harness.Case("I04 comes back (twin), "+backend), acted))
			a.Want(t, "GET /users/me 401", harness.Case("I04 the old token of the actor, "+backend), mine)
			a.Want(t, end+"401", harness.Case("I04 a replay, "+backend), acted)
			a.Want(t, "DELETE /users/{id} "+proofRequired, harness.Case("I04 its proofs are as old as they were, "+backend),
				harness.PathID(u.ID), back)
			if n := len(sessionsOf(t, a, boss)); n != 1 {
				t.Errorf("I04 the actor has %d sessions", n)
			}

			mine = a.LogIn(t, backend, boss)
			acted = a.Act(t, backend, mine, u)
			a.Want(t, "POST /auth/"+backend+"/logout 204", mine)
			got := a.Want(t, end+"204", harness.Case("I04 the actor's login has ended, "+backend), acted)
			if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
				t.Errorf("I04 the cookie stays: %v", got.Cookie(t))
			}
			a.Want(t, end+"401", harness.Case("I04 a replay of that, "+backend), acted)

			acted = a.Act(t, backend, a.LogIn(t, backend, boss), u)
			a.EditStored(t, boss, func(u *harness.Account) { u.IsSuperuser = false })
			a.Want(t, end+"401", harness.Case("I04 a dismissed administrator, "+backend), acted)
			a.Want(t, "GET /users/me 401", harness.Case("I04 a dismissed administrator acts no more, "+backend), acted)
		}
	})
}
