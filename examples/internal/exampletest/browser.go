package exampletest

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser acts as a person at a browser with cookies.
type Browser struct {
	t      *testing.T
	client *http.Client
}

// NewBrowser returns a browser without cookies.
func NewBrowser(t *testing.T) *Browser {
	t.Helper()
	cookies, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t, &http.Client{Jar: jar{cookies}}}
}

// jar stores and sends Secure cookies for http on loopback, as browsers do.
type jar struct{ cookies *cookiejar.Jar }

func (j jar) SetCookies(u *url.URL, cookies []*http.Cookie) { j.cookies.SetCookies(secure(u), cookies) }
func (j jar) Cookies(u *url.URL) []*http.Cookie             { return j.cookies.Cookies(secure(u)) }

func secure(u *url.URL) *url.URL {
	v := *u
	v.Scheme = "https"
	return &v
}

// Page is what the browser finally shows.
type Page struct {
	URL    *url.URL
	Status int
	Body   string
}

// Open goes to a URL, and follows its redirects.
func (b *Browser) Open(to string) Page {
	b.t.Helper()
	return b.do(http.MethodGet, to, "", "", "none")
}

// Send makes a request as a script of the application's own page does; body is
// JSON or "".
func (b *Browser) Send(method, to, body string) Page {
	b.t.Helper()
	return b.do(method, to, "application/json", body, "same-origin")
}

// SendFromElsewhere makes the request as a page of another site.
func (b *Browser) SendFromElsewhere(method, to, body string) Page {
	b.t.Helper()
	return b.do(method, to, "application/json", body, "cross-site")
}

var formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// Answer fills in the local provider's form, presses the button of the decision
// ("allow", "deny") and returns the page to which that leads.
func (b *Browser) Answer(form Page, decision, email string) Page {
	b.t.Helper()
	action := formAction.FindStringSubmatch(form.Body)
	if action == nil {
		b.t.Fatalf("%s has no form: %d %s", form.URL.Path, form.Status, form.Body)
	}
	to, err := form.URL.Parse(html.UnescapeString(action[1]))
	if err != nil {
		b.t.Fatal(err)
	}
	fields := url.Values{"email": {email}, "name": {"Ada Lovelace"}, "verified": {"on"}, "decision": {decision}}
	return b.do(http.MethodPost, to.String(), "application/x-www-form-urlencoded", fields.Encode(), "same-origin")
}

func (b *Browser) do(method, to, contentType, body, site string) Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", site)
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Page{resp.Request.URL, resp.StatusCode, string(text)}
}

// Expect checks the status, the path and a part of the page.
func (p Page) Expect(t *testing.T, status int, path, part string) Page {
	t.Helper()
	if p.Status != status || p.URL.Path != path || !strings.Contains(p.Body, part) {
		t.Errorf("got %d at %s: %s\nwant %d at %s with %q", p.Status, p.URL, p.Body, status, path, part)
	}
	return p
}

// Member returns a string member of the object that the page is, or "" if there
// is none.
func (p Page) Member(name string) string {
	var object map[string]any
	_ = json.Unmarshal([]byte(p.Body), &object)
	text, _ := object[name].(string)
	return text
}
