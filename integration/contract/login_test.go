package contract_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// success is the status of a backend's login answer.
func success(backend string) string {
	if backend == "cookie" {
		return "204"
	}
	return "200"
}

func TestLogin(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			route, good := "POST /auth/"+backend+"/login ", success(backend)
			u := a.user(t)
			a.row(t, route+good, form("username", u.Email, "password", password))
			a.row(t, route+good+" (multipart)", parts("username", u.Email, "password", password))
			a.row(t, route+good+" (JSON with username)", members(object{"username": u.Email, "password": password}))
			a.row(t, route+good+" (JSON with email)", members(object{"email": u.Email, "password": password}))
			a.row(t, route+good+" (every field of OAuth 2.0's password grant)",
				form("grant_type", "password", "username", u.Email, "password", password, "scope", "", "client_id", "x",
					"client_secret", "y"))
			a.row(t, route+good+" (unknown members are ignored)",
				members(object{"username": u.Email, "password": password, "is_superuser": 1}))
			a.row(t, route+good+" (e-mail in other letter case)",
				form("username", strings.ToUpper(u.Email), "password", password))
		}
	})
}

func TestLoginAnswer(t *testing.T) {
	shapes := map[string]string{
		"jwt":     `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"bearer"\}$`,
		"session": `^\{"access_token":"[\w-]{43}","token_type":"bearer"\}$`,
		"cookie":  `^$`,
	}
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range backends {
			line := "POST /auth/" + backend + "/login " + success(backend) + " (the answer)"
			got := a.row(t, line, form("username", u.Email, "password", password))
			if !regexp.MustCompile(shapes[backend]).MatchString(got.body) {
				t.Errorf("%s: got %s", line, got.body)
			}
			if backend != "cookie" && len(got.header["Set-Cookie"]) > 0 {
				t.Errorf("%s sets a cookie", line)
			}
			a.want(t, "GET /users/me 200", a.login(t, backend, u)).wantUser(t, u)
		}
		chosen := strings.Repeat("A", 43)
		got := a.row(t, "POST /auth/cookie/login 204 (a token that was brought along is not taken)",
			credential("cookie", chosen), form("username", u.Email, "password", password))
		if got.cookie(t).Value == chosen {
			t.Error("the session was fixed before the login")
		}
		a.want(t, "GET /users/me 401", credential("cookie", chosen))
	})
}

func TestLoginRefusals(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/login 400 LOGIN_BAD_CREDENTIALS "
			u, off, none := a.user(t), a.user(t, inactive), a.user(t)
			without := &Account{User: latchkey.User{Email: "without." + none.Email, IsActive: true}}
			if err := a.Manager().Create(t.Context(), without, ""); err != nil {
				t.Fatal(err)
			}
			if err := a.Manager().Delete(t.Context(), none.ID); err != nil {
				t.Fatal(err)
			}
			refusals := []answer{
				a.row(t, route+"(wrong password)", form("username", u.Email, "password", another)),
				a.row(t, route+"(password in other letter case)", form("username", u.Email, "password", strings.ToUpper(password))),
				a.row(t, route+"(password with a space behind)", form("username", u.Email, "password", password+" ")),
				a.row(t, route+"(unknown)", form("username", none.Email, "password", password)),
				a.row(t, route+"(inactive)", form("username", off.Email, "password", password)),
				a.row(t, route+"(inactive, wrong password)", form("username", off.Email, "password", another)),
				a.row(t, route+"(malformed e-mail)", form("username", "no e-mail", "password", password)),
				a.row(t, route+"(id instead of e-mail)", form("username", u.ID, "password", password)),
				a.row(t, route+"(user without a password)", form("username", without.Email, "password", password)),
				a.row(t, route+"(user without a password, empty one)", members(object{"username": without.Email, "password": ""})),
			}
			t.Run("all refusals of "+backend+" are one answer", func(t *testing.T) {
				for _, r := range refusals {
					r.header.Del("Date")
					if !reflect.DeepEqual(r, refusals[0]) {
						t.Errorf("got\n%v, and\n%v", r, refusals[0])
					}
				}
			})
		}
	})
}

func TestLoginCostsTheSameWhoeverAsks(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, off := a.user(t), a.user(t, inactive)
		for _, name := range []string{u.Email, off.Email, "nobody@example.org", "no e-mail"} {
			before := a.hasher.verified.Load()
			a.want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", form("username", name, "password", another))
			if n := a.hasher.verified.Load() - before; n != 1 {
				t.Errorf("%s: %d passwords were verified, want 1", name, n)
			}
		}
	})
}

func TestLoginBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/login "
			a.row(t, route+"422 body.username missing", form("password", password))
			a.row(t, route+"422 body.password missing", form("username", u.Email))
			a.row(t, route+"422 body.username missing, body.password missing", form())
			a.row(t, route+"422 body.username missing (empty field)", form("username", "", "password", password))
			a.row(t, route+"422 body.password missing (empty field)", form("username", u.Email, "password", ""))
			a.row(t, route+"422 body.password missing (empty field, multipart)", parts("username", u.Email, "password", ""))
			a.row(t, route+"422 body.grant_type string_pattern_mismatch",
				form("grant_type", "token", "username", u.Email, "password", password))
			a.row(t, route+"422 body.username value_error (field given twice)",
				form("username", u.Email, "username", u.Email, "password", password))
			a.row(t, route+"422 body.username string_type (JSON)", members(object{"username": 1, "password": password}))
			a.row(t, route+"422 body.password string_type (JSON null)", members(object{"username": u.Email, "password": nil}))
			a.row(t, route+"422 body.# json_invalid", text(`{"username":`))
			a.row(t, route+"422 body model_attributes_type (JSON list)", text(`["`+u.Email+`"]`))
			a.row(t, route+"415 UNSUPPORTED_MEDIA_TYPE (text)", body("text/plain", "username="+u.Email+"&password="+password))
			a.row(t, route+"415 UNSUPPORTED_MEDIA_TYPE (no type)", body("", "username="+u.Email+"&password="+password))
			a.row(t, route+"413 BODY_TOO_LARGE", form("username", u.Email, "password", strings.Repeat("x", core.MaxBody)))
			a.row(t, route+success(backend)+" (charset)",
				body("application/x-www-form-urlencoded; charset=UTF-8", "username="+u.Email+
					"&password=correct+horse%2017+battery"))
		}
	})
}

func TestLoginWhereVerificationIsRequired(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) { o.RequireVerified = true }, func(t *testing.T, a *app) {
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/login "
			u, known := a.user(t), a.user(t, verified)
			a.row(t, route+"400 LOGIN_USER_NOT_VERIFIED (right password)", form("username", u.Email, "password", password))
			a.row(t, route+"400 LOGIN_BAD_CREDENTIALS (wrong password of an unverified user)",
				form("username", u.Email, "password", another))
			a.row(t, route+"400 LOGIN_BAD_CREDENTIALS (inactive and unverified)",
				form("username", a.user(t, inactive).Email, "password", password))
			a.row(t, route+success(backend)+" (verified)", form("username", known.Email, "password", password))
		}
	})
}

// crossOrigin are the heads of requests from other origins; ownOrigin, with the
// host filled in, of those that are not.
var (
	crossOrigin = map[string][]option{
		"Sec-Fetch-Site: cross-site": {header("Sec-Fetch-Site", "cross-site")},
		"Sec-Fetch-Site: same-site":  {header("Sec-Fetch-Site", "same-site")},
		"Origin of another host":     {header("Origin", "https://evil.example")},
		"Origin with another port":   {header("Origin", "http://127.0.0.1:1")},
		"Origin: null":               {header("Origin", "null")},
		"cross-site, with our host":  {header("Sec-Fetch-Site", "cross-site"), header("Origin", "null")},
	}
	ownOrigin = map[string]func(host string) option{
		"Sec-Fetch-Site: same-origin": func(string) option { return header("Sec-Fetch-Site", "same-origin") },
		"Sec-Fetch-Site: none":        func(string) option { return header("Sec-Fetch-Site", "none") },
		"our Origin":                  func(host string) option { return header("Origin", "http://"+host) },
		"no browser":                  func(string) option { return func(*http.Request) {} },
	}
)

func TestLoginFromOtherOrigins(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		credentials := form("username", u.Email, "password", password)
		for name, foreign := range crossOrigin {
			a.row(t, fmt.Sprintf("POST /auth/cookie/login 403 CROSS_ORIGIN_REFUSED (%s)", name), append(foreign, credentials)...)
			a.row(t, fmt.Sprintf("POST /auth/jwt/login 200 (bearer, %s)", name), append(foreign, credentials)...)
		}
		for name, own := range ownOrigin {
			a.row(t, fmt.Sprintf("POST /auth/cookie/login 204 (%s)", name), own(strings.TrimPrefix(a.url, "http://")),
				credentials)
		}
	})
}
