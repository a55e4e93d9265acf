package contract_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// wantChallenge checks the WWW-Authenticate lines of a 401.
func (a answer) wantChallenge(t *testing.T, want string) {
	t.Helper()
	if lines := a.header["Www-Authenticate"]; len(lines) != 1 || lines[0] != want {
		t.Errorf("the challenge is %q, want %q", lines, want)
	}
}

func TestAuthorization(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range []string{"jwt", "session"} {
			u := a.user(t)
			token := a.token(t, backend, u)
			line := func(value string) option { return header("Authorization", value) }
			for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
				a.row(t, "GET /users/me 200 ("+scheme+", "+backend+")", line(scheme+" "+token)).wantUser(t, u)
			}
			const none, invalid = "Bearer", `Bearer error="invalid_token"`
			a.row(t, "GET /users/me 401 (no credential)").wantChallenge(t, none)
			for _, scheme := range []string{"Basic", "Token", "Bearer2", "DPoP"} {
				a.row(t, "GET /users/me 401 ("+scheme+" is no credential)", line(scheme+" "+token)).wantChallenge(t, none)
			}
			for note, value := range map[string]string{
				"no token": "Bearer", "two spaces": "Bearer  " + token, "two tokens": "Bearer " + token + ", Bearer " + token,
				"something behind": "Bearer " + token + " x", "quoted": `Bearer "` + token + `"`, "one letter more": "Bearer " + token + "A",
				"one letter less": "Bearer " + token[:len(token)-1], "too long": "Bearer " + strings.Repeat("x", 9<<10), "padded": "Bearer " + token + "=",
			} {
				got := a.row(t, "GET /users/me 401 ("+note+", "+backend+")", line(value))
				if got.body != `{"detail":"Unauthorized"}` {
					t.Errorf("%s: got %s", note, got.body)
				}
			}
			a.row(t, "GET /users/me 401 (the cause is not told)", line("Bearer a.b.c")).wantChallenge(t, invalid)
			a.row(t, "GET /users/me 401 (a token in the URL is none)",
				query("access_token="+token+"&token="+token)).wantChallenge(t, none)
			a.row(t, "PATCH /users/me 401 (a token in the body is none)", form("access_token", token)).wantChallenge(t, none)
		}
	})
}

// wire sends raw bytes over a connection of its own and reads one answer.
// closed tells whether the server ends the connection.
func (a *app) wire(t *testing.T, raw string) (got answer, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(c, raw) }() // an early answer must not wait for the last byte
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}, resp.Close
}

