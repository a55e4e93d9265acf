package contract_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

const crossOriginRefused = " 403 CROSS_ORIGIN_REFUSED"

// unsafe are the routes that change something for the one who is logged in by
// the cookie, with a body that would do it.
var unsafe = map[string]option{
	"POST /auth/cookie/logout": nil, "POST /auth/jwt/logout": nil, "DELETE /auth/sessions": nil, "DELETE /auth/sessions/{id}": nil, "DELETE /users/{id}": nil,
	"PATCH /users/me": text(`{"full_name": "forged"}`), "PATCH /users/{id}": text(`{"is_superuser": true}`),
}

func TestAttackC01ForeignForms(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin, u := a.asAdmin(t)
		foreign := func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}
		const document = `{"email": "c01@example.org", "username": "c01@example.org", "password": "x", "full_name": "forged", "token": "x", "x": "="}`
		a.wantUnchanged(t, func() {
			for _, form := range []option{
				body("text/plain", document), body("application/x-www-form-urlencoded", document), parts(document, "x"),
				body("", document),
			} {
				for _, route := range readers {
					t.Run("C01 a form of another site, "+route, func(t *testing.T) {
						if got := a.to(t, route, append(admin[:2:2], form, foreign)...); got.status != 403 && got.status != 415 &&
							(got.status != 422 || strings.HasPrefix(route, "PATCH")) {
							t.Errorf("got %d %s", got.status, got.body)
						}
					})
				}
			}
			for route, forge := range unsafe {
				for name, foreign := range crossOrigin {
					with := append(append(admin[:2:2], foreign...), func(r *http.Request) {
						if forge != nil {
							forge(r)
						}
					})
					a.attack(t, "C02 "+name+", "+route, route+crossOriginRefused, with...)
				}
			}
			for name, foreign := range crossOrigin {
				right := form("username", u.Email, "password", password)
				a.attack(t, "C05 login from another site, "+name, "POST /auth/cookie/login"+crossOriginRefused,
					append(foreign, right)...)
				a.attack(t, "C05 logout from another site, "+name, "POST /auth/cookie/logout"+crossOriginRefused,
					append(foreign, admin[0])...)
			}
			a.attack(t, "C04 a Referer alone is not looked at: the client is no browser of today", "PATCH /users/me 200",
				admin[0], header("Referer", "https://evil.example/"), text(`{}`))
			a.attack(t, "C04 a Referer of ours does not help", "PATCH /users/me"+crossOriginRefused,
				admin[0], header("Referer", a.url), header("Origin", "https://evil.example"), text(`{}`))
		})
		for name, own := range ownOrigin {
			a.want(t, "PATCH /users/me 200 (twin, "+name+")", admin[0], own(strings.TrimPrefix(a.url, "http://")),
				text(`{"full_name": "Own"}`))
		}
	})
}

func TestAttackOrigins(t *testing.T) {
	const sibling = "https://www.example.org"
	onEveryAdapter(t, func(a *app, o *options) {
		transport, err := cookie.New(cookie.Options{Now: a.Now, TrustedOrigins: []string{sibling}})
		if err != nil {
			t.Error(err)
		}
		o.Backends[1].Transport = transport
	}, func(t *testing.T, a *app) {
		mine := a.login(t, "cookie", a.user(t))
		to := func(host string) option { return func(r *http.Request) { r.Host = host } }
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
			a.attack(t, name, line, mine, to("app.example.org"), header("Origin", origin), text(`{}`))
		}
		for name, lines := range map[string][]string{"two": {"https://app.example.org", "https://evil.example"},
			"the same twice": {"https://app.example.org", "https://app.example.org"}, "one empty": {"https://app.example.org", ""}} {
			a.attack(t, "C08 Origin lines, "+name, line, mine, to("app.example.org"),
				func(r *http.Request) { r.Header["Origin"] = lines }, text(`{}`))
		}
		for name, lines := range map[string][]string{"two": {"same-origin", "cross-site"}, "mixed case": {"Same-Origin"},
			"joined": {"same-origin, cross-site"}, "unknown": {"x"}} {
			a.attack(t, "C08 Sec-Fetch-Site, "+name, line, mine, to("app.example.org"),
				func(r *http.Request) { r.Header["Sec-Fetch-Site"] = lines }, text(`{}`))
		}
		a.attack(t, "C10 X-Forwarded-Host does not move the own host", line, mine, to("app.example.org"),
			header("X-Forwarded-Host", "evil.example"),
			header("Origin", "https://evil.example"), text(`{}`))
		for _, origin := range []string{"https://app.example.org", sibling} {
			a.want(t, "PATCH /users/me 200 (twin)", mine, to("app.example.org"), header("Origin", origin), text(`{}`))
		}
		a.want(t, "PATCH /users/me 200 (twin, a port)", mine, to("app.example.org:8443"),
			header("Origin", "https://app.example.org:8443"), text(`{}`))
		a.want(t, "PATCH /users/me 200 (twin, a trusted sibling, by today's browsers)", mine, to("app.example.org"),
			header("Origin", sibling),
			header("Sec-Fetch-Site", "same-site"), text(`{}`))
	})
}

// TestAttackC07SafeMethods crawls what answers to GET, twice, and looks at the
// calls that reach the stores.
func TestAttackC07SafeMethods(t *testing.T) {
	var ledgers per[ledger]
	onEveryAdapter(t, func(a *app, _ *options) { a.note = ledgers.of(a).add }, func(t *testing.T, a *app) {
		admin, target := a.asAdmin(t)
		tokens := query("token=" + a.asked(t, "reset", target) + "&password=x&limit=10&is_active=false")
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
		ledgers.of(a).take()
		a.wantUnchanged(t, func() {
			ledgers.of(a).take()
			for _, path := range append(paths, paths...) {
				for _, method := range []string{"GET", "HEAD"} {
					t.Run("C07 "+method+" "+path, func(t *testing.T) {
						a.send(t, method, path, append(admin[:2:2], tokens)...)
						for _, call := range ledgers.of(a).take() {
							if _, what, _ := strings.Cut(call, "."); what != "Find" && what != "List" {
								t.Errorf("it calls %s", call)
							}
						}
					})
				}
			}
		})
		a.want(t, "GET /users/{id} 200 (twin)", admin...).wantUser(t, target)
		if calls := ledgers.of(a).take(); !slices.Contains(calls, "users.Find") {
			t.Errorf("twin: the calls of a request are %v", calls)
		}
	})
}

func TestAttackC11Preflights(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, route := range readers {
			path := strings.Fields(route)[1]
			t.Run("C11 a preflight of 500 kB, "+path, func(t *testing.T) {
				got, _ := a.wire(t, "OPTIONS "+strings.Replace(path, "{id}", nobody, 1)+
					" HTTP/1.1\r\nHost: app.example\r\nOrigin: https://evil.example\r\n"+
					"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "+strings.Repeat("x,", 250_000)+"\r\n\r\n")
				if got.status != 405 || len(got.body) > 100 {
					t.Errorf("got %d and %d bytes", got.status, len(got.body))
				}
				for name := range got.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("it answers with %s", name)
					}
				}
			})
		}
		a.want(t, registerRoute+"201 (twin)", registration("c11@example.org"))
	})
}
