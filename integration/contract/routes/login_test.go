package routes_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestLoginOfOneWhoHasASecondFactor(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithSecondFactor, func(t *testing.T, a *harness.App) {
		enrolled := a.NewUser(t, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		plain := a.NewUser(t)
		for _, backend := range harness.Backends {
			route := "POST /auth/" + backend + "/login "
			t.Run(route+"403 LOGIN_FACTOR_REQUIRED", func(t *testing.T) { a.PendingTicket(t, backend, enrolled) })
			a.Want(t, route+harness.LoginStatus(backend)+" (who has none)", harness.LoginForm(plain.Email, harness.Password))
		}
	})
}

func TestLogin(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			route, good := "POST /auth/"+backend+"/login ", harness.LoginStatus(backend)
			u := a.NewUser(t)
			a.Want(t, route+good, harness.Row, harness.LoginForm(u.Email, harness.Password))
			a.Want(t, route+good+" (multipart)", harness.Multipart("username", u.Email, "password", harness.Password))
			a.Want(t, route+good+" (JSON with username)",
				harness.JSONObject(harness.Object{"username": u.Email, "password": harness.Password}))
			a.Want(t, route+good+" (JSON with email)",
				harness.JSONObject(harness.Object{"email": u.Email, "password": harness.Password}))
			a.Want(t, route+good+" (every field of OAuth 2.0's password grant)",
				harness.Form("grant_type", "password", "username", u.Email, "password", harness.Password, "scope", "", "client_id",
					"x",
					"client_secret", "y"))
			a.Want(t, route+good+" (unknown members are ignored)",
				harness.JSONObject(harness.Object{"username": u.Email, "password": harness.Password, "is_superuser": 1}))
			a.Want(t, route+good+" (e-mail in other letter case)", harness.LoginForm(strings.ToUpper(u.Email), harness.Password))
		}
	})
}

// A login with "remember": false is forgotten with the browser, also after a
// second factor and a step-up.
func TestBriefLogin(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		const route = "POST /auth/cookie/login "
		with := func(remember any) harness.Option {
			return harness.JSONObject(harness.Object{"username": u.Email, "password": harness.Password, "remember": remember})
		}
		form := func(remember string) harness.Option {
			return harness.Form("username", u.Email, "password", harness.Password, "remember", remember)
		}
		forgotten := func(got harness.Answer) bool { return got.Cookie(t).MaxAge == 0 }
		for note, brief := range map[string]harness.Option{"(brief)": with(false), "(brief, by a form)": form("false")} {
			if !forgotten(a.Want(t, route+"204 "+note, brief)) {
				t.Errorf("%s: the cookie stays", note)
			}
		}
		for note, lasting := range map[string]harness.Option{
			"(remembered)": with(true), "(null)": with(nil), "(an empty field)": form(""), "(a ticked box)": form("remember-me"),
			"(a box after its other state)": harness.Multipart("username", u.Email, "password", harness.Password,
				"remember", "0", "remember", "1"),
		} {
			if forgotten(a.Want(t, route+"204 "+note, lasting)) {
				t.Errorf("%s: the cookie does not stay", note)
			}
		}
		a.Want(t, route+"422 body.remember bool_parsing", with(2))
		a.Want(t, route+"422 body.remember bool_type", with([]int{0}))

		f, _ := enrolled(t, a, "cookie")
		u = f.u
		got := a.Send(t, "POST", "/auth/cookie/login", with(false))
		detail, _ := got.Member(t, "detail").(harness.Object)
		got = a.Send(t, "POST", "/auth/cookie/totp", pendingBody(detail["pending"].(string), f.code(t)))
		if got.Status != 204 || !forgotten(got) {
			t.Errorf("after a second factor: %d %s", got.Status, got.Header["Set-Cookie"])
		}
		got = a.Want(t, f.at("/prove/totp")+"204 (brief)", harness.Credential("cookie", got.Cookie(t).Value),
			pendingBody("", f.code(t)))
		if !forgotten(got) {
			t.Errorf("after a step-up: %s", got.Header["Set-Cookie"])
		}
	})
}

