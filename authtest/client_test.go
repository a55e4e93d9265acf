package authtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
)

// echo answers with what a client sent.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s %s %s|%s|%s", r.Method, r.Host, r.URL, body, r.Header.Get("Content-Type"),
		r.Header.Get("Cookie"))
})

func TestRequests(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	c := authtest.As(t, app.Auth, "api", authtest.User[Member]())
	for _, one := range []struct{ method, target, body, want string }{
		{"GET", "/a?b=c", "", "GET app.example.org /a?b=c ||"},
		{"POST", "/a", `{"b": "c"}`, `POST app.example.org /a {"b": "c"}|application/json|`},
		{"POST", "/a", `b=c`, `POST app.example.org /a b=c|application/x-www-form-urlencoded|`},
		{"DELETE", "https://other.example.org/a", "", `DELETE other.example.org https://other.example.org/a ||`},
	} {
		if w := c.Do(echo, one.method, one.target, one.body); w.Body.String() != one.want {
			t.Errorf("%s %s %s: got %s, want %s", one.method, one.target, one.body, w.Body, one.want)
		}
	}
	for _, target := range []string{"", "users/me", "/a b", "/\x00"} {
		wantSentence(t, saying(t, func(tb testing.TB) { authtest.NewClient(tb).Do(echo, "GET", target, "") }), "/users/me")
	}
	wantSentence(t, saying(t, func(tb testing.TB) { authtest.NewClient(tb).Do(echo, "GET /", "/", "") }),
		"a method such as GET")
}

func TestCookiesFollowAnswers(t *testing.T) {
	t.Parallel()
	set := ""
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if set != "" {
			w.Header().Add("Set-Cookie", set)
		}
		_, _ = io.WriteString(w, r.Header.Get("Cookie"))
	})
	c := authtest.NewClient(t)
	for _, one := range []struct{ name, path, set, want string }{
		{"none at first", "/", "", ""},
		{"one", "/", "a=1; Path=/", ""},
		{"it is sent", "/", "a=2; Path=/", "a=1"},
		{"the newer one", "/", "b=3; Path=/in; Max-Age=60", "a=2"},
		{"not under another path", "/into", "", "a=2"},
		{"under its path", "/in/side", "a=; Path=/; Max-Age=0", "a=2; b=3"},
		{"one is deleted", "/in", "b=; Path=/in; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=3"},
		{"both are", "/in", "nonsense", ""},
		{"nonsense is none", "/in", "", ""},
	} {
		set = one.set
		if w := c.Do(h, "GET", one.path, ""); w.Body.String() != one.want {
			t.Errorf("%s: sent %q, want %q", one.name, w.Body, one.want)
		}
	}
}

// A logout takes the cookie away, but for that of a known browser; another
// client of the user stays.
func TestLogout(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	h, ada := site(app.Auth), authtest.User[Member]()
	httpauth.Mount(h, "/auth/web", app.Login("web"))
	c, other := authtest.As(t, app.Auth, "web", ada), authtest.As(t, app.Auth, "web", ada)
	if w := c.Do(h, "POST", "/auth/web/logout", ""); w.Code != 204 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if r := c.Request("GET", "/home", ""); !strings.HasPrefix(r.Header.Get("Cookie"), "__Host-latchkey-known=") {
		t.Errorf("the client still sends %q", r.Header.Get("Cookie"))
	}
	wantStatus(t, c, h, 401)
	wantStatus(t, other, h, 200)
}

// A test may be another site.
func TestHeader(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	h := site(app.Auth)
	c := authtest.As(t, app.Auth, "web", authtest.User[Member]())
	for site, status := range map[string]int{"same-origin": 200, "cross-site": 403} {
		c.Header.Set("Sec-Fetch-Site", site)
		if w := c.Do(h, "POST", "/home", ""); w.Code != status {
			t.Errorf("%s: got %d %s, want %d", site, w.Code, w.Body, status)
		}
	}
}

func TestApplyKeepsOtherCookies(t *testing.T) {
	t.Parallel()
	c := authtest.NewClient(t)
	c.Keep(&http.Response{Header: http.Header{"Set-Cookie": {"a=1"}}})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "own=2; a=0")
	for range 2 {
		if c.Apply(r); r.Header.Get("Cookie") != "own=2; a=1" {
			t.Errorf("got %q", r.Header.Get("Cookie"))
		}
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	h, ada := site(app.Auth), authtest.User[Member]()
	httpauth.Mount(h, "/auth/web", app.Login("web"))
	server := httptest.NewServer(h)
	defer server.Close()
	c := authtest.As(t, app.Auth, "web", ada)
	client := c.HTTP()
	for _, one := range []struct {
		method, path string
		status       int
	}{{"GET", "/home", 200}, {"POST", "/auth/web/logout", 204}, {"GET", "/home", 401}} {
		r, err := http.NewRequestWithContext(t.Context(), one.method, server.URL+one.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != one.status {
			t.Errorf("%s %s: got %d, want %d", one.method, one.path, resp.StatusCode, one.status)
		}
	}
}
