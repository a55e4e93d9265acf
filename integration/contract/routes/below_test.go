package routes_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// onEveryPrefix runs a test with an application below a prefix in each way that
// frameworks have.
func onEveryPrefix(t *testing.T, test func(t *testing.T, a *harness.App, acme *harness.Acme)) {
	t.Helper()
	for name, adapter := range harness.Below {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := harness.NewApp(t, adapter, harness.Memory, harness.WithOAuth(t, nil))
			acme := a.ServeOAuth(t)
			a.URL += harness.Prefix
			test(t, a, acme)
		})
	}
}

// What a browser is sent to lies below the prefix.
func TestFieldF2BelowAPrefix(t *testing.T) {
	onEveryPrefix(t, func(t *testing.T, a *harness.App, acme *harness.Acme) {
		admin := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		leads := func(path, location, want string) {
			t.Helper()
			base, err1 := url.Parse(harness.BaseURL + harness.Prefix + path)
			to, err2 := base.Parse(location)
			if err1 != nil || err2 != nil || !strings.HasPrefix(to.String(), harness.BaseURL+harness.Prefix+want) {
				t.Errorf("%s: %s leads to %v, want %s", path, location, to, want)
			}
		}
		for _, group := range []string{harness.AcmeByJWT, harness.AcmeByCookie, harness.AcmeLinked} {
			v := a.Authorize(t, group, "", admin)
			if got, want := acme.RedirectURI(v.State), harness.BaseURL+harness.Prefix+group+"/callback"; got != want {
				t.Errorf("the redirect URI is %s, want %s", got, want)
			}
			_, query, _ := strings.Cut(harness.CallbackPath(group, v.State, harness.Identity("id-1", "ada@example.org")), "?")
			posted := a.Send(t, "POST", group+"/callback", harness.Body("application/x-www-form-urlencoded", query))
			if posted.Status != 303 {
				t.Errorf("a posted callback: %d %s", posted.Status, posted.Body)
			}
			leads(group+"/callback", posted.Header.Get("Location"), group+"/callback?")
		}
		v := a.Authorize(t, harness.AcmeByJWT, "")
		a.Want(t, "GET "+harness.AcmeByJWT+"/callback 200 (the flow's cookie comes back below the prefix)",
			v.As(harness.Identity("id-2", "grace@example.org")))
		for _, path := range []string{"/users", "/users/"} {
			link, _, _ := strings.Cut(a.Send(t, "GET", path+"?limit=1", admin).Header.Get("Link"), ">")
			leads(path, strings.TrimPrefix(link, "<"), path+"?")
		}
		leads("/users/me/", a.Send(t, "GET", "/users/me/").Header.Get("Location"), "/users/me")
		leads("/auth/jwt/login/", a.Send(t, "POST", "/auth/jwt/login/").Header.Get("Location"), "/auth/jwt/login")
	})
}

// A proxy that rewrites Host, before every kind of router.
func TestAttackC13ARewrittenHost(t *testing.T) {
	onEveryPrefix(t, func(t *testing.T, a *harness.App, _ *harness.Acme) {
		u := a.NewUser(t)
		for name, c := range map[string]struct {
			origin string
			status string
		}{
			"twin: the base URL's": {harness.BaseURL, "204"},
			"twin: the Host's own": {"http://upstream:8080", "204"},
			"evil host":            {"https://evil.example", "403 " + core.CodeCrossOriginRefused},
			"own host as prefix":   {harness.BaseURL + ".evil.example", "403 " + core.CodeCrossOriginRefused},
			"other port":           {harness.BaseURL + ":8443", "403 " + core.CodeCrossOriginRefused},
			"other scheme":         {strings.Replace(harness.BaseURL, "https", "ftp", 1), "403 " + core.CodeCrossOriginRefused},
			"sibling":              {"https://www.example.org", "403 " + core.CodeCrossOriginRefused},
			"null":                 {"null", "403 " + core.CodeCrossOriginRefused},
		} {
			a.Want(t, "POST /auth/cookie/login "+c.status, harness.Case("C13 "+name),
				harness.LoginForm(u.Email, harness.Password), harness.Header("Origin", c.origin),
				func(r *http.Request) { r.Host = "upstream:8080" })
		}
	})
}
