package latchkey_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

// redirectedBy returns an application whose flows may end elsewhere.
func redirectedBy(t *testing.T, now func() time.Time, change func(*oauth.Options)) *oauthApp {
	t.Helper()
	return newOAuthAppBy(t, now, nil, change)
}

// TestO58FieldM15LostCookies: the page is known from the state, of which nothing
// else can be read.
func TestO58FieldM15LostCookies(t *testing.T) {
	a := newOAuthApp(t, nil)
	long := "/app?next=" + strings.Repeat("x", 400)
	longer := "/" + strings.Repeat("x/", 400) + "?next=1"
	for target, page := range map[string]string{
		"/app": "/app?error=OAUTH_INVALID_STATE",
		long:   "/app?error=OAUTH_INVALID_STATE", longer: "/?error=OAUTH_INVALID_STATE",
		"https://spa.example.org":                               "https://spa.example.org?error=OAUTH_INVALID_STATE",
		"https://spa.example.org/#/login":                       "https://spa.example.org/?error=OAUTH_INVALID_STATE#/login",
		"https://spa.example.org/a#" + strings.Repeat("b", 400): "https://spa.example.org/a?error=OAUTH_INVALID_STATE",
		"https://spa.example.org" + longer:                      "https://spa.example.org/?error=OAUTH_INVALID_STATE",
		"/app?error=old&code=1":                                 "/app?code=1&error=OAUTH_INVALID_STATE",
	} {
		b := a.browser()
		state, _ := b.begin(web, "?redirect_to="+url.QueryEscape(target))
		if len(state) > 500 || url.QueryEscape(state) != state || strings.Contains(state, ".") {
			t.Errorf("%.40s: the state is %d bytes: %s", target, len(state), state)
		}
		if got := a.browser().finish(web, state, identity("id-1", "ada@example.org")); got.header.Get("Location") != page {
			t.Errorf("%.40s: a browser without the cookie is sent to %d %q", target, got.status, got.header.Get("Location"))
		}
		got := b.finish(web, state, identity("id-1", "ada@example.org")) // the twin, with all of the page's URL
		if path, _, _ := strings.Cut(page, "?"); got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), path) ||
			!strings.Contains(got.header.Get("Location"), "code=") {
			t.Errorf("%.40s: the flow's browser is sent to %d %q", target, got.status, got.header.Get("Location"))
		}
	}
	short, _ := a.browser().begin(web, "")
	if len(short) > 70 {
		t.Errorf("a state without a page is %d bytes", len(short))
	}
}

// TestO58FieldM15TheListOfToday: a page that may no longer be visited is visited
// by no old state, and by no old cookie.
func TestO58FieldM15TheListOfToday(t *testing.T) {
	before := newOAuthApp(t, nil)
	after := redirectedBy(t, nil, func(o *oauth.Options) { o.RedirectOrigins = []string{"https://other.example.org"} })
	b := before.browser()
	state, _ := b.begin(web, "?redirect_to=https://spa.example.org/in")
	ada := identity("id-1", "ada@example.org")
	after.browser().finish(web, state, ada).expect(t, 400, core.CodeOAuthInvalidState)
	b.a = after // the release with another list, at the same host
	b.finish(web, state, ada).expect(t, 400, core.CodeOAuthInvalidState)
	path, _ := b.begin(web, "?redirect_to=/in")
	if got := b.finish(web, path, ada); got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), "/in?code=") {
		t.Errorf("a page that is allowed: got %d to %q", got.status, got.header.Get("Location"))
	}
}

// TestFieldF16CallbacksAtOnce: of a callback that arrives several times at once
// one goes on, and the others do not take its exchange away.
func TestFieldF16CallbacksAtOnce(t *testing.T) {
	a := newOAuthApp(t, nil)
	for range 10 {
		b := a.browser()
		state, _ := b.begin(web, "?redirect_to=/app")
		answers := make([]answer, 8)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = b.finish(web, state, identity("id-1", "ada@example.org")) })
		}
		all.Wait()
		code := ""
		for _, got := range answers {
			to, err := url.Parse(got.header.Get("Location"))
			check(t, err, nil)
			if got.status != 303 || to.Path != "/app" || to.Query().Get("code") != "" && code != "" {
				t.Fatalf("got %d to %v", got.status, to)
			}
			code += to.Query().Get("code")
		}
		b.exchange(code, "").expect(t, 200, "token")
	}
}

// TestFieldF16WithoutAState: the flow that the browser began last counts.
func TestFieldF16WithoutAState(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	cancel := func(want string) {
		t.Helper()
		if got := b.get(web + "/callback?error=access_denied"); got.header.Get("Location") != want {
			t.Errorf("the browser is sent to %d %q, want %q", got.status, got.header.Get("Location"), want)
		}
	}
	cancel("")
	first, _ := b.begin(web, "?redirect_to=/first")
	b.begin(web, "?redirect_to=/second")
	b.begin("/auth/web/other", "?redirect_to=/other")
	cancel("/second?error=access_denied")
	b.begin(web, "")
	cancel("") // the last one ends in JSON
	b.get(web+"/callback?error=access_denied&state="+first).expect(t, 303, "")
	if got := b.finish(web, first, identity("id-1", "ada@example.org")); got.status != 303 ||
		got.header.Get("Location") != "/first?error=OAUTH_INVALID_STATE" {
		t.Errorf("a flow that was declined: got %d to %q", got.status, got.header.Get("Location"))
	}
}
