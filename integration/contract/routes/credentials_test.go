package routes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAuthorization(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range []string{"jwt", "session"} {
			u := a.NewUser(t)
			token := a.Token(t, backend, u)
			line := func(value string) harness.Option { return harness.Header("Authorization", value) }
			for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
				a.Want(t, "GET /users/me 200 ("+scheme+", "+backend+")", line(scheme+" "+token)).WantUser(t, u)
			}
			const none, invalid = "Bearer", `Bearer error="invalid_token"`
			a.Want(t, "GET /users/me 401 (no credential)").WantChallenge(t, none)
			for _, scheme := range []string{"Basic", "Token", "Bearer2", "DPoP"} {
				a.Want(t, "GET /users/me 401 ("+scheme+" is no credential)", line(scheme+" "+token)).WantChallenge(t, none)
			}
			for note, value := range map[string]string{
				"no token": "Bearer", "two spaces": "Bearer  " + token, "two tokens": "Bearer " + token + ", Bearer " + token,
				"something behind": "Bearer " + token + " x", "quoted": `Bearer "` + token + `"`, "one letter more": "Bearer " + token + "A",
				"one letter less": "Bearer " + token[:len(token)-1], "too long": "Bearer " + strings.Repeat("x", 9<<10), "padded": "Bearer " + token + "=",
			} {
				got := a.Want(t, "GET /users/me 401 ("+note+", "+backend+")", line(value))
				if got.Body != `{"detail":"Unauthorized"}` {
					t.Errorf("%s: got %s", note, got.Body)
				}
			}
			a.Want(t, "GET /users/me 401 (the cause is not told)", line("Bearer a.b.c")).WantChallenge(t, invalid)
			a.Want(t, "GET /users/me 401 (a token in the URL is none)",
				harness.Query("access_token="+token+"&token="+token)).WantChallenge(t, none)
			a.Want(t, "PATCH /users/me 401 (a token in the body is none)", harness.Form("access_token", token)).WantChallenge(t,
				none)
		}
	})
}

