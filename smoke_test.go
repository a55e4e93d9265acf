package latchkey_test

import "testing"

func TestSmoke(t *testing.T) {
	a := newApp(t, nil)
	a.register("Ada@Example.org")
	tok := a.login("ada@example.org", password).member("token")
	a.want("GET", "/users/me", tok, "", 200, `"email":"Ada@Example.org"`)
	a.want("PATCH", "/users/me", tok, `{"nick":"x","is_superuser":"maybe"}`, 200, `"nick":"x"`)
	a.want("GET", "/users", tok, ``, 403, `Forbidden`)
	a.want("GET", "/auth/sessions", tok, ``, 200, `"current":true`)
	t.Log(a.want("GET", "/auth/sessions", tok, ``, 200, `"current":true`).body)
	a.want("POST", "/auth/forgot-password", "", `{"email":"ada@example.org"}`, 202, `null`)
	m := a.lastMail("reset")
	t.Log(m.Link)
	a.want("POST", "/auth/reset-password", "", `{"token":"`+m.Token+`","password":"another password"}`, 200, `null`)
	a.want("GET", "/users/me", tok, "", 401, `Unauthorized`)
	a.want("POST", "/auth/reset-password", "", `{"token":"`+m.Token+`","password":"another password"}`, 400, `RESET_PASSWORD_BAD_TOKEN`)
	t.Log(a.login("ada@example.org", "nope"))
	tok = a.login("ada@example.org", "another password").member("token")
	a.want("POST", "/auth/web/logout", tok, ``, 204, ``)
	a.want("POST", "/auth/web/logout", tok, ``, 401, ``)
	t.Log(a.log)
}