func TestLoginAnswer(t *testing.T) {
	shapes := map[string]string{
		"jwt":     `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"bearer"\}$`,
		"session": `^\{"access_token":"[\w-]{43}","token_type":"bearer"\}$`,
		"cookie":  `^$`,
	}
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, backend := range harness.Backends {
			line := "POST /auth/" + backend + "/login " + harness.LoginStatus(backend) + " (the answer)"
			got := a.Want(t, line, harness.Row, harness.LoginForm(u.Email, harness.Password))
			if !regexp.MustCompile(shapes[backend]).MatchString(got.Body) {
				t.Errorf("%s: got %s", line, got.Body)
			}
			if backend != "cookie" && len(got.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s sets a cookie", line)
			}
			a.Want(t, "GET /users/me 200", a.LogIn(t, backend, u)).WantUser(t, u)
		}
		chosen := strings.Repeat("A", 43)
		got := a.Want(t, "POST /auth/cookie/login 204 (a token that was brought along is not taken)",
			harness.Credential("cookie", chosen), harness.LoginForm(u.Email, harness.Password))
		if got.Cookie(t).Value == chosen {
			t.Error("the session was fixed before the login")
		}
		a.Want(t, "GET /users/me 401", harness.Credential("cookie", chosen))
	})
}

func TestLoginRefusals(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			route := "POST /auth/" + backend + "/login 400 LOGIN_BAD_CREDENTIALS "
			u, off, none := a.NewUser(t), a.NewUser(t, harness.Inactive), a.NewUser(t)
			without := &harness.Account{User: latchkey.User{Email: "without." + none.Email, IsActive: true}}
			if err := a.Manager().Create(t.Context(), without, ""); err != nil {
				t.Fatal(err)
			}
			if err := a.Manager().Delete(t.Context(), none.ID); err != nil {
				t.Fatal(err)
			}
			refusals := []harness.Answer{
				a.Want(t, route+"(wrong password)", harness.LoginForm(u.Email, harness.OtherPassword)),
				a.Want(t, route+"(password in other letter case)", harness.LoginForm(u.Email, strings.ToUpper(harness.Password))),
				a.Want(t, route+"(password with a space behind)", harness.LoginForm(u.Email, harness.Password+" ")),
				a.Want(t, route+"(unknown)", harness.LoginForm(none.Email, harness.Password)),
				a.Want(t, route+"(inactive)", harness.LoginForm(off.Email, harness.Password)),
				a.Want(t, route+"(inactive, wrong password)", harness.LoginForm(off.Email, harness.OtherPassword)),
				a.Want(t, route+"(malformed e-mail)", harness.LoginForm("no e-mail", harness.Password)),
				a.Want(t, route+"(id instead of e-mail)", harness.LoginForm(u.ID, harness.Password)),
				a.Want(t, route+"(user without a password)", harness.LoginForm(without.Email, harness.Password)),
				a.Want(t, route+"(user without a password, empty one)",
					harness.JSONObject(harness.Object{"username": without.Email, "password": ""})),
			}
			t.Run("all refusals of "+backend+" are one answer", func(t *testing.T) {
				for _, r := range refusals {
					r.Header.Del("Date")
					if !reflect.DeepEqual(r, refusals[0]) {
						t.Errorf("got\n%v, and\n%v", r, refusals[0])
					}
				}
			})
		}
	})
}

func TestLoginCostsTheSameWhoeverAsks(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, off := a.NewUser(t), a.NewUser(t, harness.Inactive)
		for _, name := range []string{u.Email, off.Email, "nobody@example.org", "no e-mail"} {
			before := a.Hasher.Verified.Load()
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(name, harness.OtherPassword))
			if n := a.Hasher.Verified.Load() - before; n != 1 {
				t.Errorf("%s: %d passwords were verified, want 1", name, n)
			}
		}
	})
}

func TestLoginBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			u := a.NewUser(t)
			route := "POST /auth/" + backend + "/login "
			a.Want(t, route+"422 body.username missing", harness.Row, harness.Form("password", harness.Password))
			a.Want(t, route+"422 body.password missing", harness.Row, harness.Form("username", u.Email))
			a.Want(t, route+"422 body.username missing, body.password missing", harness.Row, harness.Form())
			a.Want(t, route+"422 body.username missing (field b19 a form's email)",
				harness.Form("email", u.Email, "password", harness.Password))
			a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (field b7 empty field)", harness.LoginForm("", harness.Password))
			a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (field b7 empty password)", harness.LoginForm(u.Email, ""))
			a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (field b7 empty password, multipart)",
				harness.Multipart("username", u.Email, "password", ""))
			a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (field b7 empty password, JSON)",
				harness.JSONObject(harness.Object{"username": u.Email, "password": ""}))
			a.Want(t, route+harness.LoginStatus(backend)+" (field F3 fields that nobody reads)",
				harness.Form("remember", "0", "username", u.Email, "scope", "a", "password", harness.Password, "remember", "1",
					"scope", "b", "grant_type", ""))
			a.Want(t, route+harness.LoginStatus(backend)+" (field F4 another charset's name)",
				harness.Body("application/x-www-form-urlencoded; charset=ISO-8859-1", "username="+u.Email+
					"&password=correct+horse%2017+battery"))
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE (field F4 a charset without ASCII)",
				harness.Body("application/x-www-form-urlencoded; charset=utf-16", "username="+u.Email+
					"&password=correct+horse%2017+battery"))
			a.Want(t, route+"422 body.grant_type string_pattern_mismatch", harness.Row,
				harness.Form("grant_type", "token", "username", u.Email, "password", harness.Password))
			a.Want(t, route+"422 body.username value_error (field given twice)",
				harness.Form("username", u.Email, "username", u.Email, "password", harness.Password))
			a.Want(t, route+"422 body.username value_error, body.password missing, body.grant_type string_pattern_mismatch (finding b13)",
				harness.Form("username", "a", "username", "b", "grant_type", "x"))
			a.Want(t, route+"422 body.password value_error, body.username missing (finding b13, multipart)",
				harness.Multipart("password", "\xff"))
			a.Want(t, route+"422 body.username value_error, body.password string_type (finding b13, JSON)",
				harness.JSON(`{"username": "\u0000", "password": []}`))
			a.Want(t, route+"422 body.username string_type (JSON)",
				harness.JSONObject(harness.Object{"username": 1, "password": harness.Password}))
			a.Want(t, route+"422 body.password string_type (JSON null)",
				harness.JSONObject(harness.Object{"username": u.Email, "password": nil}))
			a.Want(t, route+"422 body.# json_invalid", harness.Row, harness.JSON(`{"username":`))
			a.Want(t, route+"422 body model_attributes_type (JSON list)", harness.JSON(`["`+u.Email+`"]`))
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE (text)",
				harness.Body("text/plain", "username="+u.Email+"&password="+harness.Password))
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE (no type)",
				harness.Body("", "username="+u.Email+"&password="+harness.Password))
			a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row, harness.LoginForm(u.Email, strings.Repeat("x", core.MaxBody)))
			a.Want(t, route+harness.LoginStatus(backend)+" (charset)",
				harness.Body("application/x-www-form-urlencoded; charset=UTF-8", "username="+u.Email+
					"&password=correct+horse%2017+battery"))
		}
	})
}

func TestLoginWhereVerificationIsRequired(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		func(t *testing.T, a *harness.App) {
			for _, backend := range harness.Backends {
				route := "POST /auth/" + backend + "/login "
				u, known := a.NewUser(t), a.NewUser(t, harness.Verified)
				a.Want(t, route+"400 LOGIN_USER_NOT_VERIFIED (right password)", harness.LoginForm(u.Email, harness.Password))
				a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (wrong password of an unverified user)",
					harness.LoginForm(u.Email, harness.OtherPassword))
				a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (inactive and unverified)",
					harness.LoginForm(a.NewUser(t, harness.Inactive).Email, harness.Password))
				a.Want(t, route+harness.LoginStatus(backend)+" (verified)", harness.LoginForm(known.Email, harness.Password))
			}
		})
}

func TestLoginFromOtherOrigins(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		credentials := harness.LoginForm(u.Email, harness.Password)
		for name, foreign := range harness.CrossOriginHeaders {
			a.Want(t, fmt.Sprintf("POST /auth/cookie/login 403 CROSS_ORIGIN_REFUSED (%s)", name),
				append(foreign, credentials)...)
			a.Want(t, fmt.Sprintf("POST /auth/jwt/login 200 (bearer, %s)", name), append(foreign, credentials)...)
		}
		for name, own := range harness.SameOriginHeaders {
			a.Want(t, fmt.Sprintf("POST /auth/cookie/login 204 (%s)", name), own(strings.TrimPrefix(a.URL, "http://")),
				credentials)
		}
	})
}
