package attacks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// asAdmin is what every reader needs: a superuser's credential and the user to
// change.
func asAdmin(t *testing.T, a *harness.App) (admin []harness.Option, target *harness.Account) {
	t.Helper()
	target = a.NewUser(t)
	return []harness.Option{a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser)), harness.PathID(target.ID)}, target
}

// wantUnchanged runs attacks and checks that they left no trace in the stores.
func wantUnchanged(t *testing.T, a *harness.App, attacks func()) {
	t.Helper()
	before := a.StoredState(t)
	attacks()
	if after := a.StoredState(t); after != before {
		t.Errorf("the stores changed from\n%s to\n%s", before, after)
	}
}

func TestAttackBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, _ := asAdmin(t, a)
		with := func(o harness.Option) []harness.Option { return append(admin[:2:2], o) }
		valid := `"username": "p@example.org", "email": "p@example.org", "password": "` + harness.Password +
			`", "token": "x", "full_name": "P"`
		wantUnchanged(t, a, func() {
			for _, route := range readers {
				tooLarge, unsupported := route+" 413 BODY_TOO_LARGE", route+" 415 UNSUPPORTED_MEDIA_TYPE"
				a.Want(t, tooLarge, harness.Case("P01 over 64 KiB, "+route),
					harness.All(with(harness.JSON(`{`+valid+`, "x": "`+strings.Repeat("x", core.MaxBody)+`"}`))...))
				a.Want(t, tooLarge, harness.Case("P01 over 64 KiB of spaces, "+route),
					harness.All(with(harness.JSON(`{`+valid+`}`+strings.Repeat(" ", core.MaxBody)))...))
				for _, contentType := range []string{"text/plain", "", "text/plain; application/json", "application/jsonx",
					"text/html", "application/json, text/plain", "*/*", "application/xml"} {
					a.Want(t, unsupported, harness.Case("P02 "+contentType+", "+route),
						harness.All(with(harness.Body(contentType, `{`+valid+`}`))...))
				}
				a.Want(t, unsupported, harness.Case("P02 two types, "+route), harness.All(with(func(r *http.Request) {
					harness.JSON(`{` + valid + `}`)(r)
					r.Header.Add("Content-Type", "text/plain")
				})...))
				deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
				a.Want(t, route+" 422 body.# json_invalid", harness.Case("P05 nested 10,000 deep, "+route),
					harness.All(with(harness.JSON(`{`+valid+`, "x": `+deep+`}`))...))
				a.Want(t, route+" 422 body.# json_invalid", harness.Case("P05 a list nested 30,000 deep, "+route),
					harness.All(with(harness.JSON(strings.Repeat("[", 30_000)))...))
				a.Want(t, tooLarge, harness.Case("P05 nested 100,000 deep, "+route),
					harness.All(with(harness.JSON(strings.Repeat("[", 100_000)))...))
				t.Run("P05 10^6 members, "+route, func(t *testing.T) {
					method, path, _ := strings.Cut(strings.TrimSpace(route), " ")
					got := a.TrySend(t.Context(), method, path,
						with(harness.JSON(`{`+strings.Repeat(`"a":1,`, 1_000_000)+`"b":1}`))...)
					if got.Status != 413 && got.Status != 0 { // a server may hang up while the client still sends
						t.Errorf("got %d %s", got.Status, got.Body)
					}
				})
			}
		})
		var many strings.Builder
		for i := range 4000 {
			fmt.Fprintf(&many, `"x%d": 1, `, i)
		}
		a.Want(t, registerRoute+"201 (twin, with 4,000 unknown members)", harness.JSON(`{`+many.String()+valid+`}`))
	})
}

