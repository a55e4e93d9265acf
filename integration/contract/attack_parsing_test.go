package contract_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// asAdmin is what every reader needs: a superuser's credential and the user to
// change.
func (a *app) asAdmin(t *testing.T) (admin []option, target *Account) {
	t.Helper()
	target = a.user(t)
	return []option{a.login(t, "cookie", a.user(t, superuser)), id(target.ID)}, target
}

// wantUnchanged runs attacks and checks that they left no trace in the stores.
func (a *app) wantUnchanged(t *testing.T, attacks func()) {
	t.Helper()
	before := a.state(t)
	attacks()
	if after := a.state(t); after != before {
		t.Errorf("the stores changed from\n%s to\n%s", before, after)
	}
}

func TestAttackBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin, _ := a.asAdmin(t)
		with := func(o option) []option { return append(admin[:2:2], o) }
		valid := `"username": "p@example.org", "email": "p@example.org", "password": "` + password +
			`", "token": "x", "full_name": "P"`
		a.wantUnchanged(t, func() {
			for _, route := range readers {
				tooLarge, unsupported := route+" 413 BODY_TOO_LARGE", route+" 415 UNSUPPORTED_MEDIA_TYPE"
				a.attack(t, "P01 over 64 KiB, "+route, tooLarge,
					with(text(`{`+valid+`, "x": "`+strings.Repeat("x", core.MaxBody)+`"}`))...)
				a.attack(t, "P01 over 64 KiB of spaces, "+route, tooLarge,
					with(text(`{`+valid+`}`+strings.Repeat(" ", core.MaxBody)))...)
				for _, contentType := range []string{"text/plain", "", "text/plain; application/json", "application/jsonx",
					"text/html", "application/json, text/plain", "*/*", "application/xml"} {
					a.attack(t, "P02 "+contentType+", "+route, unsupported, with(body(contentType, `{`+valid+`}`))...)
				}
				a.attack(t, "P02 two types, "+route, unsupported, with(func(r *http.Request) {
					text(`{` + valid + `}`)(r)
					r.Header.Add("Content-Type", "text/plain")
				})...)
				deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
				a.attack(t, "P05 nested 10,000 deep, "+route, route+" 422 body.# json_invalid",
					with(text(`{`+valid+`, "x": `+deep+`}`))...)
				a.attack(t, "P05 a list nested 30,000 deep, "+route, route+" 422 body.# json_invalid",
					with(text(strings.Repeat("[", 30_000)))...)
				a.attack(t, "P05 nested 100,000 deep, "+route, tooLarge, with(text(strings.Repeat("[", 100_000)))...)
				t.Run("P05 10^6 members, "+route, func(t *testing.T) {
					method, path, _ := strings.Cut(strings.TrimSpace(route), " ")
					got := a.exchange(t.Context(), method, path, with(text(`{`+strings.Repeat(`"a":1,`, 1_000_000)+`"b":1}`))...)
					if got.status != 413 && got.status != 0 { // a server may hang up while the client still sends
						t.Errorf("got %d %s", got.status, got.body)
					}
				})
			}
		})
		var many strings.Builder
		for i := range 4000 {
			fmt.Fprintf(&many, `"x%d": 1, `, i)
		}
		a.want(t, registerRoute+"201 (twin, with 4,000 unknown members)", text(`{`+many.String()+valid+`}`))
	})
}

func TestAttackP01Endless(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		target, token := a.user(t).ID, a.token(t, "session", a.user(t, superuser))
		for _, route := range readers {
			for name, rest := range map[string]string{
				"chunks without an end":      "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n", 17),
				"a length of many gigabytes": "Content-Length: 99999999999\r\n\r\n" + strings.Repeat(" ", core.MaxBody+1),
			} {
				t.Run("P01 "+name+", "+route, func(t *testing.T) {
					got, closed := a.wire(t, strings.Replace(route, "{id}", target, 1)+
						" HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer "+token+
						"\r\nContent-Type: application/json\r\n"+rest)
					if got.status != 413 || got.says() != core.CodeBodyTooLarge || !closed {
						t.Errorf("got %d %s, closed %v", got.status, got.body, closed)
					}
				})
			}
		}
		a.want(t, registerRoute+"201 (twin)", registration("p01@example.org"))
	})
}