func TestMalformedHeads(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		token, value := a.Token(t, "session", a.NewUser(t)), a.Token(t, "cookie", a.NewUser(t))
		const twice, refused, malformed = `400 {"detail":"DUPLICATE_CREDENTIALS"}`, `401 {"detail":"Unauthorized"}`, "400 "
		for note, r := range map[string]struct{ lines, want string }{
			"two Authorization lines":               {"Authorization: Bearer " + token + "\r\nAuthorization: Bearer " + token, twice},
			"two Authorization lines, one of Basic": {"Authorization: Bearer " + token + "\r\nauthorization: Basic eDp4", twice},
			"two Authorization lines and a cookie":  {"Cookie: " + harness.CookieName + "=" + value + "\r\nAuthorization: x\r\nAuthorization: x", twice},
			"two cookies in one line":               {"Cookie: " + harness.CookieName + "=" + value + "; " + harness.CookieName + "=" + value, twice},
			"two cookies in two lines":              {"Cookie: " + harness.CookieName + "=" + value + "\r\nCookie: a=b; " + harness.CookieName + "=x", twice},
			"the cookie in other letter case":       {"Cookie: __host-latchkey=" + value, refused},
			"the cookie in quotes":                  {"Cookie: " + harness.CookieName + `="` + value + `"`, refused},
			"the cookie percent-encoded":            {"Cookie: " + harness.CookieName + "=%41" + value[1:], refused},
			"an empty cookie":                       {"Cookie: " + harness.CookieName + "=", refused},
			"a folded line":                         {"Authorization: Bearer\r\n " + token[:10] + "\r\n " + token[10:], "40"}, // net/http unfolds it
			"a space before the colon":              {"Authorization : Bearer " + token, malformed},
			"a NUL in the token":                    {"Authorization: Bearer " + token[:10] + "\x00" + token[10:], malformed},
		} {
			t.Run("GET /users/me 400 or 401 ("+note+")", func(t *testing.T) {
				got, _ := a.SendRaw(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\n"+r.lines+"\r\n\r\n")
				if s := fmt.Sprint(got.Status, " ", got.Body); !strings.HasPrefix(s, r.want) {
					t.Errorf("got %s, want %s", s, r.want)
				}
				for _, secret := range []string{token[:8], token[20:], value[:8]} {
					if strings.Contains(got.Body, secret) {
						t.Errorf("the credential is sent back: %s", got.Body)
					}
				}
			})
		}
		for note, lines := range map[string]string{
			"one Authorization line":    "Authorization: Bearer " + token,
			"white space around it":     "authorization: \t Bearer " + token + " \t",
			"the cookie beside others":  "Cookie: a=b;" + harness.CookieName + "=" + value + " ; c=d",
			"the cookie in second line": "Cookie: a=b\r\nCookie: " + harness.CookieName + "=" + value,
		} {
			t.Run("GET /users/me 200 ("+note+")", func(t *testing.T) {
				if got, _ := a.SendRaw(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\n"+lines+"\r\n\r\n"); got.Status != 200 {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
		}
	})
}

func TestMalformedBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		post := func(head, body string) string {
			return "POST /auth/register HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/json\r\n" + head +
				"\r\n\r\n" + body
		}
		const tooLarge = `{"detail":"BODY_TOO_LARGE"}`
		for note, raw := range map[string]string{
			"chunked without an end":     post("Transfer-Encoding: chunked", strings.Repeat("1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n", 17)),
			"a length of many gigabytes": post("Content-Length: 99999999999", strings.Repeat(" ", core.MaxBody+1)),
		} {
			t.Run("POST /auth/register 413 BODY_TOO_LARGE ("+note+")", func(t *testing.T) {
				if got, closed := a.SendRaw(t, raw); got.Status != 413 || got.Body != tooLarge || !closed {
					t.Errorf("got %d %s, closed %v", got.Status, got.Body, closed)
				}
			})
		}
		for note, types := range map[string]string{"two types": "Content-Type: text/plain",
			"the same type twice": "Content-Type: application/json"} {
			t.Run("POST /auth/register 415 UNSUPPORTED_MEDIA_TYPE ("+note+")", func(t *testing.T) {
				if got, _ := a.SendRaw(t, post(types+"\r\nContent-Length: 2", "{}")); got.Status != 415 ||
					got.Words() != core.CodeUnsupportedMediaType {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
		}
		t.Run("POST /auth/register 201 (chunked)", func(t *testing.T) {
			document := `{"email": "chunked@example.org", "password": "` + harness.Password + `"}`
			raw := post("Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(document), document))
			if got, _ := a.SendRaw(t, raw); got.Status != 201 {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	})
}

func TestSeveralCredentials(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other := a.NewUser(t), a.NewUser(t)
		jwt, cookie, session := a.LogIn(t, "jwt", u), a.LogIn(t, "cookie", u), a.LogIn(t, "session", u)
		forged, ended := harness.Header("Authorization", "Bearer a.b.c"), a.LogIn(t, "cookie", u)
		a.Want(t, "POST /auth/cookie/logout 204", ended)
		foreign := harness.Header("Sec-Fetch-Site", "cross-site")

		a.Want(t, "GET /users/me 200 (invalid bearer, valid cookie)", forged, cookie)
		a.Want(t, "GET /users/me 200 (other scheme, valid cookie)", harness.Header("Authorization", "Basic eDp4"), cookie)
		a.Want(t, "GET /users/me 200 (ended cookie, valid JWT)", ended, jwt)
		a.Want(t, "GET /users/me 200 (ended cookie, valid session)", ended, session)
		a.Want(t, "GET /users/me 401 (invalid bearer, ended cookie)", forged, ended)
		a.Want(t, "GET /users/me 200 (of two users the first backend's)", a.LogIn(t, "jwt", other), cookie).WantUser(t, other)
		a.Want(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two bearers and a valid cookie)", forged, forged, cookie)
		a.Want(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two valid bearers)", jwt, session)
		a.Want(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two cookies, one ended)", cookie, ended)
		a.Want(t, "POST /auth/jwt/login 200 (where nobody is asked for, duplicates do not matter)", forged, forged,
			harness.LoginForm(u.Email, harness.Password))

		a.Want(t, "PATCH /users/me 403 CROSS_ORIGIN_REFUSED (a cookie from another site)", foreign, cookie,
			harness.JSON(`{}`))
		a.Want(t, "PATCH /users/me 403 CROSS_ORIGIN_REFUSED (with an invalid bearer)", foreign, forged, cookie,
			harness.JSON(`{}`))
		a.Want(t, "PATCH /users/me 200 (it does not spoil a valid JWT)", foreign, jwt, cookie, harness.JSON(`{}`))
		a.Want(t, "PATCH /users/me 200 (nor a valid session)", foreign, session, cookie, harness.JSON(`{}`))
		a.Want(t, "GET /users/me 200 (a link from another site)", foreign, cookie)
		a.Want(t, "DELETE /auth/sessions 403 CROSS_ORIGIN_REFUSED", harness.Row, foreign, cookie)

		a.Want(t, "GET /users/me 401 (a cookie's token as a bearer)", harness.Credential("session", a.Token(t, "cookie", u)))
		a.Want(t, "GET /users/me 401 (a bearer's token as a cookie)", harness.Credential("cookie", a.Token(t, "session", u)))
		a.Want(t, "GET /users/me 401 (a JWT as a cookie)", harness.Credential("cookie", a.Token(t, "jwt", u)))
	})
}

// Every route that asks who the caller is.
func TestTwoCredentialsOfOneKind(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t, harness.Superuser)
		tokens := map[string]harness.Option{}
		for _, backend := range harness.Backends {
			tokens[backend] = harness.Credential(backend, a.Token(t, backend, u))
		}
		token := tokens["session"]
		for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), harness.OAuthRoutes(a.Auth)) {
			own := token
			if len(e.Access) == 1 {
				own = tokens[e.Access[0].Backend]
			}
			if len(e.Access) > 0 {
				a.Want(t, e.Method+" "+e.Prefix+e.Pattern+" 400 DUPLICATE_CREDENTIALS", harness.Row, harness.PathID(u.ID),
					own, own, harness.VerifyBody("x"))
			}
		}
		a.Want(t, "GET /users/me 200", token)
	})
}

func TestTheCookieGuardsUnsafeMethodsOnly(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, target := a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser)), harness.PathID(a.NewUser(t).ID)
		for name, foreign := range harness.CrossOriginHeaders {
			a.Want(t, "PATCH /users/{id} 403 CROSS_ORIGIN_REFUSED ("+name+")",
				append(foreign, target, admin, harness.JSON(`{"is_superuser": true}`))...)
			a.Want(t, "DELETE /users/{id} 403 CROSS_ORIGIN_REFUSED ("+name+")", append(foreign, target, admin)...)
			a.Want(t, "GET /users/{id} 200 ("+name+")", append(foreign, target, admin)...)
			a.Want(t, "POST /auth/register 422 body.email missing, body.password missing (no cookie is needed, "+name+")",
				append(foreign, harness.JSON(`{}`))...)
		}
	})
}
