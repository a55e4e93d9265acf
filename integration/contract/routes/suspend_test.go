package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// proofWanted is what a login without a recent proof is answered.
const proofWanted = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`

// wantGuarded checks what a route of administrators answers everybody else. sec
// reports that it asks for a recent proof. It leaves no login of admin.
func wantGuarded(
	t *testing.T, a *harness.App, route string, target, admin *harness.Account, sec bool, body harness.Option,
) {
	t.Helper()
	id, of := harness.PathID(target.ID), func(more ...harness.Option) harness.Option {
		return harness.All(append(more, body)...)
	}
	mine := a.LogIn(t, "cookie", admin)
	a.Want(t, route+"401", harness.Row, id, of())
	a.Want(t, route+"403 (no superuser)", id, of(a.LogIn(t, "jwt", a.NewUser(t))))
	a.Want(t, route+"400 DUPLICATE_CREDENTIALS", harness.Row, id, of(mine, mine))
	a.Want(t, route+"404 (unknown)", harness.PathID(harness.NobodyID), of(mine))
	a.Break("users.Find")
	a.Want(t, route+down+"(without users)", id, of(mine))
	a.Mend()
	a.Advance(11 * time.Minute)
	if sec {
		a.Want(t, route+proofWanted, harness.Row, id, of(mine))
	}
}

func TestSuspend(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const suspend, reinstate = "POST /users/{id}/suspend ", "DELETE /users/{id}/suspend "
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		id := harness.PathID(u.ID)
		wantGuarded(t, a, suspend, u, boss, true, harness.JSON(`{"reason": "x"}`))
		wantGuarded(t, a, reinstate, u, boss, true, harness.All())
		admin := a.LogIn(t, "cookie", boss)
		for _, route := range []string{suspend, reinstate} {
			a.Want(t, route+"403 CROSS_ORIGIN_REFUSED", harness.Row, id, admin, harness.JSON(`{"reason": "x"}`),
				harness.Header("Sec-Fetch-Site", "cross-site"))
		}
		a.Want(t, suspend+"409 ADMIN_SELF", harness.Row, harness.PathID(boss.ID), admin, harness.JSON(`{"reason": "x"}`))
		for body, says := range map[string]string{
			`{}`: "body.reason missing", `{"reason": ""}`: "body.reason value_error", `{"reason": 1}`: "body.reason string_type",
			`{"reason": "x", "until": "tomorrow"}`:           "body.until value_error",
			`{"reason": "` + core.SuspendedForLeaving + `"}`: "body.reason value_error",
			`{"until": 1, "reason": null}`:                   "body.until string_type, body.reason string_type",
			`{`:                                              "body.# json_invalid",
		} {
			a.Want(t, suspend+"422 "+says, harness.Row, id, admin, harness.JSON(body))
		}
		a.Want(t, suspend+"413 BODY_TOO_LARGE", harness.Row, id, admin,
			harness.JSON(`{"reason": "`+strings.Repeat("x", core.MaxBody)+`"}`))
		a.Want(t, suspend+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, id, admin, harness.Body("text/plain", `{"reason": "x"}`))

		theirs := []harness.Option{}
		for _, backend := range harness.Backends {
			theirs = append(theirs, a.LogIn(t, backend, u))
		}
		until := a.Now().Add(24 * time.Hour)
		got := a.Want(t, suspend+"204", harness.Row, id, admin,
			harness.JSONObject(harness.Object{"until": until.Format(time.RFC3339), "reason": "Spam"}))
		if got.Body != "" {
			t.Errorf("got the body %s", got.Body)
		}
		for i, backend := range harness.Backends {
			a.Want(t, "GET /users/me 401", theirs[i])
			a.Want(t, "POST /auth/"+backend+"/login 400 {LOGIN_USER_SUSPENDED, reason} (the right password)",
				harness.LoginForm(u.Email, harness.Password))
			a.Want(t, "POST /auth/"+backend+"/login 400 LOGIN_BAD_CREDENTIALS (another one)",
				harness.LoginForm(u.Email, harness.OtherPassword))
		}
		list := a.Want(t, "GET /users 200 (what administrators see besides)", harness.Query("email="+u.Email), admin)
		for _, part := range []string{
			`"suspended_for":"Spam"`, `"suspended_until":"` + until.UTC().Format("2006-01-02T15:04:05"), `"created_at":"`,
		} {
			if !strings.Contains(list.Body, part) {
				t.Errorf("no %s in %s", part, list.Body)
			}
		}
		a.Want(t, "GET /users/{id} 200 (as everybody sees them)", id, admin).WantUser(t, u)
		a.Want(t, reinstate+"204", harness.Row, id, admin)
		a.Want(t, reinstate+"204 (nothing to end)", id, admin)
		a.LogIn(t, "jwt", u)
	})
}
