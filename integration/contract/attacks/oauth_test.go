package attacks_test

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
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestAttackOAuthState(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		p := a.ServeOAuth(t)
		ada := harness.Identity("id-1", "ada@example.org")
		v := a.Authorize(t, harness.AcmeByJWT, "")
		before := a.StoredState(t)
		a.Want(t, "GET "+harness.AcmeByJWT+"/callback?code=x 400 ACCESS_TOKEN_DECODE_ERROR", harness.Case("O01 no state"),
			v.Browser)
		for _, forged := range []string{"x", v.State[1:], v.State + "A", strings.ToUpper(v.State), "AAAA" + v.State[4:]} {
			a.Want(t, "GET "+harness.CallbackPath(harness.AcmeByJWT, forged, ada)+" 400 ACCESS_TOKEN_DECODE_ERROR",
				harness.Case("O01 a forged state"), v.Browser)
		}
		a.Want(t, "GET "+harness.CallbackPath(harness.AcmeByJWT, v.State, ada)+" 400 OAUTH_INVALID_STATE",
			harness.Case("O01 the state of another browser"))
		tab := a.Authorize(t, harness.AcmeByJWT, "")
		a.Want(t, "GET "+harness.CallbackPath(harness.AcmeByJWT, v.State, ada)+" 400 OAUTH_INVALID_STATE",
			harness.Case("O01 the state of another flow"), tab.Browser)
		for _, group := range []string{harness.AcmeByCookie, "/auth/session/acme", "/auth/jwt/other"} {
			a.Want(t, "GET "+harness.CallbackPath(group, v.State, ada)+
				" 400 OAUTH_INVALID_STATE", harness.Case("O04 the state of another route, "+group), v.Browser)
		}
		if p.Exchanges() != 0 || a.StoredState(t) != before {
			t.Error("a code was exchanged, or something has changed, before the state was known to be good")
		}
		user := a.NewUser(t)
		cred := a.LogIn(t, "jwt", user)
		a.Want(t, "GET "+harness.CallbackPath(harness.AcmeLinked, v.State, ada)+
			" 400 OAUTH_INVALID_STATE", harness.Case("O04 the state of a login, for an association"), v.Browser, cred)
		linking := a.Authorize(t, harness.AcmeLinked, "", cred)
		a.Want(t, "GET "+harness.CallbackPath(harness.AcmeByJWT, linking.State, ada)+
			" 400 OAUTH_INVALID_STATE", harness.Case("O04 the state of an association, for a login"), linking.Browser)
		a.Want(t, "GET "+v.Group+"/callback 200", v.As(ada))
		a.Want(t, "GET "+v.Group+"/callback 400 OAUTH_INVALID_STATE", harness.Case("O02 replayed"), v.As(ada))
		a.Want(t, "GET "+v.Group+"/callback 400 OAUTH_INVALID_STATE", harness.Case("O02 replayed by another identity"),
			v.As(harness.Identity("id-2", "bob@example.org")))
		a.Want(t, "GET "+tab.Group+"/callback 200", tab.As(ada)) // the twin
		a.Advance(10*time.Minute - time.Second)
		late := a.Authorize(t, harness.AcmeByJWT, "")
		a.Advance(10*time.Minute - time.Second)
		a.Want(t, "GET "+late.Group+"/callback 200", late.As(ada))
		late = a.Authorize(t, harness.AcmeByJWT, "")
		a.Advance(10 * time.Minute)
		a.Want(t, "GET "+late.Group+"/callback 400 ACCESS_TOKEN_ALREADY_EXPIRED", harness.Case("O05 after ten minutes"),
			late.As(ada))
	})
}

