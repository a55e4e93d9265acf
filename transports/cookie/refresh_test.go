package cookie_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

func TestRefreshCookie(t *testing.T) {
	token := core.Token{
		Raw: "t", Refresh: "r", Expires: now.Add(10 * time.Minute), RefreshExpires: now.Add(30 * 24 * time.Hour),
	}
	for _, c := range []struct {
		name string
		o    cookie.Options
		want string
	}{
		{
			"default", cookie.Options{RefreshPath: "/auth/web"},
			"__Secure-latchkey-refresh=r; Path=/auth/web; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"of every request", cookie.Options{RefreshPath: "/", MaxAge: time.Minute},
			"__Host-latchkey-refresh=r; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"plain http", cookie.Options{RefreshPath: "/auth/web", InsecureHTTP: true},
			"latchkey-refresh=r; Path=/auth/web; Max-Age=2592000; HttpOnly; SameSite=Strict",
		},
		{
			"this host alone, and no scripts",
			cookie.Options{Name: "__secure-s", Domain: "example.org", RefreshPath: "/a", InsecureScriptAccess: true},
			"__Secure-s-refresh=r; Path=/a; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"embedded in other sites",
			cookie.Options{RefreshPath: "/a", SameSite: http.SameSiteNoneMode, Partitioned: true},
			"__Secure-latchkey-refresh=r; Path=/a; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Now = func() time.Time { return now }
			transport := newTransport(t, c.o)
			resp := core.Empty(0)
			transport.Attach(resp, token)
			lines := resp.Header["Set-Cookie"]
			if got := lines[len(lines)-1]; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	ended := core.Empty(0)
	transport := newTransport(t, cookie.Options{RefreshPath: "/auth/web", Now: func() time.Time { return now }})
	transport.Attach(ended, core.Token{Raw: "t", Refresh: "r", RefreshExpires: now})
	line := strings.Join(ended.Header["Set-Cookie"], "\n")
	if !strings.Contains(line, "refresh=r; Path=/auth/web; Max-Age=0") {
		t.Errorf("a token that has expired: %s", line)
	}
}

// T15: two cookies are refused, and the answer drops those that an application
// may have set itself.
func TestAttackT15TwoRefreshCookies(t *testing.T) {
	transport := newTransport(t, cookie.Options{RefreshPath: "/auth/web"})
	h := head{http.MethodPost, http.Header{"Cookie": {"__Secure-latchkey-refresh=a; __Secure-latchkey-refresh=b"}}}
	_, err := transport.ExtractRefresh(h)
	var refusal *core.Error
	if !errors.As(err, &refusal) || refusal.Code != core.CodeDuplicateCredentials {
		t.Fatalf("got %v", err)
	}
	resp := core.Empty(0)
	resp.Header = refusal.Header
	wantSetCookie(t, resp,
		"__Secure-latchkey-refresh=; Path=/auth; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		"__Secure-latchkey-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		"__Secure-latchkey-refresh=; Path=/auth/web; Max-Age=0; HttpOnly; Secure; SameSite=Strict")
}

func TestRefreshPathRefused(t *testing.T) {
	for _, path := range []string{"auth", "/auth/", "/a;b", "/a\n"} {
		_, err := cookie.New(cookie.Options{RefreshPath: path})
		if err == nil || !strings.Contains(err.Error(), "RefreshPath") {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

// Without a path nothing is set, and nothing is read.
func TestNoRefreshCookie(t *testing.T) {
	transport := newTransport(t, cookie.Options{})
	resp := core.Empty(0)
	transport.Attach(resp, core.Token{Raw: "t", Refresh: "r"})
	transport.Clear(resp)
	line := strings.Join(resp.Header["Set-Cookie"], "\n")
	if strings.Contains(line, "refresh") || transport.CarriesRefresh() {
		t.Errorf("got %s", line)
	}
	h := head{http.MethodPost, http.Header{"Cookie": {"__Secure-latchkey-refresh=a; =b"}}}
	if _, err := transport.ExtractRefresh(h); !errors.Is(err, core.ErrNoCredential) {
		t.Errorf("got %v", err)
	}
}
