package latchkey_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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

// TestO58FieldM15LostCookies: the page is known from the state, of which
// nothing else can be read.
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

// TestO58FieldM15TheListOfToday: a page that may no longer be visited is
// visited by no old state, and by no old cookie.
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

// TestFieldF16AnotherAttempt: a page that begins again with the URL that it
// came back to does not get the error of the attempt before.
func TestFieldF16AnotherAttempt(t *testing.T) {
	a := newOAuthApp(t, nil)
	for begun, want := range map[string]string{
		"/app?error=access_denied": "/app", "/app?a=1&error=x&error=y#top": "/app?a=1#top",
		"/app?b=2&a=1&code=mine": "/app?b=2&a=1&code=mine", "/app?errors=1": "/app?errors=1", "/app?": "/app?",
	} {
		query := "?redirect_to=" + url.QueryEscape(begun)
		b := a.browser()
		state, _ := b.begin(cookieGroup, query)
		if got := b.finish(cookieGroup, state, identity("id-1", "ada@example.org")); got.header.Get("Location") != want {
			t.Errorf("%s: a login leads to %d %q, want %q", begun, got.status, got.header.Get("Location"), want)
		}
		state, _ = b.begin(web, query)
		to, err := url.Parse(b.finish(web, state, identity("id-1", "ada@example.org")).header.Get("Location"))
		if check(t, err, nil); to.Query().Has("error") || len(to.Query().Get("code")) != core.SecretLen {
			t.Errorf("%s: a login leads to %v, want a code and no error", begun, to)
		}
	}
}

// TestAttackO58ManyCookies: the cookies of one request are a megabyte, of which
// neither the search nor the answer may make more.
func TestAttackO58ManyCookies(t *testing.T) {
	a := newOAuthApp(t, nil)
	state, begun := a.browser().begin(web, "?redirect_to=/app")
	kept := strings.Split(begun.header.Get("Set-Cookie"), ";")[0]
	send := func(query string, cookies ...string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest("GET", web+query, nil), httptest.NewRecorder()
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
		a.routes.ServeHTTP(w, r)
		return w
	}
	planted := func(n int) (cookies []string) {
		for i := range n {
			cookies = append(cookies, fmt.Sprintf("latchkey-oauth-%032x=x", i))
		}
		return cookies
	}
	foreign := slices.Repeat([]string{"latchkey-oauth-=x", "latchkey-oauth-other=x", "latchkey-oauth-\"\"=x"}, 100)
	for name, c := range map[string]struct {
		query   string
		cookies []string
		page    string
		drops   int
	}{
		"seven newer ones":           {"/callback?error=x", append([]string{kept}, planted(7)...), "/app?error=OAUTH_DECLINED", 0},
		"eight newer ones":           {"/callback?error=x", append([]string{kept}, planted(8)...), "", 0},
		"any number of others":       {"/callback?error=x", append([]string{kept}, foreign...), "/app?error=OAUTH_DECLINED", 0},
		"the state is known":         {"/callback?error=x&state=" + state, planted(1000), "/app?error=OAUTH_DECLINED", 0},
		"one more":                   {"/authorize", planted(7), "", 0},
		"one more than there may be": {"/authorize", planted(8), "", 1},
		"many more":                  {"/authorize", planted(1000), "", 100},
		"another application's":      {"/authorize", foreign, "", 0},
	} {
		got := send(c.query, c.cookies...)
		drops := strings.Count(strings.Join(got.Header()["Set-Cookie"], "\n"), "Max-Age=0")
		if got.Header().Get("Location") != c.page || drops != c.drops {
			t.Errorf("%s: %d to %q, and %d cookies go; want %q and %d", name, got.Code, got.Header().Get("Location"), drops,
				c.page, c.drops)
		}
	}
}

// A script of a page learns where to go, instead of following a redirect to
// another site; the flow ends at the page all the same.
func TestAScriptBeginsAFlowOfItsPage(t *testing.T) {
	a := newOAuthApp(t, nil)
	a.register("ada@example.org")
	b := a.browser()
	begin := func(path, accept string) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
		check(t, err, nil)
		r.Header.Set("Accept", accept)
		if b.token != "" {
			r.Header.Set("X-Token", b.token)
		}
		resp, err := b.Do(r)
		check(t, err, nil)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		check(t, err, nil)
		return answer{resp.StatusCode, resp.Header, string(text)}
	}
	const page = "/authorize?redirect_to=https://spa.example.org/settings"
	begin(link+page, "application/json").expect(t, 401, "Unauthorized") // not sent back: the script reads it
	begin(link+page, "text/html,*/*;q=0.8").expect(t, 303, "")
	b.token = a.login("ada@example.org", password).member("token")
	for accept, status := range map[string]int{
		"application/json": 200, "application/json, */*;q=0.1": 200, "*/*": 303, "text/html,application/xhtml+xml,*/*;q=0.8": 303,
		"text/html, application/json": 303,
	} {
		got := begin(link+page, accept).expect(t, status, "")
		if (got.header.Get("Location") == "") != (status == 200) {
			t.Errorf("%s: the Location is %q", accept, got.header.Get("Location"))
		}
	}
	for _, group := range []string{link, cookieGroup} {
		at, err := url.Parse(begin(group+page, "application/json").expect(t, 200, "").member("authorization_url"))
		check(t, err, nil)
		got := b.finish(group, at.Query().Get("state"), identity("id-1", "ada@acme.example"))
		if to := got.header.Get("Location"); got.status != 303 || to != "https://spa.example.org/settings" {
			t.Errorf("%s ends at %d %q", group, got.status, to)
		}
	}
	begin(link+"/authorize?redirect_to=https://evil.example", "application/json").expect(t, 422, "redirect_to")
}

// A login that began with remember=false is forgotten with the browser.
func TestOAuthBriefLogin(t *testing.T) {
	a := newOAuthApp(t, nil)
	for query, brief := range map[string]bool{"?remember=false": true, "?remember=true": false, "": false} {
		b := a.browser()
		state, _ := b.begin(cookieGroup, query)
		got := b.finish(cookieGroup, state, identity("id-1", "ada@example.org")).expect(t, 204, "")
		lines := got.header["Set-Cookie"]
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "latchkey=") })
		if i < 0 || strings.Contains(lines[i], "Max-Age") == brief {
			t.Errorf("%q: %q", query, lines)
		}
	}
	a.browser().get(cookieGroup+"/authorize?remember=perhaps").expect(t, 422, "remember")
}
