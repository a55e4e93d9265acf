package routes_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

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
