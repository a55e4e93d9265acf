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

	"golang.org/x/net/html"
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

// Submit sends the form of an ID as a browser would, with fields changed, in
// pairs: an empty value empties a text, and unticks a checkbox.
func (p Page) Submit(id string, changes ...string) Page {
	p.b.t.Helper()
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		p.b.t.Fatal(err)
	}
	form := find(doc, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == id })
	if form == nil {
		p.b.t.Fatalf("%s: there is no form %q\n%s", p.path, id, p.Body)
	}
	fields := fieldsOf(form)
	for pair := range slices.Chunk(changes, 2) {
		if _, there := fields[pair[0]]; !there && pair[1] != "" && !p.has(form, pair[0]) {
			p.b.t.Fatalf("%s: the form %s has no field %q", p.path, id, pair[0])
		}
		fields.Set(pair[0], pair[1])
		if pair[1] == "" && isCheckbox(form, pair[0]) {
			fields.Del(pair[0])
		}
	}
	action := strings.TrimPrefix(attribute(form, "action"), p.b.base)
	if attribute(form, "method") == "get" {
		return p.b.Get(action + "?" + fields.Encode())
	}
	return p.b.Do(strings.ToUpper(attribute(form, "method")), action, "application/x-www-form-urlencoded", fields.Encode())
}

func (p Page) has(form *html.Node, name string) bool {
	return find(form, func(n *html.Node) bool { return attribute(n, "name") == name }) != nil
}

// Links returns the targets of all links of a page.
func (p Page) Links() (all []string) {
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		p.b.t.Fatal(err)
	}
	find(doc, func(n *html.Node) bool {
		for _, name := range []string{"href", "src", "action", "formaction"} {
			if target := attribute(n, name); target != "" {
				all = append(all, target)
			}
		}
		return false
	})
	return all
}

func isCheckbox(form *html.Node, name string) bool {
	return find(form, func(n *html.Node) bool {
		return attribute(n, "name") == name && attribute(n, "type") == "checkbox"
	}) != nil
}

// fieldsOf returns what a browser sends of a form that nobody has touched.
func fieldsOf(form *html.Node) url.Values {
	fields := url.Values{}
	find(form, func(n *html.Node) bool {
		name := attribute(n, "name")
		switch {
		case name == "" || n.Data == "button":
		case n.Data == "textarea":
			value := ""
			if n.FirstChild != nil {
				value = n.FirstChild.Data
			}
			fields.Set(name, strings.ReplaceAll(value, "\n", "\r\n"))
		case n.Data == "select":
			fields.Set(name, selected(n))
		case n.Data != "input":
		case attribute(n, "type") == "checkbox" && !hasAttribute(n, "checked"):
		default:
			fields.Set(name, attribute(n, "value"))
		}
		return false
	})
	return fields
}

func selected(list *html.Node) string {
	option := find(list, func(n *html.Node) bool { return n.Data == "option" && hasAttribute(n, "selected") })
	if option == nil {
		option = find(list, func(n *html.Node) bool { return n.Data == "option" })
	}
	if option == nil {
		return ""
	}
	return attribute(option, "value")
}

// find returns the first element below n that is wanted.
func find(n *html.Node, wanted func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && wanted(d) {
			return d
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
