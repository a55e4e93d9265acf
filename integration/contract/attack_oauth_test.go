package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestAttackOAuthState(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		p := a.serveOAuth(t)
		ada := someone("id-1", "ada@example.org")
		v := a.authorize(t, byJWT, "")
		before := a.state(t)
		a.attack(t, "O01 no state", "GET "+byJWT+"/callback?code=x 400 ACCESS_TOKEN_DECODE_ERROR", v.option)
		for _, forged := range []string{"x", v.state[1:], v.state + "A", strings.ToUpper(v.state), "AAAA" + v.state[4:]} {
			a.attack(t, "O01 a forged state", "GET "+callback(byJWT, forged, ada)+" 400 ACCESS_TOKEN_DECODE_ERROR", v.option)
		}
		a.attack(t, "O01 the state of another browser", "GET "+callback(byJWT, v.state, ada)+" 400 OAUTH_INVALID_STATE")
		tab := a.authorize(t, byJWT, "")
		a.attack(t, "O01 the state of another flow", "GET "+callback(byJWT, v.state, ada)+" 400 OAUTH_INVALID_STATE",
			tab.option)
		for _, group := range []string{byCookie, "/auth/session/acme", "/auth/jwt/other"} {
			a.attack(t, "O04 the state of another route, "+group, "GET "+callback(group, v.state, ada)+
				" 400 OAUTH_INVALID_STATE", v.option)
		}
		if p.traded() != 0 || a.state(t) != before {
			t.Error("a code was exchanged, or something has changed, before the state was known to be good")
		}
		user := a.user(t)
		cred := a.login(t, "jwt", user)
		a.attack(t, "O04 the state of a login, for an association", "GET "+callback(linkAcme, v.state, ada)+
			" 400 OAUTH_INVALID_STATE", v.option, cred)
		linking := a.authorize(t, linkAcme, "", cred)
		a.attack(t, "O04 the state of an association, for a login", "GET "+callback(byJWT, linking.state, ada)+
			" 400 OAUTH_INVALID_STATE", linking.option)
		a.back(t, v, ada).expect(t, 200, "")
		refused(t, "O02 replayed", func(t *testing.T) answer { return a.back(t, v, ada) }, 400, core.CodeOAuthInvalidState)
		refused(t, "O02 replayed by another identity",
			func(t *testing.T) answer { return a.back(t, v, someone("id-2", "bob@example.org")) }, 400,
			core.CodeOAuthInvalidState)
		a.back(t, tab, ada).expect(t, 200, "") // the twin
		a.pass(10*time.Minute - time.Second)
		late := a.authorize(t, byJWT, "")
		a.pass(10*time.Minute - time.Second)
		a.back(t, late, ada).expect(t, 200, "")
		late = a.authorize(t, byJWT, "")
		a.pass(10 * time.Minute)
		refused(t, "O05 after ten minutes", func(t *testing.T) answer { return a.back(t, late, ada) }, 400,
			core.CodeOAuthStateExpired)
	})
}

