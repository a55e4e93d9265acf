package latchkey_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// embedding is a decorator that has the At of what it decorates.
type embedding struct{ *cookie.Transport }

func (embedding) Protect(core.Head) error { return core.Forbidden() }

// TestFieldF5AProxyThatRewritesHost: browsers see the base URL, whatever Host
// says.
func TestFieldF5AProxyThatRewritesHost(t *testing.T) {
	t.Parallel()
	for base, allowed := range map[string]string{
		"https://app.example.org": "https://app.example.org", "https://App.example.org:443/app": "https://app.example.org",
		"https://app.example.org:8443": "https://app.example.org:8443", "http://127.0.0.1:80": "http://127.0.0.1",
		"http://[::1]:8080": "http://[::1]:8080",
	} {
		a := newApp(t, func(o *latchkey.Options[Member]) {
			cookies, err := cookie.New(cookie.Options{})
			if err != nil {
				t.Fatal(err)
			}
			o.Backends[0].Transport, o.BaseURL = cookies, base
		})
		a.register("ada@example.org")
		for origin, status := range map[string]int{
			allowed: 204, "https://evil.example": 403, "null": 403, allowed + ":1": 403, allowed + ".evil.example": 403,
			strings.Replace(allowed, "http", "ftp", 1): 403, "https://www.app.example.org": 403,
		} {
			r, err := http.NewRequest("POST", a.url+"/auth/web/login", strings.NewReader("username=ada@example.org&password="+
				strings.ReplaceAll(password, " ", "+")))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "upstream:8080"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", origin)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != status {
				t.Errorf("base URL %s, a login from %s: got %d, want %d", base, origin, resp.StatusCode, status)
			}
		}
	}
}

// A decorator is not replaced by what it decorates.
func TestFieldF5DecoratorsStay(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(o *latchkey.Options[Member]) {
		cookies, err := cookie.New(cookie.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends[0].Transport, o.BaseURL = embedding{cookies}, "https://app.example.org"
	})
	a.register("ada@example.org")
	if got := a.login("ada@example.org", password); got.status != 403 {
		t.Errorf("got %d, want the decorator's 403", got.status)
	}
}
