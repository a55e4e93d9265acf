package routes_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestForcedReset(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const force = "POST /users/{id}/reset-password "
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		id := harness.PathID(u.ID)
		wantGuarded(t, a, force, u, boss, true, harness.All())
		admin := a.LogIn(t, "cookie", boss)
		a.Want(t, force+"403 CROSS_ORIGIN_REFUSED", harness.Row, id, admin, harness.Header("Sec-Fetch-Site", "cross-site"))
		theirs := []harness.Option{}
		for _, backend := range harness.Backends {
			theirs = append(theirs, a.LogIn(t, backend, u))
		}
		if got := a.Want(t, force+"202", harness.Row, id, admin); got.Body != "" {
			t.Errorf("got the body %s", got.Body)
		}
		for _, mine := range theirs {
			a.Want(t, "GET /users/me 401", mine)
		}
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (the password is none any more)",
			harness.LoginForm(u.Email, harness.Password))
		mail := a.NextMail(t)
		if mail.Kind != core.MailReset || mail.To != u.Email {
			t.Fatalf("got a %s to %s", mail, mail.To)
		}
		a.Want(t, "POST /auth/reset-password 200 (by the mail)",
			harness.JSONObject(harness.Object{"token": mail.Token, "password": harness.OtherPassword}))
		a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(u.Email, harness.OtherPassword))
	})
}

// sessionID takes the place of {session} in the path.
func sessionID(id string) harness.Option {
	return func(r *http.Request) {
		r.URL.Path = strings.Replace(r.URL.Path, "{session}", id, 1)
		r.URL.RawPath = strings.Replace(r.URL.RawPath, "{session}", id, 1)
	}
}

func TestSessionsOfAUser(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const list, endAll = "GET /users/{id}/sessions ", "DELETE /users/{id}/sessions "
		const endOne = "DELETE /users/{id}/sessions/{session} "
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		id, none := harness.PathID(u.ID), sessionID("none")
		for _, route := range []string{list, endAll, endOne} {
			wantGuarded(t, a, route, u, boss, false, none)
		}
		admin := a.LogIn(t, "cookie", boss)
		for _, route := range []string{endAll, endOne} {
			a.Want(t, route+"403 CROSS_ORIGIN_REFUSED", harness.Row, id, none, admin,
				harness.Header("Sec-Fetch-Site", "cross-site"))
		}
		var got []struct {
			ID, Backend string
			Current     bool
			Actor       *string
		}
		read := func(of *harness.Account) {
			t.Helper()
			answer := a.Want(t, list+"200", harness.PathID(of.ID), admin)
			if err := json.Unmarshal([]byte(answer.Body), &got); err != nil {
				t.Fatalf("%v: %s", err, answer.Body)
			}
		}
		if read(u); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
		web, app, token := a.LogIn(t, "cookie", u), a.LogIn(t, "session", u), a.LogIn(t, "jwt", u)
		if read(u); len(got) != 2 || got[0].Current || got[0].Actor != nil {
			t.Fatalf("got %+v", got)
		}
		of := map[string]string{got[0].Backend: got[0].ID, got[1].Backend: got[1].ID}
		a.Want(t, endOne+"404 (another user's)", harness.PathID(boss.ID), sessionID(of["cookie"]), admin)
		a.Want(t, endOne+"204", harness.Row, id, sessionID(of["cookie"]), admin)
		a.Want(t, "GET /users/me 401", web)
		a.Want(t, "GET /users/me 200", app)
		a.Want(t, endOne+"404 (ended)", id, sessionID(of["cookie"]), admin)
		a.Want(t, endAll+"204", harness.Row, id, admin)
		for _, ended := range []harness.Option{app, token} {
			a.Want(t, "GET /users/me 401", ended)
		}
		other := a.LogIn(t, "session", boss)
		if read(boss); len(got) < 2 {
			t.Errorf("got %+v", got)
		}
		a.Want(t, endAll+"204 (one's own: this one stays)", harness.PathID(boss.ID), admin)
		a.Want(t, "GET /users/me 401", other)
		a.Want(t, "GET /users/me 200", admin)
	})
}