// What a proxy unpacks is not what a route reads: nothing is unpacked, and
// nothing that is packed is read.
func TestAttackP19ContentEncoding(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		admin, _ := asAdmin(t, a)
		const document = `{"username": "p19@example.org", "email": "p19@example.org", "password": "` + harness.Password +
			`", "token": "x", "full_name": "P", "code": "x"}`
		wantUnchanged(t, a, func() {
			for _, lines := range [][]string{
				{"gzip"}, {"GZip"}, {"deflate"}, {"br"}, {"zstd"}, {"identity, gzip"}, {"identity", "gzip"}, {"x"},
			} {
				coded := func(r *http.Request) { r.Header["Content-Encoding"] = lines }
				for _, route := range append([]string{"POST /auth/jwt/exchange"}, readers...) {
					a.Want(t, route+" 415 UNSUPPORTED_MEDIA_TYPE", harness.Case(fmt.Sprintf("P19 %q, %s", lines, route)),
						admin[0], admin[1], harness.JSON(document), coded)
				}
				for _, route := range []string{"/auth/jwt/login", harness.AcmeByJWT + "/callback"} {
					a.Want(t, "POST "+route+" 415 UNSUPPORTED_MEDIA_TYPE",
						harness.Case(fmt.Sprintf("P19 a form, %q, %s", lines, route)),
						harness.Form("username", "x", "password", "x", "state", "x", "code", "x"), coded)
				}
			}
		})
		for _, lines := range [][]string{{"identity"}, {"Identity"}, {"identity, identity"}, {"identity", "identity"}, {""}} {
			a.Want(t, "PATCH /users/me 200", harness.Case(fmt.Sprintf("P19 twin %q", lines)), admin[0], harness.JSON(`{}`),
				func(r *http.Request) { r.Header["Content-Encoding"] = lines })
		}
		a.Want(t, "POST /auth/cookie/logout 204", harness.Case("P19 twin: a route that reads no body"), admin[0],
			harness.Header("Content-Encoding", "gzip"))
	})
}

// A page's form has fields that are not for the route.
func TestAttackP20FormFields(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t)
		right := "username=" + url.QueryEscape(u.Email) + "&password=" + url.QueryEscape(harness.Password)
		const formType, login = "application/x-www-form-urlencoded", "POST /auth/jwt/login "
		for name, more := range map[string]string{
			"twice": "remember=0&remember=1", "not UTF-8": "city=%ff", "raw bytes": "city=\xff\xfe", "a NUL": "a=%00&%00=a", "no escape": "a=%zz&%=1",
			"of OAuth, twice": "scope=a&scope=b&client_id=&client_id=", "without a name": "=a&=b&&", "almost ours": "Username=x&password%00=x&username+=x",
		} {
			a.Want(t, login+"200", harness.Case("P20 twin: a field that nobody reads, "+name),
				harness.Body(formType, more+"&"+right))
			v := a.Authorize(t, harness.AcmeByJWT, "")
			_, query, _ := strings.Cut(harness.CallbackPath(v.Group, v.State, harness.Identity("id-p20-"+name, "")), "?")
			got := a.Send(t, "POST", v.Group+"/callback", harness.Body(formType, query+"&"+more), v.Browser)
			t.Run("P20 twin: form_post, "+name, func(t *testing.T) {
				if got.Status != 303 {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
		}
		for _, field := range []string{"username", "password"} {
			for name, value := range map[string]string{
				"twice": "x&" + field + "=x", "twice, escaped": "x&%" + fmt.Sprintf("%x", field[0]) + field[1:] + "=x", "not UTF-8": "%ff", "a NUL": "%00",
				"no escape": "%zz",
			} {
				other := map[string]string{"username": "password", "password": "username"}[field]
				a.Want(t, login+"422 body."+field+" value_error", harness.Case("P20 "+field+" "+name),
					harness.Body(formType, other+"=x&"+field+"="+value))
			}
		}
		v := a.Authorize(t, harness.AcmeByJWT, "")
		for _, field := range []string{"state", "code"} {
			a.Want(t, "POST "+v.Group+"/callback 422 body."+field+" value_error", harness.Case("P20 form_post, "+field+" twice"),
				harness.Form("state", v.State, "code", "x", field, "x"), v.Browser)
		}
	})
}

func TestAttackP01Endless(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		target, token := a.NewUser(t).ID, a.Token(t, "session", a.NewUser(t, harness.Superuser))
		for _, route := range readers {
			for name, rest := range map[string]string{
				"chunks without an end":      "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n", 17),
				"a length of many gigabytes": "Content-Length: 99999999999\r\n\r\n" + strings.Repeat(" ", core.MaxBody+1),
			} {
				t.Run("P01 "+name+", "+route, func(t *testing.T) {
					got, closed := a.SendRaw(t, strings.Replace(route, "{id}", target, 1)+
						" HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer "+token+
						"\r\nContent-Type: application/json\r\n"+rest)
					if got.Status != 413 || got.Words() != core.CodeBodyTooLarge || !closed {
						t.Errorf("got %d %s, closed %v", got.Status, got.Body, closed)
					}
				})
			}
		}
		a.Want(t, registerRoute+"201 (twin)", registration("p01@example.org"))
	})
}