func TestAttackOAuthRaces(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		t.Run("O02 one callback 64 times at once", func(t *testing.T) {
			v := a.authorize(t, byJWT, "")
			counts := map[string]int{}
			for got := range a.atOnce(t, 64, "GET", callback(byJWT, v.state, someone("id-1", "ada@example.org")),
				func(int) option { return v.option }) {
				counts[fmt.Sprint(got.status, " ", got.says())]++
			}
			if counts["200 "] != 1 || counts["400 OAUTH_INVALID_STATE"] != 63 {
				t.Errorf("got %v", counts)
			}
		})
		t.Run("O07 two tabs, one after the other and crosswise", func(t *testing.T) {
			one, two := a.authorize(t, byCookie, ""), a.authorize(t, byCookie, "")
			both := []option{one.option, two.option}
			a.back(t, two, someone("id-1", "ada@example.org"), one.option).expect(t, 204, "")
			a.send(t, "GET", callback(byCookie, one.state, someone("id-1", "ada@example.org")), both...).expect(t, 204, "")
		})
		t.Run("O41 logins of many people at once are not mixed", func(t *testing.T) {
			visits := make([]visit, 16)
			for i := range visits {
				visits[i] = a.authorize(t, byJWT, "")
			}
			who := func(i int) core.OAuthIdentity {
				return someone(fmt.Sprint("person-", i), fmt.Sprintf("person%d@example.org", i))
			}
			done := make(chan error, len(visits))
			for i, v := range visits {
				go func() {
					got := a.exchange(context.WithoutCancel(t.Context()), "GET", callback(byJWT, v.state, who(i)), v.option)
					token, _, _ := strings.Cut(strings.TrimPrefix(got.body, `{"access_token":"`), `"`)
					me := a.exchange(context.WithoutCancel(t.Context()), "GET", "/users/me", asBearer(token))
					if !strings.Contains(me.body, `"`+who(i).Email+`"`) {
						done <- fmt.Errorf("person %d is %d %s", i, me.status, me.body)
						return
					}
					done <- nil
				}()
			}
			for range visits {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	})
}

func TestAttackO08Begins(t *testing.T) {
	calls := per[ledger]{}
	onEveryStore(t, withOAuth(t, nil, func(a *app, o *options) {
		o.InsecureNoLimits = true
		a.note = calls.of(a).add
	}), func(t *testing.T, a *app) {
		p := a.serveOAuth(t)
		a.authorize(t, byJWT, "")
		calls.of(a).take()
		before := heap()
		for range 2000 {
			v := a.authorize(t, byJWT, "")
			p.mu.Lock()
			delete(p.begun, v.state) // which the fake keeps, not the application
			p.mu.Unlock()
		}
		t.Run("O08 begun flows are kept nowhere", func(t *testing.T) {
			if made := calls.of(a).take(); len(made) != 0 {
				t.Errorf("2000 begun flows called the stores %d times: %s", len(made), made[0])
			}
			if grown := int64(heap()) - int64(before); grown > 64<<20 { // other tests run beside this one
				t.Errorf("2000 begun flows keep %d bytes", grown)
			}
		})
		a.accepted(t, someone("id-1", "ada@example.org"))
	})
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		for i := range 60 {
			a.authorize(t, []string{byJWT, byCookie, "/auth/session/other"}[i%3], "")
		}
		for _, route := range []string{byJWT, byCookie + "/authorize?redirect_to=/#", "/auth/jwt/other"} {
			path, _, _ := strings.Cut(route, "#")
			if !strings.Contains(path, "/authorize") {
				path += "/authorize"
			}
			a.attack(t, "O08 more begins of one network than the limit, "+path, "GET "+path+" 429 RATE_LIMITED")
		}
		if got := a.send(t, "GET", byJWT+"/authorize", header("Test-Peer", "192.0.2.9:1")); got.status != 200 {
			t.Errorf("another network: %d %s", got.status, got.body)
		}
		a.pass(time.Minute)
		a.accepted(t, someone("id-1", "ada@example.org"))
	})
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		a.authorize(t, byJWT, "")
		a.begin("limiter")
		a.attack(t, "O08 the limiter is down", "GET "+byJWT+"/authorize 503 SERVICE_UNAVAILABLE")
		a.end()
		a.accepted(t, someone("id-1", "ada@example.org"))
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAttackOAuthAnswersOfTheProvider(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		p := a.serveOAuth(t)
		v := a.authorize(t, byJWT, "")
		before := a.state(t)
		for query, detail := range map[string]string{
			"error=access_denied&error_description=<script>alert(1)</script>": "access_denied",
			"error=server_error&error_uri=https://evil.example":               "server_error",
			"error=<script>": "Bad Request",
			"error=access_denied%0d%0aSet-Cookie:x=y":  "Bad Request",
			"error=" + strings.Repeat("a", 5000):       "Bad Request",
			"error=access_denied&code=x&error=another": "Bad Request",
		} {
			t.Run("O32 "+detail+" for "+query[:min(len(query), 40)], func(t *testing.T) {
				got := a.send(t, "GET", byJWT+"/callback?state="+v.state+"&"+strings.ReplaceAll(query, "<", "%3C"), v.option)
				if got.status != 400 || got.body != `{"detail":"`+detail+`"}` || len(got.header["Set-Cookie"]) != 0 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		faults := map[string]struct {
			err    error
			status int
		}{
			"O28 a time-out":       {fmt.Errorf("token endpoint: %w", context.DeadlineExceeded), 504},
			"O29 an error":         {errors.New("500 " + accessCanary), 502},
			"O31 a senseless body": {errors.New("token endpoint: malformed JSON " + refreshCanary), 502},
		}
		for name, f := range faults {
			p.fail(f.err)
			refused(t, name, func(t *testing.T) answer { return a.through(t, byJWT, someone("id-1", "ada@example.org")) },
				f.status, core.CodeOAuthProviderError)
		}
		p.fail(nil)
		refused(t, "O31 no subject", func(t *testing.T) answer { return a.through(t, byJWT, someone("", "ada@example.org")) },
			502, core.CodeOAuthProviderError)
		refused(t, "O31 a subject of 256 bytes", func(t *testing.T) answer {
			return a.through(t, byJWT, someone(strings.Repeat("s", 256), "ada@example.org"))
		}, 502, core.CodeOAuthProviderError)
		for _, email := range []string{"", "a@b@example.org", "Ada <ada@example.org>", "ada@example.org,bob@example.org",
			"ada@example.org\n", "ada@example.org\x00", "@"} {
			refused(t, fmt.Sprintf("O26 the e-mail %q", email),
				func(t *testing.T) answer { return a.through(t, byJWT, someone("id-1", email)) }, 400, core.CodeOAuthNoEmail)
		}
		if a.state(t) != before {
			t.Error("a refused login has changed something")
		}
		a.back(t, v, someone("id-1", "ada@example.org")).expect(t, 200, "") // a denied flow may be answered again
	})
}

func TestAttackO13WrongCodes(t *testing.T) {
	logs := per[journal]{}
	onOne(t, withOAuth(t, nil, func(a *app, o *options) { o.Log = logs.of(a).logger() }), func(t *testing.T, a *app) {
		p := a.serveOAuth(t)
		who := someone("id-1", "ada@example.org")
		for err, level := range map[error]string{
			fmt.Errorf("acme: %w: invalid_grant", core.ErrOAuthCodeRefused): "WARN",
			fmt.Errorf("acme: the client is gone: %w", context.Canceled):    "WARN",
			errors.New("acme: invalid_client"):                              "ERROR",
		} {
			p.fail(err)
			before := len(logs.of(a).String())
			a.through(t, byJWT, who).expect(t, 502, core.CodeOAuthProviderError)
			a.back(t, a.authorize(t, byJWT, "?redirect_to=/app"), who)
			t.Run("O13 what "+err.Error()+" writes into the log", func(t *testing.T) {
				said := logs.of(a).String()[before:]
				if strings.Count(said, "level="+level) != 2 || strings.Count(said, "level=") != 2 {
					t.Errorf("want two lines at %s:\n%s", level, said)
				}
			})
		}
	})
}

func TestAttackOAuthIdentities(t *testing.T) {
	onEveryStore(t, withOAuth(t, byEmail), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		victim, alike := a.user(t, verified), a.user(t)
		for _, claims := range [][]bool{nil, {false}} {
			refused(t, "O22 an address for which nobody vouches",
				func(t *testing.T) answer { return a.through(t, byJWT, someone("evil", victim.Email, claims...)) }, 400,
				core.CodeOAuthUserExists)
		}
		refused(t, "O20 an address at a provider that may not link", func(t *testing.T) answer {
			return a.through(t, "/auth/jwt/other", someone("evil", victim.Email, true))
		}, 400, core.CodeOAuthUserExists)
		if links := a.links(t, victim.ID); len(links) != 0 {
			t.Errorf("the victim has the links %v", links)
		}
		cred := a.accepted(t, someone("id-1", victim.Email, true)) // the twin: the owner, by a provider that vouches
		a.want(t, "GET /users/me 200", cred).wantUser(t, victim)
		a.token(t, "jwt", victim) // whose password stays
		t.Run("O25 the subject counts, not what may change", func(t *testing.T) {
			again := someone("id-1", alike.Email, true)
			again.Name = "Another name"
			a.want(t, "GET /users/me 200", a.accepted(t, again)).wantUser(t, victim)
			stranger := someone("id-2", "stranger@example.org")
			stranger.Name = "Name of id-1"
			if got := a.want(t, "GET /users/me 200", a.accepted(t, stranger)); got.member(t, "id") == victim.ID {
				t.Error("a name made somebody the victim")
			}
		})
	})
	onEveryStore(t, withOAuth(t, byEmail), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		planted := a.user(t)
		sessions := []option{a.login(t, "jwt", planted), a.login(t, "cookie", planted)}
		a.through(t, "/auth/associate/other", someone("attacker", "attacker@example.org"), sessions[0]).expect(t, 200, "")
		owner := a.accepted(t, someone("id-1", planted.Email, true))
		for _, s := range sessions {
			a.attack(t, "O23 sessions from before the owner came", "GET /users/me 401", s)
		}
		a.attack(t, "O23 the password from before the owner came", "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
			form("username", planted.Email, "password", password))
		refused(t, "O23 links from before the owner came", func(t *testing.T) answer {
			return a.through(t, "/auth/jwt/other", someone("attacker", planted.Email))
		}, 400, core.CodeOAuthUserExists)
		if me := a.want(t, "GET /users/me 200", owner); me.member(t, "id") != planted.ID ||
			me.member(t, "is_verified") != true {
			t.Errorf("the owner is %s", me.body)
		}
	})
}

