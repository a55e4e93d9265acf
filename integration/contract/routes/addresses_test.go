package routes_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// What stands around an address is cut off wherever one is taken, and nothing
// is made an address that is none.
func TestFindingB1Addresses(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		const blanks = " \t%s\u00a0\r\n "
		around := func(address string) string { return strings.Replace(blanks, "%s", address, 1) }
		email := func(address string) harness.Option {
			return harness.JSONObject(harness.Object{"email": address, "password": harness.Password})
		}
		got := a.Want(t, "POST /auth/register 201 (blanks around the address)", email(around("Ada@Blanks.example")))
		if got.Member(t, "email") != "Ada@Blanks.example" {
			t.Errorf("it is kept as %s", got.Body)
		}
		id := got.Member(t, "id").(string)
		a.Want(t, "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS (with other blanks)", email("ada@blanks.example "))
		for _, backend := range harness.Backends {
			a.Want(t, "POST /auth/"+backend+"/login "+harness.LoginStatus(backend)+" (blanks around the address)",
				harness.LoginForm(around("ada@blanks.example"), harness.Password))
		}
		for _, route := range harness.MailRoutes {
			a.Want(t, route+"202 (blanks around the address)", email(around("ada@blanks.example")))
			if m := a.NextMail(t); m.To != "Ada@Blanks.example" {
				t.Errorf("the mail is to %q", m.To)
			}
		}
		for line, address := range map[string]string{
			"PATCH /users/me 200": "me@blanks.example", "PATCH /users/{id} 200": "id@blanks.example",
		} {
			someone := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
			got := a.Want(t, line+" (blanks around the address)", someone, harness.PathID(id),
				harness.JSONObject(harness.Object{"email": around(address)}))
			if got.Member(t, "email") != address {
				t.Errorf("it is kept as %s", got.Body)
			}
		}
		found := a.Want(t, "GET /users 200 (blanks around what is searched)", admin,
			harness.Query(url.Values{"email": {" me@blanks.example "}}.Encode()))
		if !strings.Contains(found.Body, "me@blanks.example") || strings.Count(found.Body, `"id"`) != 1 {
			t.Errorf("found %s", found.Body)
		}
		for _, address := range []string{
			"Ada <ada@x.example>", "<ada@x.example>", "ada@x.example (Ada)", "\uff41da@x.example", "ada@x.example, grace@x.example", "ada @x.example",
			"ada@ x.example", "ada", "@x.example", "ada@", " ", "ada@x..example", "mailto:ada@x.example ?",
		} {
			a.Want(t, "POST /auth/register 422 body.email value_error", harness.Case("finding b1 "+address), email(address))
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (malformed)", harness.LoginForm(address, harness.Password))
		}
		for domain := range strings.FieldsSeq("x.test x.local x.localhost x.invalid x.onion x.arpa x.example x.internal") {
			got := a.Want(t, "POST /auth/register 201 (finding b10, ours: "+domain+")", email("ada@"+domain))
			if got.Member(t, "email") != "ada@"+domain {
				t.Errorf("it is kept as %s", got.Body)
			}
		}
	})
}

// Finding b20 and field F4: JSON under other names of UTF-8.
func TestFindingB20CharsetsOfJSON(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		mine := a.LogIn(t, "jwt", a.NewUser(t))
		patch := func(line, contentType, body string) {
			t.Helper()
			a.Want(t, patchMe+line, mine, func(r *http.Request) {
				harness.Body(contentType, body)(r)
				if contentType == "" {
					r.Header.Del("Content-Type")
				}
			})
		}
		for _, charset := range []string{"iso-8859-1", "us-ascii", "windows-1252", "UTF8", `"utf-8"`} {
			patch("200 ("+charset+")", "application/json; charset="+charset, `{"full_name": "é"}`)
			patch("422 body.# json_invalid ("+charset+", and not UTF-8)", "application/json; charset="+charset,
				"{\"full_name\": \"\xe9\"}")
		}
		for _, charset := range []string{"utf-16", "UTF-16LE", "utf-32", "utf-7", "ebcdic-cp-us", "x"} {
			patch("415 UNSUPPORTED_MEDIA_TYPE ("+charset+")", "application/json; charset="+charset, `{"full_name": "x"}`)
		}
		patch("415 UNSUPPORTED_MEDIA_TYPE (none)", "", `{"full_name": "x"}`)
	})
}

// Finding b8 and b9: who is not verified gets out, and not in by a provider.
func TestFindingB8VerifiedUsersRequired(t *testing.T) {
	required := func(_ *harness.App, o *harness.Options) { o.RequireVerified = true }
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, required), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		for _, backend := range harness.Backends {
			u := a.NewUser(t, harness.Verified)
			mine := a.LogIn(t, backend, u)
			no := false
			a.EditStored(t, u, func(u *harness.Account) { u.IsVerified = no })
			a.Want(t, "GET /users/me 403 (unverified, "+backend+")", mine)
			a.Want(t, "POST /auth/"+backend+"/logout 204 (unverified)", mine)
			a.Want(t, "GET /users/me 401 (logged out, "+backend+")", mine)
		}
		a.Want(t, "GET "+harness.AcmeByJWT+"/callback 400 LOGIN_USER_NOT_VERIFIED (a new user, whose address nobody vouches for)",
			a.Consent(t, harness.AcmeByJWT, harness.Identity("id-b9", "b9@example.org")))
		a.Want(t, "GET "+harness.AcmeByJWT+"/callback 400 LOGIN_USER_NOT_VERIFIED (the same, again)",
			a.Consent(t, harness.AcmeByJWT, harness.Identity("id-b9", "b9@example.org")))
		a.Want(t, "GET "+harness.AcmeByJWT+"/authorize 422 query.scopes value_error (finding b21, empty)", harness.Query("scopes="))
	})
}
