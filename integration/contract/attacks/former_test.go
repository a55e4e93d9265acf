package attacks_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// twoForms is an application whose cookie got a Domain, and that had two other
// forms before.
func twoForms(a *harness.App, o *harness.Options) {
	transport, err := cookie.New(cookie.Options{
		Name: "session", Domain: "app.example", InsecureHTTP: true, Now: a.Now,
		Former: []cookie.Form{{Path: "/users"}, {Domain: "www.app.example"}},
	})
	if err != nil {
		panic(err)
	}
	for i := range o.Backends {
		if o.Backends[i].Name == "cookie" {
			o.Backends[i].Transport = transport
		}
	}
}

// A browser keeps a cookie of each form that the application's had.
func TestAttackS26FormerForms(t *testing.T) {
	harness.OnEveryAdapter(t, twoForms, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		former := map[string]*http.Cookie{
			"this host alone": {Path: "/"},
			"another path":    {Path: "/users"},
			"a subdomain":     {Path: "/", Domain: "www.app.example"},
		}
		for name, c := range former {
			c.Name, c.Value = "session", a.Token(t, "session", u)
			t.Run("S26 "+name+": the refusal drops both, and the next login works (field F18)", func(t *testing.T) {
				b := newBrowser(t, a)
				b.want("POST", "/auth/cookie/login", u, 204)
				b.jar.SetCookies(b.site, []*http.Cookie{c})
				b.want("GET", "/users/me", nil, 400)
				b.want("GET", "/users/me", nil, 401)
				b.want("POST", "/auth/cookie/login", u, 204)
				b.want("GET", "/users/me", nil, 200)
			})
			t.Run("S26 "+name+": a login drops the former one (field F18)", func(t *testing.T) {
				b := newBrowser(t, a)
				b.jar.SetCookies(b.site, []*http.Cookie{c})
				b.want("POST", "/auth/cookie/login", u, 204)
				b.want("GET", "/users/me", nil, 200)
				b.want("POST", "/auth/cookie/logout", nil, 204)
				b.want("GET", "/users/me", nil, 401)
			})
		}
		t.Run("S26 the application's own routes too (field F18)", func(t *testing.T) {
			b := newBrowser(t, a)
			b.want("POST", "/auth/cookie/login", u, 204)
			b.jar.SetCookies(b.site, []*http.Cookie{{Name: "session", Value: "x", Path: "/"}})
			b.want("GET", "/authenticated-route", nil, 400)
			b.want("POST", "/auth/cookie/login", u, 204)
			b.want("GET", "/authenticated-route", nil, 200)
		})
		t.Run("S26 twin: other cookies stay", func(t *testing.T) {
			b := newBrowser(t, a)
			b.jar.SetCookies(b.site, []*http.Cookie{
				{Name: "theme", Value: "dark", Path: "/"}, {Name: "session-x", Value: "y", Path: "/"},
			})
			b.want("POST", "/auth/cookie/login", u, 204)
			b.want("GET", "/users/me", nil, 200)
			if n := len(b.jar.Cookies(b.site)); n != 4 { // the session's, and a known browser's
				t.Errorf("%d cookies, want 4", n)
			}
		})
	})
}

// browser keeps cookies for http://www.app.example, which is the application.
type browser struct {
	t    *testing.T
	jar  *cookiejar.Jar
	site *url.URL
	http *http.Client
}

func newBrowser(t *testing.T, a *harness.App) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	direct := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(a.URL, "http://"))
	}}
	t.Cleanup(direct.CloseIdleConnections)
	site := &url.URL{Scheme: "http", Host: "www.app.example", Path: "/users/me"}
	return &browser{t, jar, site, &http.Client{Jar: jar, Transport: direct}}
}

// want sends a request, a login where there is a user, and checks the status of
// the answer.
func (b *browser) want(method, path string, u *harness.Account, status int) {
	b.t.Helper()
	body := ""
	if u != nil {
		body = url.Values{"username": {u.Email}, "password": {harness.Password}}.Encode()
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, "http://"+b.site.Host+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if u != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s: got %d %s, want %d", method, path, resp.StatusCode, text, status)
	}
}