func TestAttackForms(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		right := "username=" + url.QueryEscape(u.Email) + "&password=" + url.QueryEscape(password)
		const formType = "application/x-www-form-urlencoded"
		var named strings.Builder
		for i := range 101 {
			fmt.Fprintf(&named, "&f%d=x", i)
		}
		part := "--b\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
		multipart := func(parts ...string) option {
			return body("multipart/form-data; boundary=b", strings.Join(parts, "")+"--b--\r\n")
		}
		field := func(name, value string) string { return fmt.Sprintf(part, name, "", value) }
		login := "POST /auth/jwt/login "
		t.Run("P14 10^6 fields", func(t *testing.T) {
			got := a.exchange(t.Context(), "POST", "/auth/jwt/login", body(formType, right+strings.Repeat("&a=b", 1_000_000)))
			if got.status != 413 && got.status != 0 { // a server may hang up while the client still sends
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
		a.attack(t, "P14 101 fields more", login+"413 BODY_TOO_LARGE", body(formType, right+named.String()))
		a.attack(t, "P14 a field 15,000 times", login+"422 body.a value_error",
			body(formType, right+strings.Repeat("&a=b", 15_000)))
		a.attack(t, "P14 a file", login+"422 body value_error",
			multipart(field("username", u.Email), fmt.Sprintf(part, "password", `; filename="x"`, password)))
		a.attack(t, "P14 500 parts", login+"413 BODY_TOO_LARGE", multipart(numbered(500, field)...))
		a.attack(t, "P14 without an end", login+"422 body value_error",
			body("multipart/form-data; boundary=b", field("username", u.Email)))
		a.attack(t, "P14 without a boundary", login+"422 body value_error",
			body("multipart/form-data", field("username", u.Email)))
		a.attack(t, "P14 a boundary of 10 kB", login+"422 body value_error",
			body("multipart/form-data; boundary="+strings.Repeat("b", 10_000), "x"))
		a.attack(t, "P14 a head of 60 kB", login+"422 body.username missing, body.password missing",
			multipart("--b\r\nX: "+strings.Repeat("x", 60_000)+"\r\n\r\n\r\n"))
		a.attack(t, "P14 nested", login+"422 body.username missing, body.password missing",
			multipart("--b\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"+
				strings.ReplaceAll(field("username", u.Email)+field("password", password), "--b", "--c")+"--c--\r\n"))
		for _, route := range readers[3:] {
			a.attack(t, "P14 no form, "+route, route+" 415 UNSUPPORTED_MEDIA_TYPE", a.login(t, "jwt", a.user(t, superuser)),
				id(u.ID), multipart(field("email", "x")))
		}
		a.want(t, login+"200 (twin)", multipart(field("username", u.Email), field("password", password)))
		a.want(t, login+"200 (twin)", body(formType, right))
	})
}

// numbered are n fields of different names.
func numbered(n int, field func(name, value string) string) []string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = field(fmt.Sprint("f", i), "x")
	}
	return fields
}

// reads are the members that the readers look at.
var reads = map[string]string{
	"POST /auth/jwt/login": "username password grant_type", "POST /auth/cookie/login": "username password", "POST /auth/session/login": "username password",
	"POST /auth/register": "email password full_name", "POST /auth/forgot-password": "email", "POST /auth/request-verify-token": "email",
	"POST /auth/reset-password": "token password", "POST /auth/verify": "token", "PATCH /users/me": "email password full_name",
	"PATCH /users/{id}": "email password full_name is_active is_superuser is_verified",
}

func TestAttackP04WrongTypes(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin, _ := a.asAdmin(t)
		a.wantUnchanged(t, func() {
			for _, value := range []string{`1`, `-0`, `1e400`, `[]`, `["x"]`, `[true]`, `{}`, `{"$ne": null}`, `[[[]]]`} {
				t.Run("P04 "+value, func(t *testing.T) {
					for _, route := range readers {
						for member := range strings.FieldsSeq(reads[route]) {
							valid := object{"username": "p04@example.org", "email": "p04@example.org", "password": password, "token": "x",
								"full_name": "x"}
							delete(valid, member)
							document := strings.TrimSuffix(toJSON(t, valid), "}") + `, "` + member + `": ` + value + `}`
							if got := a.to(t, route, append(admin[:2:2], text(document))...); got.status != 422 {
								t.Errorf("%s with %s: %d %s", route, document, got.status, got.body)
							}
						}
					}
				})
			}
		})
	})
}