func TestMalformedHeads(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		token, value := a.token(t, "session", a.user(t)), a.token(t, "cookie", a.user(t))
		const twice, refused, malformed = `400 {"detail":"DUPLICATE_CREDENTIALS"}`, `401 {"detail":"Unauthorized"}`, "400 "
		for note, r := range map[string]struct{ lines, want string }{
			"two Authorization lines":               {"Authorization: Bearer " + token + "\r\nAuthorization: Bearer " + token, twice},
			"two Authorization lines, one of Basic": {"Authorization: Bearer " + token + "\r\nauthorization: Basic eDp4", twice},
			"two Authorization lines and a cookie":  {"Cookie: " + cookieName + "=" + value + "\r\nAuthorization: x\r\nAuthorization: x", twice},
			"two cookies in one line":               {"Cookie: " + cookieName + "=" + value + "; " + cookieName + "=" + value, twice},
			"two cookies in two lines":              {"Cookie: " + cookieName + "=" + value + "\r\nCookie: a=b; " + cookieName + "=x", twice},
			"the cookie in other letter case":       {"Cookie: __host-latchkey=" + value, refused},
			"the cookie in quotes":                  {"Cookie: " + cookieName + `="` + value + `"`, refused},
			"the cookie percent-encoded":            {"Cookie: " + cookieName + "=%41" + value[1:], refused},
			"an empty cookie":                       {"Cookie: " + cookieName + "=", refused},
			"a folded line":                         {"Authorization: Bearer\r\n " + token[:10] + "\r\n " + token[10:], "40"}, // net/http unfolds it
			"a space before the colon":              {"Authorization : Bearer " + token, malformed},
			"a NUL in the token":                    {"Authorization: Bearer " + token[:10] + "\x00" + token[10:], malformed},
		} {
			t.Run("GET /users/me 400 or 401 ("+note+")", func(t *testing.T) {
				got, _ := a.wire(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\n"+r.lines+"\r\n\r\n")
				if s := fmt.Sprint(got.status, " ", got.body); !strings.HasPrefix(s, r.want) {
					t.Errorf("got %s, want %s", s, r.want)
				}
				for _, secret := range []string{token[:8], token[20:], value[:8]} {
					if strings.Contains(got.body, secret) {
						t.Errorf("the credential is sent back: %s", got.body)
					}
				}
			})
		}
		for note, lines := range map[string]string{
			"one Authorization line":    "Authorization: Bearer " + token,
			"white space around it":     "authorization: \t Bearer " + token + " \t",
			"the cookie beside others":  "Cookie: a=b;" + cookieName + "=" + value + " ; c=d",
			"the cookie in second line": "Cookie: a=b\r\nCookie: " + cookieName + "=" + value,
		} {
			t.Run("GET /users/me 200 ("+note+")", func(t *testing.T) {
				if got, _ := a.wire(t, "GET /users/me HTTP/1.1\r\nHost: app.example\r\n"+lines+"\r\n\r\n"); got.status != 200 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
	})
}

func TestMalformedBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
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
				if got, closed := a.wire(t, raw); got.status != 413 || got.body != tooLarge || !closed {
					t.Errorf("got %d %s, closed %v", got.status, got.body, closed)
				}
			})
		}
		for note, types := range map[string]string{"two types": "Content-Type: text/plain",
			"the same type twice": "Content-Type: application/json"} {
			t.Run("POST /auth/register 415 UNSUPPORTED_MEDIA_TYPE ("+note+")", func(t *testing.T) {
				if got, _ := a.wire(t, post(types+"\r\nContent-Length: 2", "{}")); got.status != 415 ||
					got.says() != core.CodeUnsupportedMediaType {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		t.Run("POST /auth/register 201 (chunked)", func(t *testing.T) {
			document := `{"email": "chunked@example.org", "password": "` + password + `"}`
			raw := post("Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(document), document))
			if got, _ := a.wire(t, raw); got.status != 201 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	})
}

func TestSeveralCredentials(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other := a.user(t), a.user(t)
		jwt, cookie, session := a.login(t, "jwt", u), a.login(t, "cookie", u), a.login(t, "session", u)
		forged, ended := header("Authorization", "Bearer a.b.c"), a.login(t, "cookie", u)
		a.want(t, "POST /auth/cookie/logout 204", ended)
		foreign := header("Sec-Fetch-Site", "cross-site")

		a.row(t, "GET /users/me 200 (invalid bearer, valid cookie)", forged, cookie)
		a.row(t, "GET /users/me 200 (other scheme, valid cookie)", header("Authorization", "Basic eDp4"), cookie)
		a.row(t, "GET /users/me 200 (ended cookie, valid JWT)", ended, jwt)
		a.row(t, "GET /users/me 200 (ended cookie, valid session)", ended, session)
		a.row(t, "GET /users/me 401 (invalid bearer, ended cookie)", forged, ended)
		a.row(t, "GET /users/me 200 (of two users the first backend's)", a.login(t, "jwt", other), cookie).wantUser(t, other)
		a.row(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two bearers and a valid cookie)", forged, forged, cookie)
		a.row(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two valid bearers)", jwt, session)
		a.row(t, "GET /users/me 400 DUPLICATE_CREDENTIALS (two cookies, one ended)", cookie, ended)
		a.row(t, "POST /auth/jwt/login 200 (where nobody is asked for, duplicates do not matter)",
			forged, forged, form("username", u.Email, "password", password))

		a.row(t, "PATCH /users/me 403 CROSS_ORIGIN_REFUSED (a cookie from another site)", foreign, cookie, text(`{}`))
		a.row(t, "PATCH /users/me 403 CROSS_ORIGIN_REFUSED (with an invalid bearer)", foreign, forged, cookie, text(`{}`))
		a.row(t, "PATCH /users/me 200 (it does not spoil a valid JWT)", foreign, jwt, cookie, text(`{}`))
		a.row(t, "PATCH /users/me 200 (nor a valid session)", foreign, session, cookie, text(`{}`))
		a.row(t, "GET /users/me 200 (a link from another site)", foreign, cookie)
		a.row(t, "DELETE /auth/sessions 403 CROSS_ORIGIN_REFUSED", foreign, cookie)

		a.row(t, "GET /users/me 401 (a cookie's token as a bearer)", credential("session", a.token(t, "cookie", u)))
		a.row(t, "GET /users/me 401 (a bearer's token as a cookie)", credential("cookie", a.token(t, "session", u)))
		a.row(t, "GET /users/me 401 (a JWT as a cookie)", credential("cookie", a.token(t, "jwt", u)))
	})
}

func TestTheCookieGuardsUnsafeMethodsOnly(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin, target := a.login(t, "cookie", a.user(t, superuser)), id(a.user(t).ID)
		for name, foreign := range crossOrigin {
			a.row(t, "PATCH /users/{id} 403 CROSS_ORIGIN_REFUSED ("+name+")",
				append(foreign, target, admin, text(`{"is_superuser": true}`))...)
			a.row(t, "DELETE /users/{id} 403 CROSS_ORIGIN_REFUSED ("+name+")", append(foreign, target, admin)...)
			a.row(t, "GET /users/{id} 200 ("+name+")", append(foreign, target, admin)...)
			a.row(t, "POST /auth/register 422 body.email missing, body.password missing (no cookie is needed, "+name+")",
				append(foreign, text(`{}`))...)
		}
	})
}
