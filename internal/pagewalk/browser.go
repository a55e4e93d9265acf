package pagewalk

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Origin is where the application is.
const Origin = "https://app.example.org"

// Serve answers a request, through a framework.
type Serve func(*http.Request) (*http.Response, error)

// Handler is the Serve of an http.Handler.
func Handler(h http.Handler) Serve {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	}
}

// Browser has cookies and fills in forms, without script. It follows no
// redirect by itself.
type Browser struct {
	Site     string // Sec-Fetch-Site; "" for a browser that sends none
	Language string // Accept-Language
	Agent    string

	t     testing.TB
	serve Serve
	base  string // where the pages are mounted
	jar   http.CookieJar
}

// NewBrowser returns one without cookies, for pages that are mounted at base.
func NewBrowser(t testing.TB, serve Serve, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, serve: serve, base: base, jar: jar, Site: "same-origin",
		Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
}

// Page is an answer.
type Page struct {
	Status int
	Header http.Header
	Body   string

	b    *Browser
	path string
}

// Do sends a request to a path below base, with further header lines in pairs.
func (b *Browser) Do(method, path, media, body string, header ...string) Page {
	b.t.Helper()
	r := httptest.NewRequest(method, Origin+b.base+path, strings.NewReader(body))
	for name, value := range map[string]string{
		"Sec-Fetch-Site": b.Site, "Accept-Language": b.Language, "Content-Type": media, "User-Agent": b.Agent,
		"Accept": "text/html",
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	u := &url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
	for _, c := range b.jar.Cookies(u) {
		r.AddCookie(c)
	}
	resp, err := b.serve(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	b.jar.SetCookies(u, resp.Cookies())
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Page{resp.StatusCode, resp.Header, string(text), b, path}
}

// Get opens a page.
func (b *Browser) Get(path string) Page {
	b.t.Helper()
	return b.Do(http.MethodGet, path, "", "")
}

// Post sends fields, in pairs.
func (b *Browser) Post(path string, fields ...string) Page {
	b.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(fields, 2) {
		form.Add(pair[0], pair[1])
	}
	return b.Do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// Cookie returns the value of a cookie whose name ends so, "" for none.
func (b *Browser) Cookie(end string) string {
	for _, c := range b.jar.Cookies(&url.URL{Scheme: "https", Host: "app.example.org", Path: "/"}) {
		if strings.HasSuffix(c.Name, end) {
			return c.Value
		}
	}
	return ""
}

// Want checks that the answer is a page of a status, and that it has texts; one
// that begins with ! it must not have.
func (p Page) Want(status int, texts ...string) Page {
	p.b.t.Helper()
	if media := p.Header.Get("Content-Type"); p.Status != status || media != "text/html; charset=utf-8" {
		p.b.t.Fatalf("%s: %d %s, want %d and a page\n%s", p.path, p.Status, media, status, p.Body)
	}
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(p.Body, text) == not {
			p.b.t.Fatalf("%s: has the page %q? %v, want %v\n%s", p.path, text, !not, not, p.Body)
		}
	}
	p.protected()
	return p
}

// WantJSON checks that the answer, to a script, is JSON of a status, and that
// it has texts.
func (p Page) WantJSON(status int, texts ...string) Page {
	p.b.t.Helper()
	if media := p.Header.Get("Content-Type"); p.Status != status || media != "application/json" {
		p.b.t.Fatalf("%s: %d %s, want %d and JSON\n%s", p.path, p.Status, media, status, p.Body)
	}
	for _, text := range texts {
		if !strings.Contains(p.Body, text) {
			p.b.t.Fatalf("%s: %q is not in %s", p.path, text, p.Body)
		}
	}
	p.protected()
	return p
}

// protected checks the headers of an answer.
func (p Page) protected() {
	p.b.t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin",
	} {
		if got := p.Header.Get(name); got != want {
			p.b.t.Errorf("%s: %s is %q", p.path, name, got)
		}
	}
	policy := p.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") ||
		strings.Contains(policy, "*") || !strings.Contains(policy, "frame-ancestors 'none'") {
		p.b.t.Errorf("%s: the policy is %s", p.path, policy)
	}
}

// WantRedirect checks that the answer is a redirect to a path below base.
func (p Page) WantRedirect(path string) {
	p.b.t.Helper()
	if got := p.Header.Get("Location"); p.Status != http.StatusSeeOther || got != p.b.base+path {
		p.b.t.Fatalf("%s: %d to %q, want a redirect to %q\n%s", p.path, p.Status, got, p.b.base+path, p.Body)
	}
}

// Follow opens the page that a redirect leads to.
func (p Page) Follow() Page {
	p.b.t.Helper()
	path, below := strings.CutPrefix(p.Header.Get("Location"), p.b.base)
	if p.Status != http.StatusSeeOther || !below || !strings.HasPrefix(path, "/") {
		p.b.t.Fatalf("%s: %d to %q, want a redirect below %q\n%s", p.path, p.Status, p.Header.Get("Location"),
			p.b.base, p.Body)
	}
	path, _, _ = strings.Cut(path, "#")
	return p.b.Get(path)
}
