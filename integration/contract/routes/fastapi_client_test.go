package routes_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// What a client of FastAPI Users meets that stays different, by the finding's
// ID; the guide "Coming from FastAPI Users" lists all of it.
func TestFindingsOfAFastAPIClient(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine, admin := a.LogIn(t, "jwt", u), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))

		older, newer := a.MailedToken(t, "reset", u), a.MailedToken(t, "reset", u)
		a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN (finding b2: the mail before)", harness.ResetBody(older))
		before, after := a.MailedToken(t, "verify", u), a.MailedToken(t, "verify", u)
		a.Want(t, "POST /auth/verify 400 VERIFY_USER_BAD_TOKEN (finding b2: the mail before)", harness.VerifyBody(before))
		a.Want(t, "POST /auth/verify 200 (finding b2, twin: the newest mail)", harness.VerifyBody(after))

		for _, password := range []string{"abc", "football", "ada@policy.example"} {
			a.Want(t, "POST /auth/register 400 {REGISTER_INVALID_PASSWORD, reason}", harness.Case("finding b4 "+password),
				harness.JSONObject(harness.Object{"email": "ada@policy.example", "password": password}))
		}

		got := a.Want(t, patchMe+"422 body.# json_invalid", mine, harness.JSON("{"))
		if !strings.HasPrefix(got.Body, `{"detail":[{"loc":["body",1],`) {
			t.Errorf("finding b14: the fault of { is at %s", got.Body)
		}
		got = a.Want(t, "POST /auth/register 422 body.email value_error, body.password missing (finding b15)",
			harness.JSON(`{"email": "nobody"}`))
		for _, left := range []string{`"ctx"`, `"input"`, `"url"`, "nobody"} {
			if strings.Contains(got.Body, left) {
				t.Errorf("finding b15: %s is in %s", left, got.Body)
			}
		}

		form := url.Values{"username": {u.Email}, "password": {harness.Password}}.Encode()
		login := func(line, more string) {
			t.Helper()
			a.Want(t, "POST /auth/jwt/login "+line, harness.Body("application/x-www-form-urlencoded", form+more))
		}
		login("422 body.username value_error (finding b17: a field twice)", "&username=x")
		login("422 body.password value_error (finding b17: a field that is not text)", "&password=%zz")
		login("200 (finding b17, twin: fields that nobody reads)", "&remember=0&remember=1&x=%00")
		login("200 (finding b18: an empty grant_type)", "&grant_type=")
		login("422 body.grant_type string_pattern_mismatch (finding b18, twin)", "&grant_type=implicit")

		for _, id := range []string{"{" + u.ID + "}", "urn:uuid:" + u.ID} {
			a.Want(t, "GET /users/{id} 404", harness.Case("finding b22 "+id), admin, harness.PathID(id))
		}
		a.Want(t, "GET /users/{id} 200 (finding b22, twin: letter case and dashes)", admin,
			harness.PathID(strings.ToUpper(strings.ReplaceAll(u.ID, "-", ""))))

		a.Want(t, "GET /users/me 401 (finding b23: a cookie's token as a bearer)", harness.Bearer(a.Token(t, "cookie", u)))
		for name, claims := range map[string]harness.Object{
			"without exp": {"sub": u.ID, "aud": "latchkey:auth"},
			"for two audiences": {
				"sub": u.ID, "aud": []string{"latchkey:auth", "other"}, "exp": time.Now().AddDate(9, 0, 0).Unix(),
			},
		} {
			token := sign(string(harness.Secret), claims)
			a.Want(t, "GET /users/me 401", harness.Case("finding b24 a JWT "+name), harness.Bearer(token))
		}
		a.Want(t, "GET /users/me 200 (finding b24, twin)", mine)

		byCookie := a.Want(t, "POST /auth/cookie/login 204", harness.LoginForm(u.Email, harness.Password))
		if name := byCookie.Cookie(t).Name; name != "__Host-latchkey" {
			t.Errorf("finding b25: the cookie is %s", name)
		}

		a.Want(t, harness.ResetRoute+"200 (finding b2, twin: the newest mail)", harness.ResetBody(newer))
	})
}