func TestAttackO34RedirectTargets(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, func(o *oauth.Options) { o.BeginLimit = core.Limit{Events: 1000, Window: time.Minute} }),
		func(t *testing.T, a *app) {
			a.serveOAuth(t)
			for _, target := range []string{
				"", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/ /evil.example", "https:evil.example",
				"https://evil.example", "https://spa.example.org.evil.example/", "https://spa.example.org@evil.example/", "https://user@spa.example.org/", "http://spa.example.org/",
				"https://spa.example.org:444/", "https://spa.example.org\\@evil.example", "https:///evil.example", "javascript:alert(1)", "data:text/html,x", "app", "?x", "#x",
				"/\u2044evil", "https://spa\uff0eexample.org/", "https://spa.example\u3002org/", "HTTPS://SPA.EXAMPLE.ORG/", "%2F%2Fevil.example", "/" + strings.Repeat("a", 3000), "/x\x00",
				"/a//b", "/a//", "//", "/.", "/..", "/./a", "/../a", "/a/./b", "/a/../b", "/a/..", "/a/.", "/a/../", "/%2e/a", "/%2E%2e/a", "/a/.%2e/b", "/a/%2e.", "/%2fevil.example",
				"/%2F%2Fevil.example", "/a%2F%2fb", "/a/%2fb", "/a%2f/b", "/a%2f..%2fb", "/a/..%2Fb", "/a%5c..%5cb", "/%5cevil.example", "/%5C/evil.example", "/a%5Cb", "/%252e%252e/a",
				"/%25252e%25252e/a", "/%252fevil.example", "/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/a/..?x", "/a/..#x", "/a/%0d%0aset-cookie:x", "/a%00", "/a%09/b", "/a%7f",
				"https://spa.example.org//evil.example", "https://spa.example.org/a/../b", "https://spa.example.org/%2e%2e/", "https://spa.example.org/a%2f%2fb", "https://spa.example.org/a%5cb",
			} {
				got := a.send(t, "GET", byCookie+"/authorize?redirect_to="+url.QueryEscape(target))
				if t.Run(fmt.Sprintf("O34 %.40q", target),
					func(t *testing.T) { got.expect(t, 422, "query.redirect_to value_error") }); got.header.Get("Location") != "" {
					t.Errorf("%q is a target", target)
				}
			}
			for _, target := range []string{
				"/", "/app?y=//z#top", "https://spa.example.org", "https://spa.example.org/in?x=1", "/a..b", "/...", "/..a/b", "/.well-known/x", "/a/", "/a;b=1/c", "/a%20b/caf%C3%A9", "/~ada/%7Eada", "/group%2Fproject", "/100%25",
				"/100%25/of", "/a?x=../..//y", "/a?next=%2F%2Fb%2F..", "/a#/../b//c", "/a.b/c.d", "/a/b:c@d", "https://spa.example.org/a..b/.well-known/?x=//", "https://spa.example.org/",
			} {
				v := a.authorize(t, byCookie, "?redirect_to="+url.QueryEscape(target))
				if got := a.back(t, v, someone("id-1", "ada@example.org")); got.status != 303 ||
					got.header.Get("Location") != target {
					t.Errorf("%q: got %d to %q", target, got.status, got.header.Get("Location"))
				}
			}
		})
}

