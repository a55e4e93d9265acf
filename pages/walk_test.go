package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// served are the routes of an application on net/http.
func served(a *pagewalk.App) pagewalk.Serve {
	mux := http.NewServeMux()
	httpauth.Mount(mux, a.Prefix, a.Routes())
	return pagewalk.Handler(httpauth.JSONErrors(mux))
}

func TestWalk(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/nested/deep"} {
		t.Run("at "+prefix, func(t *testing.T) {
			t.Parallel()
			a := pagewalk.New(t, prefix, nil)
			a.Walk(t, served(a))
		})
	}
}

// A proxy cuts off a prefix that the base URL has: links, redirects and mails
// have it again.
func TestBehindAProxyThatCutsOffAPrefix(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.BaseURL = pagewalk.Origin + "/app" })
	inner := served(a)
	serve := func(r *http.Request) (*http.Response, error) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/app")
		r.RequestURI = r.URL.RequestURI()
		return inner(r)
	}
	a.Prefix = "/app"
	a.Walk(t, serve)
}

// http.StripPrefix cuts off a prefix, which the base URL has or has not.
func TestBelowStripPrefix(t *testing.T) {
	t.Parallel()
	for links, base := range map[string]string{"/app": pagewalk.Origin, "": pagewalk.Origin + "/app"} {
		t.Run("at "+base, func(t *testing.T) {
			t.Parallel()
			a := pagewalk.New(t, links, func(o *pagewalk.Options) { o.BaseURL = base })
			a.Prefix = "/app"
			mux := http.NewServeMux()
			httpauth.Mount(mux, "", a.Routes())
			a.Walk(t, pagewalk.Handler(http.StripPrefix("/app", httpauth.JSONErrors(mux))))
		})
	}
}

// Over plain http browsers send no Sec-Fetch-Site: Origin and Referer decide.
func TestOverPlainHTTP(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Cookie.InsecureHTTP = true })
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Site = ""
	a.Add(t, "ada@example.org", nil)
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	for _, line := range b.Post("/account/profile", "fields", "full_name", "full_name", "B").Header["Set-Cookie"] {
		if strings.Contains(line, "Secure") || strings.HasPrefix(line, "__Host-") || !strings.Contains(line, "HttpOnly") {
			t.Errorf("a cookie over http: %s", line)
		}
	}
	for referer, want := range map[string]int{"": 200, "https://evil.example/": 200, "http://app.example.org/": 303} {
		if got := b.Do("GET", "/login/acme", "", "", "Referer", referer); got.Status != want {
			t.Errorf("to the provider from %q: %d, want %d", referer, got.Status, want)
		}
	}
	for origin, want := range map[string]int{"null": 403, "http://evil.example": 403, "http://app.example.org": 400} {
		b.Do("POST", "/login", "application/x-www-form-urlencoded", "username=a&password=b", "Origin", origin).Want(want)
	}
}

// Every post of another site is refused, whatever the page, from a browser with
// a login and from one without.
func TestCrossSitePosts(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.CrossSite(t, served(a))
}

// The limits are those of the API: failures through both count together.
func TestPagesAndAPIShareTheirLimits(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.Failures(t, served(a))
}

func TestRedirectsStayOnTheSite(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.Add(t, "ada@example.org", nil)
	for _, next := range []string{
		"//evil.example", "https://evil.example", `/\evil.example`, "/%2f/evil.example", "javascript:alert(1)", "/a//b",
		"/../a", "evil.example", "/\t/evil.example", "",
	} {
		b := pagewalk.NewBrowser(t, served(a), "")
		query := "?next=" + strings.NewReplacer("%", "%25", `\`, "%5C", "\t", "%09").Replace(next)
		b.Get("/login"+query).Submit("login", "username", "ada@example.org", "password",
			pagewalk.Password).WantRedirect("/account")
		b.Get("/login" + query).WantRedirect("/account")
		b.Get("/login/done" + query).WantRedirect("/account")
	}
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Get("/login?next=/elsewhere%3Fa%3Db").Submit("login", "username", "ada@example.org", "password", pagewalk.Password).
		WantRedirect("/elsewhere?a=b")
}

// A page whose routes the application lacks is not there, and nothing links to
// it.
func TestWhatAnApplicationLacks(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) {
		o.Without, o.Pages.Admin = []string{"verify", "reset", "social"}, false
	})
	a.Add(t, "ada@example.org", func(u *pagewalk.Account) { u.IsSuperuser, u.IsVerified = true, false })
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Get("/login").Want(200, "!Forgot", "!Continue with", "Create an account")
	for _, path := range []string{"/verify", "/verify?token=x", "/forgot", "/reset?token=x", "/login/acme",
		"/login/acme/callback"} {
		b.Get(path).Want(404)
	}
	for _, path := range []string{"/verify", "/forgot", "/reset", "/login/acme/callback"} {
		b.Post(path, "token", "x", "email", "ada@example.org", "password", "x").Want(404)
	}
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Want(200, "!Send me a link", "!Other ways", "!>Users<")
	b.Get("/login/acme/link").Want(404)
	b.Post("/account/providers/acme").Want(404)
	if got := b.Get("/admin/users"); got.Status != 404 {
		t.Errorf("the administration is there: %d", got.Status)
	}
}

// In a browser with the logins of two people at two backends, the pages of one
// are of that one's alone.
func TestPagesOfOneBackend(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", func(o *pagewalk.Options) { o.Backends = append(o.Backends, staff(t)) })
	a.Add(t, "ada@example.org", nil)
	a.Add(t, "boss@example.org", nil)
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", a.Routes())
	httpauth.Mount(mux, "/staff", a.Pages("staff"))
	b := pagewalk.NewBrowser(t, pagewalk.Handler(mux), "")
	b.Post("/staff/login", "username", "boss@example.org", "password", pagewalk.Password).WantRedirect("/staff/account")
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	b.Get("/account").Want(200, "ada@example.org", "!boss@example.org").
		Submit("profile", "full_name", "Ada's").WantRedirect("/account")
	if name := a.Of(t, "boss@example.org").FullName; name != "Ada" {
		t.Errorf("the other one is called %q now", name)
	}
	if name := a.Of(t, "ada@example.org").FullName; name != "Ada's" {
		t.Errorf("she is called %q", name)
	}
	b.Post("/logout").WantRedirect("/login")
	b.Get("/staff/account").Want(200, "boss@example.org")
}