func TestAttackOAuthRaces(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		t.Run("O02 one callback 64 times at once", func(t *testing.T) {
			v := a.Authorize(t, harness.AcmeByJWT, "")
			counts := map[string]int{}
			for got := range a.SendAtOnce(t, 64, "GET",
				harness.CallbackPath(harness.AcmeByJWT, v.State, harness.Identity("id-1", "ada@example.org")),
				func(int) harness.Option { return v.Browser }) {
				counts[fmt.Sprint(got.Status, " ", got.Words())]++
			}
			if counts["200 "] != 1 || counts["400 OAUTH_INVALID_STATE"] != 63 {
				t.Errorf("got %v", counts)
			}
		})
		t.Run("O07 two tabs, one after the other and crosswise", func(t *testing.T) {
			one, two := a.Authorize(t, harness.AcmeByCookie, ""), a.Authorize(t, harness.AcmeByCookie, "")
			both := []harness.Option{one.Browser, two.Browser}
			a.Want(t, "GET "+two.Group+"/callback 204", two.As(harness.Identity("id-1", "ada@example.org")), one.Browser)
			a.Want(t, "GET "+harness.CallbackPath(harness.AcmeByCookie, one.State, harness.Identity("id-1", "ada@example.org"))+
				" 204", both...)
		})
		t.Run("O41 logins of many people at once are not mixed", func(t *testing.T) {
			visits := make([]harness.Visit, 16)
			for i := range visits {
				visits[i] = a.Authorize(t, harness.AcmeByJWT, "")
			}
			who := func(i int) core.OAuthIdentity {
				return harness.Identity(fmt.Sprint("person-", i), fmt.Sprintf("person%d@example.org", i))
			}
			done := make(chan error, len(visits))
			for i, v := range visits {
				go func() {
					got := a.TrySend(context.WithoutCancel(t.Context()), "GET",
						harness.CallbackPath(harness.AcmeByJWT, v.State, who(i)), v.Browser)
					token, _, _ := strings.Cut(strings.TrimPrefix(got.Body, `{"access_token":"`), `"`)
					me := a.TrySend(context.WithoutCancel(t.Context()), "GET", "/users/me", harness.Bearer(token))
					if !strings.Contains(me.Body, `"`+who(i).Email+`"`) {
						done <- fmt.Errorf("person %d is %d %s", i, me.Status, me.Body)
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
	calls := harness.PerApp[harness.CallLog]{}
	harness.OnEveryStore(t, harness.WithOAuth(t, nil, func(a *harness.App, o *harness.Options) {
		o.InsecureNoLimits = true
		a.Note = calls.Of(a).Add
	}), func(t *testing.T, a *harness.App) {
		p := a.ServeOAuth(t)
		a.Authorize(t, harness.AcmeByJWT, "")
		calls.Of(a).Take()
		before := heap()
		for range 2000 {
			v := a.Authorize(t, harness.AcmeByJWT, "")
			p.Forget(v.State) // which the fake keeps, not the application
		}
		t.Run("O08 begun flows are kept nowhere", func(t *testing.T) {
			if made := calls.Of(a).Take(); len(made) != 0 {
				t.Errorf("2000 begun flows called the stores %d times: %s", len(made), made[0])
			}
			if grown := int64(heap()) - int64(before); grown > 64<<20 { // other tests run beside this one
				t.Errorf("2000 begun flows keep %d bytes", grown)
			}
		})
		a.LogInByAcme(t, harness.Identity("id-1", "ada@example.org"))
	})
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		for i := range 60 {
			a.Authorize(t, []string{harness.AcmeByJWT, harness.AcmeByCookie, "/auth/session/other"}[i%3], "")
		}
		for _, route := range []string{harness.AcmeByJWT, harness.AcmeByCookie + "/authorize?redirect_to=/#",
			"/auth/jwt/other"} {
			path, _, _ := strings.Cut(route, "#")
			if !strings.Contains(path, "/authorize") {
				path += "/authorize"
			}
			a.Want(t, "GET "+path+" 429 RATE_LIMITED", harness.Case("O08 more begins of one network than the limit, "+path))
		}
		if got := a.Send(t, "GET", harness.AcmeByJWT+"/authorize",
			harness.Header("Test-Peer", "192.0.2.9:1")); got.Status != 200 {
			t.Errorf("another network: %d %s", got.Status, got.Body)
		}
		a.Advance(time.Minute)
		a.LogInByAcme(t, harness.Identity("id-1", "ada@example.org"))
	})
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		a.Authorize(t, harness.AcmeByJWT, "")
		a.Break("limiter")
		a.Want(t, "GET "+harness.AcmeByJWT+"/authorize 503 SERVICE_UNAVAILABLE", harness.Case("O08 the limiter is down"))
		a.Mend()
		a.LogInByAcme(t, harness.Identity("id-1", "ada@example.org"))
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAttackOAuthAnswersOfTheProvider(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		p := a.ServeOAuth(t)
		v := a.Authorize(t, harness.AcmeByJWT, "")
		before := a.StoredState(t)
		for query, detail := range map[string]string{
			"error=access_denied&error_description=<script>alert(1)</script>": "access_denied",
			"error=server_error&error_uri=https://evil.example":               "server_error",
			"error=login_required":                     "login_required", // of OpenID Connect's list
			"error=user_cancelled_login":               "OAUTH_DECLINED", // field F1: LinkedIn's
			"error=<script>":                           "OAUTH_DECLINED",
			"error=access_denied%0d%0aSet-Cookie:x=y":  "OAUTH_DECLINED",
			"error=" + strings.Repeat("a", 5000):       "OAUTH_DECLINED",
			"error=access_denied&code=x&error=another": "Bad Request",
		} {
			t.Run("O32 "+detail+" for "+query[:min(len(query), 40)], func(t *testing.T) {
				got := a.Send(t, "GET", harness.AcmeByJWT+"/callback?state="+v.State+"&"+strings.ReplaceAll(query, "<", "%3C"),
					v.Browser)
				if got.Status != 400 || got.Body != `{"detail":"`+detail+`"}` || len(got.Header["Set-Cookie"]) != 0 {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			})
		}
		faults := map[string]struct {
			err     error
			outcome string
		}{
			"O28 a time-out":       {fmt.Errorf("token endpoint: %w", context.DeadlineExceeded), "504 OAUTH_PROVIDER_ERROR"},
			"O29 an error":         {errors.New("500 " + harness.AccessCanary), "502 OAUTH_PROVIDER_ERROR"},
			"O31 a senseless body": {errors.New("token endpoint: malformed JSON " + harness.RefreshCanary), "502 OAUTH_PROVIDER_ERROR"},
		}
		for name, f := range faults {
			p.Fail(f.err)
			a.Want(t, "GET /auth/jwt/acme/callback "+f.outcome, harness.Case(name),
				a.Consent(t, harness.AcmeByJWT, harness.Identity("id-1", "ada@example.org")))
		}
		p.Fail(nil)
		a.Want(t, "GET /auth/jwt/acme/callback 502 OAUTH_PROVIDER_ERROR", harness.Case("O31 no subject"),
			a.Consent(t, harness.AcmeByJWT, harness.Identity("", "ada@example.org")))
		a.Want(t, "GET /auth/jwt/acme/callback 502 OAUTH_PROVIDER_ERROR", harness.Case("O31 a subject of 256 bytes"),
			a.Consent(t, harness.AcmeByJWT, harness.Identity(strings.Repeat("s", 256), "ada@example.org")))
		for _, email := range []string{"", "a@b@example.org", "Ada <ada@example.org>", "ada@example.org,bob@example.org",
			"ada@example.org\nBcc: eve@example.org", "ada@example.org\x00", "@", " "} {
			a.Want(t, "GET /auth/jwt/acme/callback 400 OAUTH_NOT_AVAILABLE_EMAIL",
				harness.Case(fmt.Sprintf("O26 the e-mail %q", email)),
				a.Consent(t, harness.AcmeByJWT, harness.Identity("id-1", email)))
		}
		if a.StoredState(t) != before {
			t.Error("a refused login has changed something")
		}
		// a denied flow may be answered again
		a.Want(t, "GET "+v.Group+"/callback 200", v.As(harness.Identity("id-1", "ada@example.org")))
	})
}

func TestAttackO13WrongCodes(t *testing.T) {
	logs := harness.PerApp[harness.Journal]{}
	harness.OnOneAdapter(t,
		harness.WithOAuth(t, nil, func(a *harness.App, o *harness.Options) { o.Log = logs.Of(a).Logger() }),
		func(t *testing.T, a *harness.App) {
			p := a.ServeOAuth(t)
			who := harness.Identity("id-1", "ada@example.org")
			for err, level := range map[error]string{
				fmt.Errorf("acme: %w: invalid_grant", core.ErrOAuthCodeRefused): "WARN",
				fmt.Errorf("acme: the client is gone: %w", context.Canceled):    "WARN",
				errors.New("acme: invalid_client"):                              "ERROR",
			} {
				p.Fail(err)
				before := len(logs.Of(a).String())
				a.Want(t, "GET /auth/jwt/acme/callback 502 OAUTH_PROVIDER_ERROR", a.Consent(t, harness.AcmeByJWT, who))
				a.Want(t, "GET /auth/jwt/acme/callback <500", a.Authorize(t, harness.AcmeByJWT, "?redirect_to=/app").As(who))
				t.Run("O13 what "+err.Error()+" writes into the log", func(t *testing.T) {
					said := logs.Of(a).String()[before:]
					if strings.Count(said, "level="+level) != 2 || strings.Count(said, "level=") != 2 {
						t.Errorf("want two lines at %s:\n%s", level, said)
					}
				})
			}
		})
}

func TestAttackOAuthIdentities(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, harness.LinkByEmail), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		victim, alike := a.NewUser(t, harness.Verified), a.NewUser(t)
		for _, claims := range [][]bool{nil, {false}} {
			a.Want(t, "GET /auth/jwt/acme/callback 400 OAUTH_USER_ALREADY_EXISTS",
				harness.Case("O22 an address for which nobody vouches"),
				a.Consent(t, harness.AcmeByJWT, harness.Identity("evil", victim.Email, claims...)))
		}
		a.Want(t, "GET /auth/jwt/other/callback 400 OAUTH_USER_ALREADY_EXISTS",
			harness.Case("O20 an address at a provider that may not link"),
			a.Consent(t, "/auth/jwt/other", harness.Identity("evil", victim.Email, true)))
		if links := a.Links(t, victim.ID); len(links) != 0 {
			t.Errorf("the victim has the links %v", links)
		}
		// the twin: the owner, by a provider that vouches
		cred := a.LogInByAcme(t, harness.Identity("id-1", victim.Email, true))
		a.Want(t, "GET /users/me 200", cred).WantUser(t, victim)
		a.Token(t, "jwt", victim) // whose password stays
		t.Run("O25 the subject counts, not what may change", func(t *testing.T) {
			again := harness.Identity("id-1", alike.Email, true)
			again.Name = "Another name"
			a.Want(t, "GET /users/me 200", a.LogInByAcme(t, again)).WantUser(t, victim)
			stranger := harness.Identity("id-2", "stranger@example.org")
			stranger.Name = "Name of id-1"
			if got := a.Want(t, "GET /users/me 200", a.LogInByAcme(t, stranger)); got.Member(t, "id") == victim.ID {
				t.Error("a name made somebody the victim")
			}
		})
	})
	harness.OnEveryStore(t, harness.WithOAuth(t, harness.LinkByEmail), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		planted := a.NewUser(t)
		sessions := []harness.Option{a.LogIn(t, "jwt", planted), a.LogIn(t, "cookie", planted)}
		a.Want(t, "GET /auth/associate/other/callback 200",
			a.Consent(t, "/auth/associate/other", harness.Identity("attacker", "attacker@example.org"), sessions[0]),
			sessions[0])
		owner := a.LogInByAcme(t, harness.Identity("id-1", planted.Email, true))
		for _, s := range sessions {
			a.Want(t, "GET /users/me 401", harness.Case("O23 sessions from before the owner came"), s)
		}
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
			harness.Case("O23 the password from before the owner came"), harness.LoginForm(planted.Email, harness.Password))
		a.Want(t, "GET /auth/jwt/other/callback 400 OAUTH_USER_ALREADY_EXISTS",
			harness.Case("O23 links from before the owner came"),
			a.Consent(t, "/auth/jwt/other", harness.Identity("attacker", planted.Email)))
		if me := a.Want(t, "GET /users/me 200", owner); me.Member(t, "id") != planted.ID ||
			me.Member(t, "is_verified") != true {
			t.Errorf("the owner is %s", me.Body)
		}
	})
}