func TestAttackOAuthLinks(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		victim, attacker := a.user(t), a.user(t)
		cred, evil := a.login(t, "cookie", victim), a.login(t, "cookie", attacker)
		begun := a.authorize(t, linkAcme, "", evil)
		for name, with := range map[string][]option{"O35 the attacker's flow, without its cookie": {cred},
			"O35 the attacker's flow, with its cookie": {cred, begun.option}} {
			a.attack(t, name, "GET "+callback(linkAcme, begun.state, someone("evil", "evil@example.org"))+
				" 400 OAUTH_INVALID_STATE", with...)
		}
		a.attack(t, "O35 nobody is logged in", "GET "+linkAcme+"/authorize 401")
		for name, foreign := range crossOrigin {
			a.attack(t, "O35 unlinking from another site, "+name, "DELETE "+linkAcme+crossOriginRefused,
				append(foreign[:len(foreign):len(foreign)], cred)...)
		}
		if len(a.links(t, victim.ID)) != 0 {
			t.Error("the attacker's identity is linked to the victim")
		}
		a.through(t, linkAcme, someone("id-1", "elsewhere@example.org"), cred).expect(t, 200, "")
		refused(t, "O35 an account that is another user's", func(t *testing.T) answer {
			return a.through(t, linkAcme, someone("id-1", "elsewhere@example.org"), evil)
		}, 400, core.CodeOAuthAlreadyLinked)
		a.want(t, "DELETE "+linkAcme+" 204", cred) // which has a password

		only := a.accepted(t, someone("id-2", "only@example.org"))
		a.attack(t, "O37 the only way to log in", "DELETE "+linkAcme+" 409 OAUTH_LAST_LOGIN_METHOD", only)
		for _, password := range []string{"", "null", "\x00"} {
			body := members(object{"email": "only@example.org", "password": password})
			if got := a.send(t, "POST", "/auth/jwt/login", body); got.status == 200 {
				t.Errorf("the password %q logs a user in who has none", password)
			}
		}
		a.attack(t, "O44 who has no password, by an empty one", "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
			members(object{"email": "only@example.org", "password": ""}))
		a.attack(t, "O44 who has no password, by the word null", "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
			members(object{"email": "only@example.org", "password": "null"}))
		a.through(t, "/auth/associate/other", someone("id-9", "elsewhere@example.org"), only).expect(t, 200, "")
		a.want(t, "DELETE "+linkAcme+" 204", only)
		a.attack(t, "O37 the last of two", "DELETE /auth/associate/other 409 OAUTH_LAST_LOGIN_METHOD", only)
	})
}