func TestAttackP10Authorization(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range []string{"jwt", "session"} {
			token := a.token(t, backend, u)
			lines := func(lines ...string) option {
				return func(r *http.Request) { r.Header["Authorization"] = lines }
			}
			const twice, refused = "GET /users/me 400 DUPLICATE_CREDENTIALS", "GET /users/me 401"
			a.attack(t, "P10 two lines, "+backend, twice, lines("Bearer "+token, "Bearer "+token))
			a.attack(t, "P10 two lines, one of another scheme, "+backend, twice, lines("Basic eDp4", "Bearer "+token))
			a.attack(t, "P10 two lines, one empty, "+backend, twice, lines("", "Bearer "+token))
			for name, line := range map[string]string{
				"joined by a comma": "Bearer " + token + ", Bearer " + token, "joined with another scheme": "Basic eDp4, Bearer " + token,
				"two spaces": "Bearer  " + token, "a tab": "Bearer\t" + token, "no space": "Bearer" + token, "a colon": "Bearer:" + token, "no scheme": token,
				"a parameter": "Bearer token=" + token, "quoted": `Bearer "` + token + `"`, "something behind": "Bearer " + token + " x",
			} {
				a.attack(t, "P10 "+name+", "+backend, refused, lines(line))
			}
			for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
				a.want(t, "GET /users/me 200 (twin, "+scheme+")", lines(scheme+" "+token)).wantUser(t, u)
			}
		}
	})
}

func TestAttackP11TwoUsers(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		one, other := a.user(t), a.user(t)
		a.attack(t, "P11 a bearer and a cookie of two users: the first backend that vouches wins", "GET /users/me 200",
			a.login(t, "jwt", one), a.login(t, "cookie", other)).wantUser(t, one)
		a.attack(t, "P11 a cookie and a session of two users: the cookie's backend comes first", "GET /users/me 200",
			a.login(t, "cookie", one), a.login(t, "session", other)).wantUser(t, one)
		a.attack(t, "P11 the answer is about one of them", "PATCH /users/me 200",
			a.login(t, "jwt", one), a.login(t, "cookie", other), text(`{"full_name": "P11"}`))
		a.want(t, "GET /users/me 200 (twin, the other is as before)", a.login(t, "cookie", other)).wantUser(t, other)
		mine, theirs := a.login(t, "jwt", one), a.login(t, "cookie", other)
		a.attack(t, "P11 a logout ends what vouched, and nothing else", "POST /auth/cookie/logout 204", mine, theirs)
		a.want(t, "GET /users/me 401", mine)
		a.want(t, "GET /users/me 200 (twin)", theirs).wantUser(t, other)
	})
}

func TestAttackP13Methods(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin, target := a.asAdmin(t)
		a.wantUnchanged(t, func() {
			for _, route := range append([]string{"POST /auth/cookie/logout", "DELETE /users/{id}", "DELETE /auth/sessions"},
				readers...) {
				_, path, _ := strings.Cut(route, " ")
				for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "post", "Post", "FOO"} {
					if method == "HEAD" && (strings.HasPrefix(path, "/users") || path == "/auth/sessions") {
						continue // answers as GET does
					}
					t.Run("P13 "+method+" "+path, func(t *testing.T) {
						got := a.send(t, method, path,
							append(admin[:2:2], text(`{"full_name": "P13", "is_active": false, "password": "`+another+`"}`))...)
						// gin knows no routes of
						// methods that are none
						if got.status != 405 && got.status != 400 && got.status != 501 && got.status != 404 {
							t.Errorf("got %d %s", got.status, got.body)
						}
					})
				}
			}
			for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
				for _, route := range []string{"GET /users/{id}", "HEAD /users/{id}", "GET /auth/sessions"} {
					for _, method := range []string{"DELETE", "PATCH", "POST"} {
						a.attack(t, "P13 "+route+" with "+name+": "+method, route+" 200",
							append(admin[:2:2], header(name, method), query("_method="+method))...)
					}
				}
			}
		})
		a.want(t, "DELETE /users/{id} 204 (twin)", admin[0], id(target.ID))
	})
}