func TestAttackO34RedirectTargets(t *testing.T) {
	harness.OnEveryAdapter(t,
		harness.WithOAuth(t, func(o *oauth.Options) { o.BeginLimit = core.Limit{Events: 1000, Window: time.Minute} }),
		func(t *testing.T, a *harness.App) {
			a.ServeOAuth(t)
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
				if got := a.Want(t, "GET /auth/cookie/acme/authorize?redirect_to="+url.QueryEscape(target)+
					" 422 query.redirect_to value_error", harness.Case(fmt.Sprintf("O34 %.40q", target))); got.Header.Get("Location") != "" {
					t.Errorf("%q is a target", target)
				}
			}
			for _, target := range []string{
				"/", "/app?y=//z#top", "https://spa.example.org", "https://spa.example.org/in?x=1", "/a..b", "/...", "/..a/b", "/.well-known/x", "/a/", "/a;b=1/c", "/a%20b/caf%C3%A9", "/~ada/%7Eada", "/group%2Fproject", "/100%25",
				"/100%25/of", "/a?x=../..//y", "/a?next=%2F%2Fb%2F..", "/a#/../b//c", "/a.b/c.d", "/a/b:c@d", "https://spa.example.org/a..b/.well-known/?x=//", "https://spa.example.org/",
			} {
				v := a.Authorize(t, harness.AcmeByCookie, "?redirect_to="+url.QueryEscape(target))
				if got := a.Want(t, "GET "+v.Group+"/callback <500",
					v.As(harness.Identity("id-1", "ada@example.org"))); got.Status != 303 ||
					got.Header.Get("Location") != target {
					t.Errorf("%q: got %d to %q", target, got.Status, got.Header.Get("Location"))
				}
			}
		})
}