func TestAttackO50ForeignBegins(t *testing.T) {
	onEveryAdapter(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		u := a.user(t)
		mine, token := a.login(t, "cookie", u), a.login(t, "jwt", u)
		navigate := []option{header("Sec-Fetch-Mode", "navigate"), header("Sec-Fetch-Dest", "document"),
			header("Sec-Fetch-User", "?1")}
		for name, foreign := range map[string][]option{
			"a link of another site": {header("Sec-Fetch-Site", "cross-site")}, "a link of a sibling": {header("Sec-Fetch-Site", "same-site")},
			"an unknown word": {header("Sec-Fetch-Site", "x")}, "another letter case": {header("Sec-Fetch-Site", "Same-Origin")},
			"the header twice":   {header("Sec-Fetch-Site", "same-origin"), header("Sec-Fetch-Site", "cross-site")},
			"the origin alone":   {header("Origin", "https://evil.example")},
			"the origin null":    {header("Origin", "null")},
			"a fetch of another": {header("Origin", "https://evil.example"), header("Sec-Fetch-Site", "cross-site")},
		} {
			for _, query := range []string{"", "?redirect_to=/settings"} {
				got := a.attack(t, "O50 "+name+query, "GET "+linkAcme+"/authorize"+query+crossOriginRefused,
					append(append(navigate, mine), foreign...)...)
				if got.header.Get("Location") != "" || len(got.header["Set-Cookie"]) != 0 {
					t.Errorf("%s begins: %v", name, got.header)
				}
			}
			if got := a.send(t, "HEAD", linkAcme+"/authorize", append(foreign, mine)...); got.status != 403 ||
				len(got.header["Set-Cookie"]) != 0 {
				t.Errorf("%s, HEAD: %d %v", name, got.status, got.header)
			}
		}
		if n := socials.of(a).acme.beginnings(); n != 0 {
			t.Errorf("the provider was asked %d times", n)
		}
		a.attack(t, "O50 nobody is logged in", "GET "+linkAcme+"/authorize 401", header("Sec-Fetch-Site", "cross-site"))

		who := func(i int) core.OAuthIdentity { return someone(fmt.Sprint("id-", i), "elsewhere@example.org") }
		for i, own := range [][]option{
			{header("Sec-Fetch-Site", "same-origin")}, {header("Sec-Fetch-Site", "none")}, {}, {header("Origin", a.url)},
			{header("Sec-Fetch-Site", "same-origin"), header("Origin", a.url)},
		} {
			v := a.authorize(t, linkAcme, "", append(own, mine)...)
			fromProvider := []option{mine, header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "navigate")}
			a.back(t, v, who(i), fromProvider...).expect(t, 200, "")
		}
		if n := len(a.links(t, u.ID)); n != 5 {
			t.Errorf("twin: %d of 5 accounts are linked", n)
		}
		// A token is sent by no browser of itself: a front end of
		// another origin that has it is the user's.
		spa := []option{token, header("Origin", "https://spa.example.org"), header("Sec-Fetch-Site", "cross-site"),
			header("Sec-Fetch-Mode", "cors")}
		a.back(t, a.authorize(t, linkAcme, "", spa...), who(9), spa...).expect(t, 200, "")
		// A login begins from anywhere: it is bound to the browser, and
		// links nothing to the one who is logged in.
		a.back(t, a.authorize(t, byCookie, "", header("Sec-Fetch-Site", "cross-site"), mine),
			someone("new", "new@example.org")).expect(t, 204, "")
	})
}

