package oidc_test

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

// browser is a person at a browser with cookies. It only follows a redirect
// when told to.
type browser struct {
	a      *app
	client *http.Client
}

func (a *app) browser() *browser {
	a.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return &browser{a, &http.Client{
		Jar: jar, Transport: a.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a page that has been read.
type answer struct {
	status   int
	location string
	body     string
}

func (b *browser) get(at string) answer {
	b.a.t.Helper()
	return b.send(http.MethodGet, at, "", "", "")
}

// sendJSON sends a body to a path of the application.
func (b *browser) sendJSON(method, path, body string) answer {
	b.a.t.Helper()
	return b.send(method, b.a.server.URL+path, "", "application/json", body)
}

// me returns the application's answer about the current user, by cookie or
// bearer token.
func (b *browser) me(bearer string) answer {
	b.a.t.Helper()
	return b.send(http.MethodGet, b.a.server.URL+"/users/me", bearer, "", "")
}

func (b *browser) send(method, at, bearer, contentType, body string) answer {
	b.a.t.Helper()
	r, err := http.NewRequestWithContext(b.a.t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		b.a.t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.a.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(text)}
}

// begin requests the provider's page from a group of the application.
func (b *browser) begin(group, query string) string {
	b.a.t.Helper()
	got := b.get(b.a.server.URL + group + "/authorize" + query)
	to := got.location
	if to == "" {
		to = got.member("authorization_url")
	}
	if !strings.HasPrefix(to, b.a.provider.issuer+"/") {
		b.a.t.Fatalf("%s/authorize answers %d %s", group, got.status, got.body)
	}
	return to
}

var (
	formAction = regexp.MustCompile(`<form method="POST" action="([^"]+)"`)
	formID     = regexp.MustCompile(`name="id" value="([^"]+)"`)
)

// signIn goes through the provider's pages as a person does and returns the
// callback that they send the browser to.
func (b *browser) signIn(at, person string) *url.URL {
	b.a.t.Helper()
	base, err := url.Parse(at)
	if err != nil {
		b.a.t.Fatal(err)
	}
	page := b.get(at)
	for range 10 {
		action, id := formAction.FindStringSubmatch(page.body), formID.FindStringSubmatch(page.body)
		switch {
		case page.location != "":
			next, err := base.Parse(page.location)
			if err != nil {
				b.a.t.Fatal(err)
			}
			if next.Host != base.Host {
				return next
			}
			page = b.get(next.String())
		case action != nil && id != nil:
			form := url.Values{"id": {html.UnescapeString(id[1])}, "username": {person}, "password": {personPassword}}
			page = b.send(http.MethodPost, b.a.provider.issuer+action[1], "", "application/x-www-form-urlencoded", form.Encode())
		default:
			b.a.t.Fatalf("the provider answers %d %s", page.status, page.body)
		}
	}
	b.a.t.Fatal("the provider does not send the browser back")
	return nil
}

// login runs a whole login and returns the callback's response.
func (b *browser) login(group, query, person string) answer {
	b.a.t.Helper()
	return b.get(b.signIn(b.begin(group, query), person).String())
}

// expect checks the status, and a part of the body.
func (a answer) expect(t *testing.T, status int, part string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, part) {
		t.Errorf("got %d %s, want %d …%s…", a.status, a.body, status, part)
	}
	return a
}

// expectPage checks that the browser is sent on to a page of the application.
func (a answer) expectPage(t *testing.T, page string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.location != page {
		t.Errorf("got %d to %q %s, want 303 to %q", a.status, a.location, a.body, page)
	}
}

// member returns a text of the response's object, or "" if it has none.
func (a answer) member(name string) string {
	var object map[string]any
	_ = json.Unmarshal([]byte(a.body), &object)
	text, _ := object[name].(string)
	return text
}