func TestAttackOAuthLinks(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		victim, attacker := a.NewUser(t), a.NewUser(t)
		cred, evil := a.LogIn(t, "cookie", victim), a.LogIn(t, "cookie", attacker)
		begun := a.Authorize(t, harness.AcmeLinked, "", evil)
		for name, with := range map[string][]harness.Option{"O35 the attacker's flow, without its cookie": {cred},
			"O35 the attacker's flow, with its cookie": {cred, begun.Browser}} {
			a.Want(t, "GET "+harness.CallbackPath(harness.AcmeLinked, begun.State, harness.Identity("evil", "evil@example.org"))+
				" 400 OAUTH_INVALID_STATE", harness.Case(name), harness.All(with...))
		}
		a.Want(t, "GET "+harness.AcmeLinked+"/authorize 401", harness.Case("O35 nobody is logged in"))
		for name, foreign := range harness.CrossOriginHeaders {
			a.Want(t, "DELETE "+harness.AcmeLinked+crossOriginRefused, harness.Case("O35 unlinking from another site, "+name),
				harness.All(append(foreign[:len(foreign):len(foreign)], cred)...))
		}
		if len(a.Links(t, victim.ID)) != 0 {
			t.Error("the attacker's identity is linked to the victim")
		}
		a.Want(t, "GET /auth/associate/acme/callback 200",
			a.Consent(t, harness.AcmeLinked, harness.Identity("id-1", "elsewhere@example.org"), cred), cred)
		a.Want(t, "GET /auth/associate/acme/callback 400 OAUTH_ACCOUNT_ALREADY_LINKED",
			harness.Case("O35 an account that is another user's"),
			a.Consent(t, harness.AcmeLinked, harness.Identity("id-1", "elsewhere@example.org"), evil), evil)
		a.Want(t, "DELETE "+harness.AcmeLinked+" 204", cred) // which has a password

		only := inSession(t, a, a.LogInByAcme(t, harness.Identity("id-2", "only@example.org")))
		a.Want(t, "DELETE "+harness.AcmeLinked+" 409 OAUTH_LAST_LOGIN_METHOD", harness.Case("O37 the only way to log in"),
			only)
		for _, password := range []string{"", "null", "\x00"} {
			body := harness.JSONObject(harness.Object{"email": "only@example.org", "password": password})
			if got := a.Send(t, "POST", "/auth/jwt/login", body); got.Status == 200 {
				t.Errorf("the password %q logs a user in who has none", password)
			}
		}
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("O44 who has no password, by an empty one"),
			harness.JSONObject(harness.Object{"email": "only@example.org", "password": ""}))
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("O44 who has no password, by the word null"),
			harness.JSONObject(harness.Object{"email": "only@example.org", "password": "null"}))
		a.Want(t, "GET /auth/associate/other/callback 200",
			a.Consent(t, "/auth/associate/other", harness.Identity("id-9", "elsewhere@example.org"), only), only)
		a.Want(t, "DELETE "+harness.AcmeLinked+" 204", only)
		a.Want(t, "DELETE /auth/associate/other 409 OAUTH_LAST_LOGIN_METHOD", harness.Case("O37 the last of two"), only)
	})
}

