package proofs_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// suspension ends what the user is logged in with, shows in the answer to who
// proves to be them alone, and ends by the clock.
func suspension(t *testing.T, a *harness.App) {
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
	mails(t, a, 0)
}

// whoMaySuspend is not everybody: nothing of the user changes by others.
func whoMaySuspend(t *testing.T, a *harness.App) {
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
}