func TestAttackForms(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		right := "username=" + url.QueryEscape(u.Email) + "&password=" + url.QueryEscape(harness.Password)
		const formType = "application/x-www-form-urlencoded"
		var named strings.Builder
		for i := range 101 {
			fmt.Fprintf(&named, "&f%d=x", i)
		}
		part := "--b\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
		multipart := func(parts ...string) harness.Option {
			return harness.Body("multipart/form-data; boundary=b", strings.Join(parts, "")+"--b--\r\n")
		}
		field := func(name, value string) string { return fmt.Sprintf(part, name, "", value) }
		login := "POST /auth/jwt/login "
		t.Run("P14 10^6 fields", func(t *testing.T) {
			got := a.TrySend(t.Context(), "POST", "/auth/jwt/login",
				harness.Body(formType, right+strings.Repeat("&a=b", 1_000_000)))
			if got.Status != 413 && got.Status != 0 { // a server may hang up while the client still sends
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
		a.Want(t, login+"413 BODY_TOO_LARGE", harness.Case("P14 101 fields more"),
			harness.Body(formType, right+named.String()))
		a.Want(t, login+"200", harness.Case("P14 twin: a field that nobody reads, 15,000 times"),
			harness.Body(formType, right+strings.Repeat("&a=b", 15_000)))
		a.Want(t, login+"422 body.password value_error", harness.Case("P14 a file"),
			multipart(field("username", u.Email), fmt.Sprintf(part, "password", `; filename="x"`, harness.Password)))
		a.Want(t, login+"413 BODY_TOO_LARGE", harness.Case("P14 500 parts"), multipart(numbered(500, field)...))
		a.Want(t, login+"422 body value_error", harness.Case("P14 without an end"),
			harness.Body("multipart/form-data; boundary=b", field("username", u.Email)))
		a.Want(t, login+"422 body value_error", harness.Case("P14 without a boundary"),
			harness.Body("multipart/form-data", field("username", u.Email)))
		a.Want(t, login+"422 body value_error", harness.Case("P14 a boundary of 10 kB"),
			harness.Body("multipart/form-data; boundary="+strings.Repeat("b", 10_000), "x"))
		a.Want(t, login+"422 body.username missing, body.password missing", harness.Case("P14 a head of 60 kB"),
			multipart("--b\r\nX: "+strings.Repeat("x", 60_000)+"\r\n\r\n\r\n"))
		a.Want(t, login+"422 body.username missing, body.password missing", harness.Case("P14 nested"),
			multipart("--b\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"+
				strings.ReplaceAll(field("username", u.Email)+field("password", harness.Password), "--b", "--c")+"--c--\r\n"))
		for _, route := range readers[8:] {
			a.Want(t, route+" 415 UNSUPPORTED_MEDIA_TYPE", harness.Case("P14 no form, "+route),
				a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser)), harness.PathID(u.ID), multipart(field("email", "x")))
		}
		a.Want(t, login+"200 (twin)", multipart(field("username", u.Email), field("password", harness.Password)))
		a.Want(t, login+"200 (twin)", harness.Body(formType, right))
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
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, _ := asAdmin(t, a)
		wantUnchanged(t, a, func() {
			for _, value := range []string{`1`, `-0`, `2`, `1e400`, `[]`, `["x"]`, `[true]`, `{}`, `{"$ne": null}`, `[[[]]]`} {
				t.Run("P04 "+value, func(t *testing.T) {
					for _, route := range readers {
						for member := range strings.FieldsSeq(reads[route]) {
							if strings.HasPrefix(member, "is_") && (value == "1" || value == "-0") {
								continue // booleans, as pydantic has it
							}
							valid := harness.Object{"username": "p04@example.org", "email": "p04@example.org", "password": harness.Password,
								"token":     "x",
								"full_name": "x"}
							delete(valid, member)
							document := strings.TrimSuffix(toJSON(t, valid), "}") + `, "` + member + `": ` + value + `}`
							if got := a.Want(t, route+" <500", append(admin[:2:2], harness.JSON(document))...); got.Status != 422 {
								t.Errorf("%s with %s: %d %s", route, document, got.Status, got.Body)
							}
						}
					}
				})
			}
		})
	})
}