// inSession logs the user of a credential in by acme at the backend session:
// unlinking an account ends a JWT.
func inSession(t *testing.T, a *harness.App, of harness.Option) harness.Option {
	t.Helper()
	id := a.Want(t, "GET /users/me 200", of).Member(t, "id").(string)
	proof := core.Proof{Method: core.MethodOAuth + "acme", At: a.Now()}
	got, err := a.Manager().Login(t.Context(), id, "session", nil, proof)
	if err != nil {
		t.Fatal(err)
	}
	return harness.Credential("session", got.Token.Raw)
}

func TestAttackO50ForeignBegins(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t)
		mine, token := a.LogIn(t, "cookie", u), a.LogIn(t, "jwt", u)
		navigate := []harness.Option{harness.Header("Sec-Fetch-Mode", "navigate"),
			harness.Header("Sec-Fetch-Dest", "document"),
			harness.Header("Sec-Fetch-User", "?1")}
		for name, foreign := range map[string][]harness.Option{
			"a link of another site": {harness.Header("Sec-Fetch-Site", "cross-site")}, "a link of a sibling": {harness.Header("Sec-Fetch-Site", "same-site")},
			"an unknown word": {harness.Header("Sec-Fetch-Site", "x")}, "another letter case": {harness.Header("Sec-Fetch-Site", "Same-Origin")},
			"the header twice":   {harness.Header("Sec-Fetch-Site", "same-origin"), harness.Header("Sec-Fetch-Site", "cross-site")},
			"the origin alone":   {harness.Header("Origin", "https://evil.example")},
			"the origin null":    {harness.Header("Origin", "null")},
			"a fetch of another": {harness.Header("Origin", "https://evil.example"), harness.Header("Sec-Fetch-Site", "cross-site")},
		} {
			for _, query := range []string{"", "?redirect_to=/settings"} {
				got := a.Want(t, "GET "+harness.AcmeLinked+"/authorize"+query+crossOriginRefused, harness.Case("O50 "+name+query),
					harness.All(append(append(navigate, mine), foreign...)...))
				if got.Header.Get("Location") != "" || len(got.Header["Set-Cookie"]) != 0 {
					t.Errorf("%s begins: %v", name, got.Header)
				}
			}
			if got := a.Send(t, "HEAD", harness.AcmeLinked+"/authorize", append(foreign, mine)...); got.Status != 403 ||
				len(got.Header["Set-Cookie"]) != 0 {
				t.Errorf("%s, HEAD: %d %v", name, got.Status, got.Header)
			}
		}
		if n := harness.ProvidersOf(a).Acme.Beginnings(); n != 0 {
			t.Errorf("the provider was asked %d times", n)
		}
		a.Want(t, "GET "+harness.AcmeLinked+"/authorize 401", harness.Case("O50 nobody is logged in"),
			harness.Header("Sec-Fetch-Site", "cross-site"))

		who := func(i int) core.OAuthIdentity { return harness.Identity(fmt.Sprint("id-", i), "elsewhere@example.org") }
		for i, own := range [][]harness.Option{
			{harness.Header("Sec-Fetch-Site", "same-origin")}, {harness.Header("Sec-Fetch-Site", "none")}, {}, {harness.Header("Origin", a.URL)},
			{harness.Header("Sec-Fetch-Site", "same-origin"), harness.Header("Origin", a.URL)},
		} {
			v := a.Authorize(t, harness.AcmeLinked, "", append(own, mine)...)
			fromProvider := []harness.Option{mine, harness.Header("Sec-Fetch-Site", "cross-site"),
				harness.Header("Sec-Fetch-Mode", "navigate")}
			a.Want(t, "GET "+v.Group+"/callback 200", v.As(who(i)), harness.All(fromProvider...))
		}
		if n := len(a.Links(t, u.ID)); n != 5 {
			t.Errorf("twin: %d of 5 accounts are linked", n)
		}
		// A token is sent by no browser of itself: a front end of
		// another origin that has it is the user's.
		spa := []harness.Option{token, harness.Header("Origin", "https://spa.example.org"),
			harness.Header("Sec-Fetch-Site", "cross-site"),
			harness.Header("Sec-Fetch-Mode", "cors")}
		a.Want(t, "GET /auth/associate/acme/callback 200", a.Authorize(t, harness.AcmeLinked, "", spa...).As(who(9)),
			harness.All(spa...))
		// A login begins from anywhere: it is bound to the browser, and
		// links nothing to the one who is logged in.
		a.Want(t, "GET /auth/cookie/acme/callback 204",
			a.Authorize(t, harness.AcmeByCookie, "", harness.Header("Sec-Fetch-Site", "cross-site"),
				mine).As(harness.Identity("new", "new@example.org")))
	})
}