func TestAttackOAuthGate(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil, withSecondFactor), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		who := someone("id-1", "ada@example.org")
		a.accepted(t, who)
		u, err := a.Manager().FindByEmail(t.Context(), who.Email)
		if err != nil {
			t.Fatal(err)
		}
		a.edit(t, u, inactive)
		for _, group := range []string{byJWT, byCookie} {
			refused(t, "O38 somebody inactive, "+group, func(t *testing.T) answer { return a.through(t, group, who) }, 400,
				core.CodeLoginBadCredentials)
		}
		a.edit(t, u, func(u *Account) { u.IsActive, u.FullName = true, enrolled })
		t.Run("O40 the second factor is asked for", func(t *testing.T) {
			v := a.authorize(t, byCookie, "")
			// a refusal that ends the flow, so its cookie goes
			got := a.send(t, "GET", callback(byCookie, v.state, who), v.option)
			if got.status != http.StatusForbidden ||
				strings.Contains(strings.Join(got.header["Set-Cookie"], " "), cookieName+"=") {
				t.Errorf("got %d %s %v", got.status, got.body, got.header)
			}
			back := a.back(t, a.authorize(t, byCookie, "?redirect_to=/app"), who)
			if to := back.header.Get("Location"); to != "/app?error=LOGIN_FACTOR_REQUIRED" ||
				strings.Contains(strings.Join(back.header["Set-Cookie"], " "), cookieName+"=") {
				t.Errorf("in redirect mode: %d to %q", back.status, to)
			}
			if names := cookieNames(back); !slices.Equal(names, cookieNames(got)) {
				t.Errorf("the redirect sets the cookies %q, the answer in JSON %q", names, cookieNames(got))
			}
			l := a.land(t, "")
			exchanged := a.send(t, "POST", "/auth/jwt/exchange", l.traded(), l.browser())
			detail, _ := exchanged.member(t, "detail").(object)
			if pending, _ := detail["pending"].(string); exchanged.status != 403 || len(pending) != core.SecretLen {
				t.Errorf("the exchange answers %d %s", exchanged.status, exchanged.body)
			}
		})
		a.edit(t, u, func(u *Account) { u.FullName = "" })
		a.accepted(t, who)
	})
}

