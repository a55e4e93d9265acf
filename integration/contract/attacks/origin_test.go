package attacks_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

const crossOriginRefused = " 403 CROSS_ORIGIN_REFUSED"

// unsafe are the routes that change something for the one who is logged in by
// the cookie, with a body that would do it.
var unsafe = map[string]harness.Option{
	"POST /auth/cookie/logout": nil, "POST /auth/jwt/logout": nil, "DELETE /auth/sessions": nil, "DELETE /auth/sessions/{id}": nil, "DELETE /users/{id}": nil,
	"POST /users/{id}/suspend": harness.JSON(`{"reason": "forged"}`), "DELETE /users/{id}/suspend": nil,
	"POST /users/{id}/reset-password": nil, "DELETE /users/{id}/sessions": nil, "DELETE /users/{id}/sessions/{session}": nil,
	"PATCH /users/me": harness.JSON(`{"full_name": "forged"}`), "PATCH /users/{id}": harness.JSON(`{"is_superuser": true}`),
}

func TestAttackC01ForeignForms(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, u := asAdmin(t, a)
		foreign := func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}
		const document = `{"email": "c01@example.org", "username": "c01@example.org", "password": "x", "full_name": "forged", "token": "x", "x": "="}`
		wantUnchanged(t, a, func() {
			for _, form := range []harness.Option{
				harness.Body("text/plain", document), harness.Body("application/x-www-form-urlencoded", document),
				harness.Multipart(document, "x"),
				harness.Body("", document),
			} {
				for _, route := range readers {
					t.Run("C01 a form of another site, "+route, func(t *testing.T) {
						if got := a.Want(t, route+" <500", append(admin[:2:2], form, foreign)...); got.Status != 403 &&
							got.Status != 415 &&
							(got.Status != 422 || strings.HasPrefix(route, "PATCH")) {
							t.Errorf("got %d %s", got.Status, got.Body)
						}
					})
				}
			}
			for route, forge := range unsafe {
				for name, foreign := range harness.CrossOriginHeaders {
					with := append(append(admin[:2:2], foreign...), func(r *http.Request) {
						if forge != nil {
							forge(r)
						}
					})
					a.Want(t, route+crossOriginRefused, harness.Case("C02 "+name+", "+route), harness.All(with...))
				}
			}
			for name, foreign := range harness.CrossOriginHeaders {
				right := harness.LoginForm(u.Email, harness.Password)
				a.Want(t, "POST /auth/cookie/login"+crossOriginRefused, harness.Case("C05 login from another site, "+name),
					harness.All(append(foreign, right)...))
				a.Want(t, "POST /auth/cookie/logout"+crossOriginRefused, harness.Case("C05 logout from another site, "+name),
					harness.All(append(foreign, admin[0])...))
			}
			a.Want(t, "PATCH /users/me 200",
				harness.Case("C04 a Referer alone is not looked at: the client is no browser of today"), admin[0],
				harness.Header("Referer", "https://evil.example/"), harness.JSON(`{}`))
			a.Want(t, "PATCH /users/me"+crossOriginRefused, harness.Case("C04 a Referer of ours does not help"), admin[0],
				harness.Header("Referer", a.URL), harness.Header("Origin", "https://evil.example"), harness.JSON(`{}`))
		})
		for name, own := range harness.SameOriginHeaders {
			a.Want(t, "PATCH /users/me 200 (twin, "+name+")", admin[0], own(strings.TrimPrefix(a.URL, "http://")),
				harness.JSON(`{"full_name": "Own"}`))
		}
	})
}

func TestAttackOrigins(t *testing.T) {
	const sibling = "https://www.example.org"
	harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
		transport, err := cookie.New(cookie.Options{Now: a.Now, TrustedOrigins: []string{sibling}})
		if err != nil {
			t.Error(err)
		}
		o.Backends[1].Transport = transport
	}, func(t *testing.T, a *harness.App) {
		mine := a.LogIn(t, "cookie", a.NewUser(t))
		to := func(host string) harness.Option { return func(r *http.Request) { r.Host = host } }
		line := "PATCH /users/me" + crossOriginRefused
		for name, origin := range map[string]string{
			"C02 another port": "https://app.example.org:8443", "C02 null": "null", "C02 another scheme": "ftp://app.example.org", "C02 a sibling": "https://api.example.org",
			"C08 mixed case": "https://App.Example.org", "C08 mixed case of the scheme": "HTTPS://app.example.org",
			"C08 mixed case of a trusted one": "https://WWW.example.org", "C08 joined": "https://app.example.org, https://evil.example",
			"C10 suffix": "https://evil-app.example.org", "C10 prefix": "https://app.example.org.evil.example", "C10 user name": "https://app.example.org@evil.example",
			"C10 user name before": "https://evil@app.example.org", "C10 path": "https://evil.example/app.example.org", "C10 trailing dot": "https://app.example.org.",
			"C10 longer port": "https://app.example.org:443", "C10 a trusted one as prefix": sibling + ".evil.example", "C10 a trusted one with a port": sibling + ":444",
			"C10 a trusted one by http": "http://www.example.org", "C10 host alone": "app.example.org", "C10 trailing slash": "https://app.example.org/",
			"C10 a fragment": "https://evil.example#app.example.org", "C10 backslash": `https://evil.example\@app.example.org`,
		} {
			a.Want(t, line, harness.Case(name), mine, to("app.example.org"), harness.Header("Origin", origin),
				harness.JSON(`{}`))
		}
		for name, lines := range map[string][]string{"two": {"https://app.example.org", "https://evil.example"},
			"the same twice": {"https://app.example.org", "https://app.example.org"}, "one empty": {"https://app.example.org", ""}} {
			a.Want(t, line, harness.Case("C08 Origin lines, "+name), mine, to("app.example.org"),
				func(r *http.Request) { r.Header["Origin"] = lines }, harness.JSON(`{}`))
		}
		for name, lines := range map[string][]string{"two": {"same-origin", "cross-site"}, "mixed case": {"Same-Origin"},
			"joined": {"same-origin, cross-site"}, "unknown": {"x"}} {
			a.Want(t, line, harness.Case("C08 Sec-Fetch-Site, "+name), mine, to("app.example.org"),
				func(r *http.Request) { r.Header["Sec-Fetch-Site"] = lines }, harness.JSON(`{}`))
		}
		a.Want(t, line, harness.Case("C10 X-Forwarded-Host does not move the own host"), mine, to("app.example.org"),
			harness.Header("X-Forwarded-Host", "evil.example"), harness.Header("Origin", "https://evil.example"),
			harness.JSON(`{}`))
		for _, origin := range []string{"https://app.example.org", sibling} {
			a.Want(t, "PATCH /users/me 200 (twin)", mine, to("app.example.org"), harness.Header("Origin", origin),
				harness.JSON(`{}`))
		}
		a.Want(t, "PATCH /users/me 200 (twin, a port)", mine, to("app.example.org:8443"),
			harness.Header("Origin", "https://app.example.org:8443"), harness.JSON(`{}`))
		a.Want(t, "PATCH /users/me 200 (twin, a trusted sibling, by today's browsers)", mine, to("app.example.org"),
			harness.Header("Origin", sibling),
			harness.Header("Sec-Fetch-Site", "same-site"), harness.JSON(`{}`))
	})
}