func TestAttackOAuthGate(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil, harness.WithSecondFactor), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		who := harness.Identity("id-1", "ada@example.org")
		a.LogInByAcme(t, who)
		u, err := a.Manager().FindByEmail(t.Context(), who.Email)
		if err != nil {
			t.Fatal(err)
		}
		a.EditStored(t, u, harness.Inactive)
		for _, group := range []string{harness.AcmeByJWT, harness.AcmeByCookie} {
			a.Want(t, "GET "+group+"/callback 400 LOGIN_BAD_CREDENTIALS", harness.Case("O38 somebody inactive, "+group),
				a.Consent(t, group, who))
		}
		a.EditStored(t, u, func(u *harness.Account) { u.IsActive, u.FullName = true, harness.EnrolledName })
		t.Run("O40 the second factor is asked for", func(t *testing.T) {
			v := a.Authorize(t, harness.AcmeByCookie, "")
			// a refusal that ends the flow, so its cookie goes
			got := a.Send(t, "GET", harness.CallbackPath(harness.AcmeByCookie, v.State, who), v.Browser)
			if got.Status != http.StatusForbidden ||
				strings.Contains(strings.Join(got.Header["Set-Cookie"], " "), harness.CookieName+"=") {
				t.Errorf("got %d %s %v", got.Status, got.Body, got.Header)
			}
			back := a.Want(t, "GET /auth/cookie/acme/callback <500",
				a.Authorize(t, harness.AcmeByCookie, "?redirect_to=/app").As(who))
			if to := back.Header.Get("Location"); to != "/app?error=LOGIN_FACTOR_REQUIRED" ||
				strings.Contains(strings.Join(back.Header["Set-Cookie"], " "), harness.CookieName+"=") {
				t.Errorf("in redirect mode: %d to %q", back.Status, to)
			}
			if names := cookieNames(back); !slices.Equal(names, cookieNames(got)) {
				t.Errorf("the redirect sets the cookies %q, the answer in JSON %q", names, cookieNames(got))
			}
			l := land(t, a, "")
			exchanged := a.Send(t, "POST", "/auth/jwt/exchange", l.traded(), l.browser())
			detail, _ := exchanged.Member(t, "detail").(harness.Object)
			if pending, _ := detail["pending"].(string); exchanged.Status != 403 || len(pending) != core.SecretLen {
				t.Errorf("the exchange answers %d %s", exchanged.Status, exchanged.Body)
			}
		})
		a.EditStored(t, u, func(u *harness.Account) { u.FullName = "" })
		a.LogInByAcme(t, who)
	})
}