func TestAttackP10Authorization(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, backend := range []string{"jwt", "session"} {
			token := a.Token(t, backend, u)
			lines := func(lines ...string) harness.Option {
				return func(r *http.Request) { r.Header["Authorization"] = lines }
			}
			const twice, refused = "GET /users/me 400 DUPLICATE_CREDENTIALS", "GET /users/me 401"
			a.Want(t, twice, harness.Case("P10 two lines, "+backend), lines("Bearer "+token, "Bearer "+token))
			a.Want(t, twice, harness.Case("P10 two lines, one of another scheme, "+backend),
				lines("Basic eDp4", "Bearer "+token))
			a.Want(t, twice, harness.Case("P10 two lines, one empty, "+backend), lines("", "Bearer "+token))
			for name, line := range map[string]string{
				"joined by a comma": "Bearer " + token + ", Bearer " + token, "joined with another scheme": "Basic eDp4, Bearer " + token,
				"two spaces": "Bearer  " + token, "a tab": "Bearer\t" + token, "no space": "Bearer" + token, "a colon": "Bearer:" + token, "no scheme": token,
				"a parameter": "Bearer token=" + token, "quoted": `Bearer "` + token + `"`, "something behind": "Bearer " + token + " x",
			} {
				a.Want(t, refused, harness.Case("P10 "+name+", "+backend), lines(line))
			}
			for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
				a.Want(t, "GET /users/me 200 (twin, "+scheme+")", lines(scheme+" "+token)).WantUser(t, u)
			}
		}
	})
}

func TestAttackP11TwoUsers(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		one, other := a.NewUser(t), a.NewUser(t)
		a.Want(t, "GET /users/me 200",
			harness.Case("P11 a bearer and a cookie of two users: the first backend that vouches wins"), a.LogIn(t, "jwt", one),
			a.LogIn(t, "cookie", other)).WantUser(t, one)
		a.Want(t, "GET /users/me 200",
			harness.Case("P11 a cookie and a session of two users: the cookie's backend comes first"), a.LogIn(t, "cookie", one),
			a.LogIn(t, "session", other)).WantUser(t, one)
		a.Want(t, "PATCH /users/me 200", harness.Case("P11 the answer is about one of them"), a.LogIn(t, "jwt", one),
			a.LogIn(t, "cookie", other), harness.JSON(`{"full_name": "P11"}`))
		a.Want(t, "GET /users/me 200 (twin, the other is as before)", a.LogIn(t, "cookie", other)).WantUser(t, other)
		mine, theirs := a.LogIn(t, "jwt", one), a.LogIn(t, "cookie", other)
		a.Want(t, "POST /auth/cookie/logout 204", harness.Case("P11 a logout ends what vouched, and nothing else"), mine,
			theirs)
		a.Want(t, "GET /users/me 401", mine)
		a.Want(t, "GET /users/me 200 (twin)", theirs).WantUser(t, other)
	})
}

func TestAttackP13Methods(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, target := asAdmin(t, a)
		wantUnchanged(t, a, func() {
			for _, route := range append([]string{"POST /auth/cookie/logout", "DELETE /users/{id}", "DELETE /auth/sessions"},
				readers...) {
				_, path, _ := strings.Cut(route, " ")
				for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "post", "Post", "FOO"} {
					if method == "HEAD" && (strings.HasPrefix(path, "/users") || path == "/auth/sessions") {
						continue // answers as GET does
					}
					t.Run("P13 "+method+" "+path, func(t *testing.T) {
						got := a.Send(t, method, path,
							append(admin[:2:2], harness.JSON(`{"full_name": "P13", "is_active": false, "password": "`+harness.OtherPassword+
								`"}`))...)
						// gin knows no routes of
						// methods that are none
						if got.Status != 405 && got.Status != 400 && got.Status != 501 && got.Status != 404 {
							t.Errorf("got %d %s", got.Status, got.Body)
						}
					})
				}
			}
			for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
				for _, route := range []string{"GET /users/{id}", "HEAD /users/{id}", "GET /auth/sessions"} {
					for _, method := range []string{"DELETE", "PATCH", "POST"} {
						a.Want(t, route+" 200", harness.Case("P13 "+route+" with "+name+": "+method),
							harness.All(append(admin[:2:2], harness.Header(name, method), harness.Query("_method="+method))...))
					}
				}
			}
		})
		a.Want(t, "DELETE /users/{id} 204 (twin)", admin[0], harness.PathID(target.ID))
	})
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
