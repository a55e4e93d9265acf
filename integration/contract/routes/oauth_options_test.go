package routes_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestFieldM7NativeApplications: a login may return into an application by the
// very URL that is on the list, with a code that is bound to a challenge.
func TestFieldM7NativeApplications(t *testing.T) {
	t.Parallel()
	apps := func(o *oauth.Options) {
		o.RedirectOrigins = append(o.RedirectOrigins, "myapp://done", "com.example.app:/oauth?from=web",
			"com.example.tv:done")
	}
	harness.OnEveryAdapter(t, harness.WithOAuth(t, apps), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		ada := harness.Identity("id-1", "ada@example.org")
		for target, page := range map[string]string{
			"myapp://done": "myapp://done?", "com.example.tv:done": "com.example.tv:done?",
			"com.example.app:/oauth?from=web": "com.example.app:/oauth?",
		} {
			begin := "?redirect_to=" + url.QueryEscape(target)
			a.Want(t, "GET "+harness.AcmeByJWT+"/authorize"+begin+" 422 query.code_challenge value_error (field M7)")
			begin += "&code_challenge=" + challenge
			v := a.Authorize(t, harness.AcmeByJWT, begin)
			got := a.Send(t, "GET", v.Group+"/callback", v.As(ada))
			if to := got.Header.Get("Location"); !strings.HasPrefix(to, page) {
				t.Errorf("field M7 %s: the browser is sent to %q", target, to)
			}
			a.Want(t, "POST /auth/jwt/exchange 200", exchanged(t, got))

			declined := a.Authorize(t, harness.AcmeByJWT, begin)
			for name, with := range map[string]harness.Option{"": declined.Browser, " and without the cookie": harness.All()} {
				got := a.Send(t, "GET", declined.Group+"/callback?error=access_denied&state="+declined.State, with)
				if to := got.Header.Get("Location"); to != page+"error=access_denied" &&
					to != page+"error=access_denied&from=web" || len(got.Header["Set-Cookie"]) > 1 {
					t.Errorf("field M7 %s, declined%s: the browser is sent to %q", target, name, to)
				}
			}
		}
		for _, target := range []string{
			"myapp://done/", "myapp://done/x", "myapp://done?x=1", "myapp://done#x", "myapp://donee", "myapp://don", "MYAPP://done", "myapp:/done",
			"myapp://x@done", "myapp://done%00", " myapp://done", "com.example.app:/oauth", "com.example.app:/oauth?from=web&x=1", "other://done",
			"javascript:alert(1)", "myapp", "myapp:",
		} {
			a.Want(t, "GET "+harness.AcmeByJWT+"/authorize?code_challenge="+challenge+"&redirect_to="+url.QueryEscape(target)+
				" 422 query.redirect_to value_error", harness.Case("field M7 "+target))
		}
		a.Authorize(t, harness.AcmeByCookie, "?redirect_to=https://spa.example.org/x") // origins stay origins
	})
}

var flowCookie = regexp.MustCompile(`-[0-9a-f]{32}=[^;]*;`)

// TestFieldM8CookieAttributes: the flow's cookie has the attributes of the
// options wherever it is set or dropped, and a login works.
func TestFieldM8CookieAttributes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cookie oauth.Cookie
		want   string // what is set; dropped alike
	}{
		"default": {oauth.Cookie{}, "__Host-latchkey-oauth Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"},
		"domain": {oauth.Cookie{Domain: "example.org"},
			"__Secure-latchkey-oauth Path=/; Domain=example.org; Max-Age=600; HttpOnly; Secure; SameSite=Lax"},
		"name and path": {oauth.Cookie{Name: "csrf", Path: "/auth"}, "csrf Path=/auth; Max-Age=600; HttpOnly; Secure; SameSite=Lax"},
		"frame": {oauth.Cookie{SameSite: http.SameSiteNoneMode, Partitioned: true},
			"__Host-latchkey-oauth Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None; Partitioned"},
	} {
		t.Run(name, func(t *testing.T) {
			attributes := func(o *oauth.Options) { o.Cookie = c.cookie }
			harness.OnEveryAdapter(t, harness.WithOAuth(t, attributes), func(t *testing.T, a *harness.App) {
				a.ServeOAuth(t)
				v := a.Authorize(t, harness.AcmeByJWT, "")
				if got := flowCookie.ReplaceAllString(v.Header.Get("Set-Cookie"), ""); got != c.want {
					t.Errorf("field M8: begin sets %q, want %q", got, c.want)
				}
				end := a.Want(t, "GET "+v.Group+"/callback 200", v.As(harness.Identity("id-1", "ada@example.org")))
				dropped := strings.Replace(c.want, "Max-Age=600", "Max-Age=0", 1)
				if got := flowCookie.ReplaceAllString(end.Header.Get("Set-Cookie"), ""); got != dropped {
					t.Errorf("field M8: the end sets %q, want %q", got, dropped)
				}
				// Nine flows of a browser are one too many.
				cookies := harness.All()
				for range 8 {
					cookies = harness.All(cookies, a.Authorize(t, harness.AcmeByJWT, "").Browser)
				}
				if n := len(a.Send(t, "GET", harness.AcmeByJWT+"/authorize", cookies).Header["Set-Cookie"]); n != 2 {
					t.Errorf("field M8: the ninth flow sets %d cookies", n)
				}
			})
		})
	}
	elsewhere := func(o *oauth.Options) { o.Cookie = oauth.Cookie{Path: "/elsewhere"} }
	harness.OnOneAdapter(t, harness.WithOAuth(t, elsewhere), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		a.Want(t, "GET "+harness.AcmeByJWT+"/authorize 500 (field M8: a path that does not cover the callback)")
	})
}

// TestOAuthEmptyScopes: FastAPI Users takes an empty scope (findings b21).
func TestOAuthEmptyScopes(t *testing.T) {
	t.Parallel()
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		for _, bad := range []string{"scopes=", "scopes=repo&scopes=", "scopes=a%20b"} {
			a.Want(t, "GET "+harness.AcmeByJWT+"/authorize?"+bad+" 422 query.scopes value_error", harness.Case("b21 "+bad))
		}
		a.Authorize(t, harness.AcmeByJWT, "?scopes=repo&scopes=gist")
	})
}