// cookieNames are those that an answer sets, but for the random end of a
// flow's.
func cookieNames(got harness.Answer) (names []string) {
	for _, line := range got.Header["Set-Cookie"] {
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
	logs := harness.PerApp[harness.Journal]{}
	harness.OnEveryAdapter(t,
		harness.WithOAuth(t, nil, func(a *harness.App, o *harness.Options) { o.Log = logs.Of(a).Logger() }),
		func(t *testing.T, a *harness.App) {
			p := a.ServeOAuth(t)
			who := harness.Identity("id-1", "ada@example.org")
			v := a.Authorize(t, harness.AcmeByJWT, "?redirect_to=https://spa.example.org/in&code_challenge="+
				challengeOf(verifier))
			back := a.Want(t, "GET "+v.Group+"/callback <500", v.As(who))
			to, err := url.Parse(back.Header.Get("Location"))
			if err != nil || to.Host != "spa.example.org" {
				t.Fatalf("got %d to %q", back.Status, back.Header.Get("Location"))
			}
			code := to.Query().Get("code")
			exchanged := a.Want(t, "POST /auth/jwt/exchange 200",
				harness.JSONObject(harness.Object{"code": code, "code_verifier": verifier}))
			token, _ := exchanged.Member(t, "access_token").(string)
			p.Fail(errors.New("the provider fails"))
			failed := a.Want(t, "GET /auth/jwt/acme/callback 502 OAUTH_PROVIDER_ERROR", a.Consent(t, harness.AcmeByJWT, who))
			p.Fail(nil)
			t.Run("O43 no token in a URL", func(t *testing.T) {
				if strings.Contains(to.String(), token) || token == "" {
					t.Errorf("the token stands in %s", to)
				}
			})
			t.Run("O43 a code is exchanged once, within a minute, at its backend", func(t *testing.T) {
				a.Want(t, notExchanged, harness.JSONObject(harness.Object{"code": code, "code_verifier": verifier}))
				elsewhere := land(t, a, "")
				a.Want(t, "POST /auth/session/exchange 400 OAUTH_INVALID_STATE", elsewhere.traded(), elsewhere.browser())
				late := land(t, a, "")
				a.Advance(time.Minute)
				a.Want(t, notExchanged, late.traded(), late.browser())
				inTime := land(t, a, "")
				a.Want(t, "POST /auth/jwt/exchange 200", inTime.traded(), inTime.browser())
			})
			t.Run("O43 no Referer", func(t *testing.T) {
				for name, got := range map[string]harness.Answer{"authorize": v.Answer, "callback": back} {
					if got.Header.Get("Referrer-Policy") != "no-referrer" {
						t.Errorf("%s: %v", name, got.Header)
					}
				}
			})
			t.Run("O43 nothing in logs and answers", func(t *testing.T) {
				said := logs.Of(a).String()
				for name, secret := range map[string]string{
					"access token": harness.AccessCanary, "refresh token": harness.RefreshCanary, "state": v.State, "nonce": p.Nonce(v.State), "code": code, "our token": token,
				} {
					if secret == "" || strings.Contains(said, secret) {
						t.Errorf("the log has the %s", name)
					}
					if name != "our token" && strings.Contains(failed.Body+exchanged.Body+v.Body, secret) {
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
				for _, l := range a.Links(t, u.ID) {
					if kept := toJSON(t, l); strings.Contains(l.AccessToken+l.RefreshToken+kept, "canary") {
						t.Errorf("tokens are kept in clear: %s", kept)
					}
				}
			})
		})
}

func TestAttackOAuthOutages(t *testing.T) {
	harness.OnEveryStore(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		who := harness.Identity("id-1", "ada@example.org")
		for _, down := range []string{"tickets", "accounts", "users", "accounts.Create"} {
			v := a.Authorize(t, harness.AcmeByJWT, "")
			a.Break(down)
			a.Want(t, "GET "+v.Group+"/callback 503 SERVICE_UNAVAILABLE", harness.Case("F01 "+down+" cannot be asked"),
				v.As(who))
			a.Mend()
			if page, _, err := a.Stores.Users.List(t.Context(), core.Query{Limit: 10}); err != nil || len(page) != 0 {
				t.Errorf("%s: there are %d users (%v)", down, len(page), err)
			}
		}
		a.LogInByAcme(t, who)
	})
}

func TestO11TwoIssuersBehindOneRedirectURL(t *testing.T) {
	a := harness.Acme{ID: "acme"}
	b := harness.Acme{ID: "other"}
	for url, want := range map[string]bool{"https://app.example.org/cb": true, "https://app.example.org/other": false} {
		_, err := oauth.New(oauth.Options{Accounts: memstore.NewOAuthAccounts(), Secret: harness.Secret,
			Providers: []oauth.Provider{
				{Provider: &a, RedirectURL: "https://app.example.org/cb"}, {Provider: &b, RedirectURL: url},
			}})
		if (err != nil) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}