// TestAttackC07SafeMethods crawls what answers to GET, twice, and looks at the
// calls that reach the stores.
func TestAttackC07SafeMethods(t *testing.T) {
	var ledgers harness.PerApp[harness.CallLog]
	harness.OnEveryAdapter(t, func(a *harness.App, _ *harness.Options) { a.Note = ledgers.Of(a).Add },
		func(t *testing.T, a *harness.App) {
			admin, target := asAdmin(t, a)
			tokens := harness.Query("token=" + a.MailedToken(t, "reset", target) + "&password=x&limit=10&is_active=false")
			groups := []core.Group{a.Register(), a.Reset(), a.Verify(), a.Users(), a.Sessions(), a.Keys(), a.Login("jwt"),
				a.Login("cookie")}
			for _, route := range slices.Concat(groups...) {
				if core.IsSafeMethod(route.Method) && route.Method != http.MethodGet {
					t.Errorf("C07: the route %s is of the method %s, which is not crawled", route.Name, route.Method)
				}
			}
			paths := []string{"/authenticated-route"}
			for prefix, groups := range map[string][]core.Group{
				"/users": {a.Users()}, "/auth": {a.Register(), a.Reset(), a.Verify(), a.Sessions(), a.Keys()}, "/auth/jwt": {a.Login("jwt")}, "/auth/cookie": {a.Login("cookie")},
			} {
				for _, route := range slices.Concat(groups...) {
					paths = append(paths, prefix+route.Pattern)
				}
			}
			ledgers.Of(a).Take()
			wantUnchanged(t, a, func() {
				ledgers.Of(a).Take()
				for _, path := range append(paths, paths...) {
					for _, method := range []string{"GET", "HEAD"} {
						t.Run("C07 "+method+" "+path, func(t *testing.T) {
							a.Send(t, method, path, append(admin[:2:2], tokens)...)
							for _, call := range ledgers.Of(a).Take() {
								if _, what, _ := strings.Cut(call, "."); what != "Find" && what != "List" {
									t.Errorf("it calls %s", call)
								}
							}
						})
					}
				}
			})
			a.Want(t, "GET /users/{id} 200 (twin)", admin...).WantUser(t, target)
			if calls := ledgers.Of(a).Take(); !slices.Contains(calls, "users.Find") {
				t.Errorf("twin: the calls of a request are %v", calls)
			}
		})
}

func TestAttackC11Preflights(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, route := range readers {
			path := strings.Fields(route)[1]
			t.Run("C11 a preflight of 500 kB, "+path, func(t *testing.T) {
				got, _ := a.SendRaw(t, "OPTIONS "+strings.Replace(path, "{id}", harness.NobodyID, 1)+
					" HTTP/1.1\r\nHost: app.example\r\nOrigin: https://evil.example\r\n"+
					"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "+strings.Repeat("x,", 250_000)+"\r\n\r\n")
				if got.Status != 405 || len(got.Body) > 100 {
					t.Errorf("got %d and %d bytes", got.Status, len(got.Body))
				}
				for name := range got.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("it answers with %s", name)
					}
				}
			})
		}
		a.Want(t, registerRoute+"201 (twin)", registration("c11@example.org"))
	})
}

// readers are the routes that read a body; id fills in the user who is changed
// by the last one.
var readers = []string{
	"POST /auth/jwt/login", "POST /auth/cookie/login", "POST /auth/session/login", "POST /auth/register", "POST /auth/forgot-password",
	"POST /auth/reset-password", "POST /auth/request-verify-token", "POST /auth/verify", "PATCH /users/me", "PATCH /users/{id}",
}
