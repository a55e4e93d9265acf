package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestImpersonation(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			impersonates(t, a, backend)
		}
	})
}

func impersonates(t *testing.T, a *harness.App, backend string) {
	t.Helper()
	begin, end := "POST /auth/"+backend+"/impersonate ", "POST /auth/"+backend+"/impersonate/end "
	ok := harness.LoginStatus(backend)
	u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
	as := func(id string) harness.Option {
		return harness.JSONObject(harness.Object{"user_id": id, "reason": "A test"})
	}
	mine := a.LogIn(t, backend, boss)
	for _, route := range []string{begin, end} {
		a.Want(t, route+"401", harness.Row, as(u.ID))
		a.Want(t, route+"400 DUPLICATE_CREDENTIALS", harness.Row, mine, mine, as(u.ID))
		if backend == "cookie" {
			a.Want(t, route+"403 CROSS_ORIGIN_REFUSED", harness.Row, mine, as(u.ID),
				harness.Header("Sec-Fetch-Site", "cross-site"))
		}
	}
	key := a.Issue(t, backend, core.Session{UserID: boss.ID, Scopes: []string{"read"}})
	a.Want(t, end+"403 INSUFFICIENT_SCOPE", harness.Row, key)
	a.Want(t, begin+"403 (no superuser)", a.LogIn(t, backend, u), as(u.ID))
	a.Want(t, end+"409 NOT_IMPERSONATING", harness.Row, mine)
	a.Want(t, begin+"404 (unknown)", mine, as(harness.NobodyID))
	a.Want(t, begin+"403 IMPERSONATION_REFUSED (oneself)", mine, as(boss.ID))
	for body, says := range map[string]string{
		`{}`:                           "body.user_id missing, body.reason missing",
		`{"user_id": 1, "reason": ""}`: "body.user_id string_type, body.reason value_error",
		`[`:                            "body.# json_invalid",
	} {
		a.Want(t, begin+"422 "+says, harness.Row, mine, harness.JSON(body))
	}
	a.Want(t, begin+"413 BODY_TOO_LARGE", harness.Row, mine,
		harness.JSON(`{"reason": "`+strings.Repeat("x", core.MaxBody)+`"}`))
	a.Want(t, begin+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, mine, harness.Body("text/plain", "x"))
	a.Break("users.Find")
	a.Want(t, begin+down+"(without users)", mine, as(u.ID))
	a.Mend()

	acted := a.Admitted(t, backend, a.Want(t, begin+ok, harness.Row, mine, as(u.ID)))
	a.Want(t, "GET /users/me 200", acted).WantUser(t, u)
	a.Want(t, begin+"403 (who acts already)", acted, as(a.NewUser(t).ID))
	a.Break("users.Find")
	a.Want(t, end+down+"(without users)", acted)
	a.Mend()
	if backend == "jwt" { // whose tokens nothing lists
		a.Want(t, end+"204", harness.Row, acted)
		a.Want(t, "GET /users/me 200", mine).WantUser(t, boss)
	} else {
		back := a.Admitted(t, backend, a.Want(t, end+ok, harness.Row, acted))
		a.Want(t, "GET /users/me 200", back).WantUser(t, boss)
		a.Want(t, "GET /users/me 401", mine)
		mine = back
	}
	a.Want(t, "GET /users/me 401", acted)

	acted = a.Act(t, backend, mine, u)
	a.Want(t, "POST /auth/"+backend+"/logout 204", mine)
	got := a.Want(t, end+"204 (the actor's own login has ended)", acted)
	if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", got.Cookie(t))
	}
	mine = a.LogIn(t, backend, boss)
	acted = a.Act(t, backend, mine, u)
	a.Advance(11 * time.Minute)
	a.Want(t, begin+proofWanted, harness.Row, mine, as(u.ID))
	a.Advance(core.ActorLifetime - 11*time.Minute - time.Second)
	if backend != "jwt" { // whose own hour is over by then
		a.Want(t, "GET /users/me 200 (a second before the hour is over)", acted)
	}
	a.Advance(time.Second)
	a.Want(t, "GET /users/me 401 (the hour is over)", acted)
}