// cookieNames are those that an answer sets, but for the random end of a
// flow's.
func cookieNames(got answer) (names []string) {
	for _, line := range got.header["Set-Cookie"] {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "__Host-latchkey-oauth-") {
			name = "__Host-latchkey-oauth-"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestAttackO43Leaks(t *testing.T) {
	logs := per[journal]{}
	onEveryAdapter(t, withOAuth(t, nil, func(a *app, o *options) { o.Log = logs.of(a).logger() }),
		func(t *testing.T, a *app) {
			p := a.serveOAuth(t)
			who := someone("id-1", "ada@example.org")
			v := a.authorize(t, byJWT, "?redirect_to=https://spa.example.org/in&code_challenge="+challengeOf(verifier))
			back := a.back(t, v, who)
			to, err := url.Parse(back.header.Get("Location"))
			if err != nil || to.Host != "spa.example.org" {
				t.Fatalf("got %d to %q", back.status, back.header.Get("Location"))
			}
			code := to.Query().Get("code")
			exchanged := a.want(t, "POST /auth/jwt/exchange 200", members(object{"code": code, "code_verifier": verifier}))
			token, _ := exchanged.member(t, "access_token").(string)
			p.fail(errors.New("the provider fails"))
			failed := a.through(t, byJWT, who).expect(t, 502, core.CodeOAuthProviderError)
			p.fail(nil)
			t.Run("O43 no token in a URL", func(t *testing.T) {
				if strings.Contains(to.String(), token) || token == "" {
					t.Errorf("the token stands in %s", to)
				}
			})
			t.Run("O43 a code is exchanged once, within a minute, at its backend", func(t *testing.T) {
				a.want(t, notExchanged, members(object{"code": code, "code_verifier": verifier}))
				elsewhere := a.land(t, "")
				a.want(t, "POST /auth/session/exchange 400 OAUTH_INVALID_STATE", elsewhere.traded(), elsewhere.browser())
				late := a.land(t, "")
				a.pass(time.Minute)
				a.want(t, notExchanged, late.traded(), late.browser())
				inTime := a.land(t, "")
				a.want(t, "POST /auth/jwt/exchange 200", inTime.traded(), inTime.browser())
			})
			t.Run("O43 no Referer", func(t *testing.T) {
				for name, got := range map[string]answer{"authorize": v.answer, "callback": back} {
					if got.header.Get("Referrer-Policy") != "no-referrer" {
						t.Errorf("%s: %v", name, got.header)
					}
				}
			})
			t.Run("O43 nothing in logs and answers", func(t *testing.T) {
				said := logs.of(a).String()
				for name, secret := range map[string]string{
					"access token": accessCanary, "refresh token": refreshCanary, "state": v.state, "nonce": p.begun[v.state].Nonce, "code": code, "our token": token,
				} {
					if secret == "" || strings.Contains(said, secret) {
						t.Errorf("the log has the %s", name)
					}
					if name != "our token" && strings.Contains(failed.body+exchanged.body+v.body, secret) {
						t.Errorf("an answer has the %s", name)
					}
				}
				if !strings.Contains(said, "the provider fails") {
					t.Error("the log does not tell of a provider's failure")
				}
				u, err := a.Manager().FindByEmail(t.Context(), who.Email)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range a.links(t, u.ID) {
					if kept := toJSON(t, l); strings.Contains(l.AccessToken+l.RefreshToken+kept, "canary") {
						t.Errorf("tokens are kept in clear: %s", kept)
					}
				}
			})
		})
}

func TestAttackOAuthOutages(t *testing.T) {
	onEveryStore(t, withOAuth(t, nil), func(t *testing.T, a *app) {
		a.serveOAuth(t)
		who := someone("id-1", "ada@example.org")
		for _, down := range []string{"tickets", "accounts", "users", "accounts.Create"} {
			v := a.authorize(t, byJWT, "")
			a.begin(down)
			refused(t, "F01 "+down+" cannot be asked", func(t *testing.T) answer { return a.back(t, v, who) }, 503,
				core.CodeServiceUnavailable)
			a.end()
			if page, _, err := a.kept.users.List(t.Context(), core.Query{Limit: 10}); err != nil || len(page) != 0 {
				t.Errorf("%s: there are %d users (%v)", down, len(page), err)
			}
		}
		a.accepted(t, who)
	})
}

func TestO11TwoIssuersBehindOneRedirectURL(t *testing.T) {
	a := acme{name: "acme"}
	b := acme{name: "other"}
	for url, want := range map[string]bool{"https://app.example.org/cb": true, "https://app.example.org/other": false} {
		_, err := oauth.New(oauth.Options{Accounts: memstore.NewOAuthAccounts(), Secret: secret, Providers: []oauth.Provider{
			{Provider: &a, RedirectURL: "https://app.example.org/cb"}, {Provider: &b, RedirectURL: url},
		}})
		if (err != nil) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}
