package latchkey_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// acme is a provider whose codes are the identities that they stand for. It
// checks what the flow must keep for it.
type acme struct {
	name string
	mu   sync.Mutex
	// begun holds what Begin was given, by state.
	begun    map[string]core.OAuthBegin
	finished int
	fault    error
}

func (p *acme) Name() string { return p.name }

func (p *acme) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun[b.State] = b
	return "https://acme.example/authorize?" +
		url.Values{"state": {b.State}, "redirect_uri": {b.RedirectURI}, "scope": {strings.Join(b.Scopes, " ")}}.Encode(), nil
}

func (p *acme) Finish(_ context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	if p.fault != nil {
		return core.OAuthIdentity{}, core.OAuthTokens{}, p.fault
	}
	b := p.begun[f.Form.Get("state")]
	digest := core.Digest(f.Verifier)
	if f.Nonce != b.Nonce || f.RedirectURI != b.RedirectURI || challenge(digest) != b.Challenge {
		return core.OAuthIdentity{}, core.OAuthTokens{}, errors.New("nonce, redirect URI or verifier is not the flow's")
	}
	var id core.OAuthIdentity
	if err := json.Unmarshal([]byte(f.Code), &id); err != nil {
		return id, core.OAuthTokens{}, err
	}
	return id, core.OAuthTokens{Access: "access-canary", Refresh: "refresh-canary", Expires: time.Now().Add(time.Hour)},
		nil
}

func challenge(digest [32]byte) string { return base64.RawURLEncoding.EncodeToString(digest[:]) }

// oauthApp is an application with the providers acme and other, backends web
// (bearer-like) and cookie.
type oauthApp struct {
	*app
	routes      http.Handler
	acme, other *acme
	accounts    *memstore.OAuthAccounts
	social      *oauth.OAuth
}

func newOAuthApp(t *testing.T, change func(p *oauth.Provider)) *oauthApp {
	t.Helper()
	return newOAuthAppAt(t, nil, change)
}

func newOAuthAppAt(
	t *testing.T, now func() time.Time, change func(p *oauth.Provider), options ...func(*latchkey.Options[Member]),
) *oauthApp {
	t.Helper()
	return newOAuthAppBy(t, now, change, nil, options...)
}

func newOAuthAppBy(
	t *testing.T, now func() time.Time, change func(p *oauth.Provider), settings func(*oauth.Options),
	options ...func(*latchkey.Options[Member]),
) *oauthApp {
	t.Helper()
	a := &oauthApp{
		acme:     &acme{name: "acme", begun: map[string]core.OAuthBegin{}},
		other:    &acme{name: "other", begun: map[string]core.OAuthBegin{}},
		accounts: memstore.NewOAuthAccounts(),
	}
	p := oauth.Provider{Provider: a.acme}
	if change != nil {
		change(&p)
	}
	set := oauth.Options{
		Accounts: a.accounts, Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers:       []oauth.Provider{p, {Provider: a.other}},
		RedirectOrigins: []string{"https://spa.example.org"}, InsecureHTTP: true, Tickets: memstore.NewTickets(nil),
		Vault: []oauth.Key{{ID: "k1", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
	}
	if settings != nil {
		settings(&set)
	}
	social, err := oauth.New(set)
	if err != nil {
		t.Fatal(err)
	}
	a.social = social
	a.app = newApp(t, func(o *latchkey.Options[Member]) {
		sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
		cookies, err2 := cookie.New(cookie.Options{InsecureHTTP: true})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		o.Backends = append(o.Backends, latchkey.Backend{Name: "cookie", Transport: cookies, Strategy: sessions})
		o.Flows = append(o.Flows, social.Flows()...)
		o.Now = now
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Member]) error {
			if e.Identity != nil {
				e.User.Nick = e.Identity.Name
			}
			return nil
		}
		for _, option := range options {
			option(o)
		}
	})
	mux := http.NewServeMux()
	for _, provider := range []string{a.acme.name, a.other.name} {
		for _, backend := range []string{"web", "cookie"} {
			httpauth.Mount(mux, "/auth/"+backend+"/"+provider, a.OAuth(provider, backend))
		}
		httpauth.Mount(mux, "/auth/associate/"+provider, a.Associate(provider))
	}
	httpauth.Mount(mux, "/auth/web", a.Login("web"), a.Exchange("web"))
	httpauth.Mount(mux, "/auth/cookie", a.Login("cookie"))
	httpauth.Mount(mux, "/auth", a.Register(), a.Accounts())
	httpauth.Mount(mux, "/users", a.Users())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a.url, a.routes = server.URL, mux
	return a
}

// below serves the application below a prefix, which is cut off.
func (a *oauthApp) below(prefix string) {
	server := httptest.NewServer(http.StripPrefix(prefix, a.routes))
	a.t.Cleanup(server.Close)
	a.url = server.URL + prefix
}

// browser is a client with cookies that follows no redirect.
type browser struct {
	*http.Client
	a     *oauthApp
	token string // sent as X-Token
}

func (a *oauthApp) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return &browser{a: a,
		Client: &http.Client{Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(path string) answer { return b.send("GET", path, "", "") }

func (b *browser) send(method, path, contentType, body string) answer {
	b.a.t.Helper()
	r, err := http.NewRequest(method, b.a.url+path, strings.NewReader(body))
	if err != nil {
		b.a.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if b.token != "" {
		r.Header.Set("X-Token", b.token)
	}
	resp, err := b.Do(r)
	if err != nil {
		b.a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.a.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// begin starts a flow and returns its state.
func (b *browser) begin(group, query string) (state string, got answer) {
	b.a.t.Helper()
	got = b.get(group + "/authorize" + query)
	target := got.member("authorization_url")
	if target == "" {
		target = got.header.Get("Location")
	}
	u, err := url.Parse(target)
	if err != nil || u.Query().Get("state") == "" {
		b.a.t.Fatalf("%s/authorize answers %d %s", group, got.status, got.body)
	}
	return u.Query().Get("state"), got
}

// finish comes back from the provider as an identity.
func (b *browser) finish(group, state string, id core.OAuthIdentity) answer {
	b.a.t.Helper()
	code, err := json.Marshal(id)
	if err != nil {
		b.a.t.Fatal(err)
	}
	return b.get(group + "/callback?" + url.Values{"state": {state}, "code": {string(code)}}.Encode())
}

// through does both.
func (b *browser) through(group string, id core.OAuthIdentity) answer {
	b.a.t.Helper()
	state, _ := b.begin(group, "")
	return b.finish(group, state, id)
}

func identity(subject, email string, verified ...bool) core.OAuthIdentity {
	id := core.OAuthIdentity{Subject: subject, Email: email, Name: "Name of " + subject}
	if len(verified) > 0 {
		id.EmailVerified = &verified[0]
	}
	return id
}

func (a answer) expect(t *testing.T, status int, part string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, part) {
		t.Errorf("got %d %s, want %d …%s…", a.status, a.body, status, part)
	}
	return a
}

const web, cookieGroup, link = "/auth/web/acme", "/auth/cookie/acme", "/auth/associate/acme"

func TestOAuthFirstLoginMakesAUserAndTheNextFindsIt(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	token := b.through(web, identity("id-1", "Ada@example.org")).expect(t, 200, "token").member("token")
	me := a.want("GET", "/users/me", token, "", 200, `"email":"Ada@example.org"`)
	if !strings.Contains(me.body, `"nick":"Name of id-1"`) || !strings.Contains(me.body, `"is_verified":false`) {
		t.Errorf("the new user is %s", me.body)
	}
	// the subject counts, not the address
	token = b.through(web, identity("id-1", "new@example.org")).expect(t, 200, "token").member("token")
	if again := a.want("GET", "/users/me", token, "", 200, "Ada@example.org"); again.member("id") != me.member("id") {
		t.Errorf("the second login made %s", again.body)
	}
	a.want("GET", "/auth/accounts", token, "", 200, `"oauth_name":"acme","account_email":"new@example.org"`)
	got := b.through(cookieGroup, identity("id-1", "Ada@example.org"))
	if got.status != 204 || !strings.Contains(strings.Join(got.header.Values("Set-Cookie"), "\n"), "latchkey=") {
		t.Errorf("the cookie backend answers %d %v", got.status, got.header)
	}
	if b.get("/users/me").expect(t, 200, "Ada@example.org"); got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("O43: Referrer-Policy is %q", got.header.Get("Referrer-Policy"))
	}
}

// The ladder of a callback, in the contract's order.
func TestOAuthCallbackLadder(t *testing.T) {
	a := newOAuthApp(t, nil)
	b, stranger := a.browser(), a.browser()
	ada := identity("id-1", "ada@example.org")
	state, _ := b.begin(web, "")

	// O32
	b.get(web+"/callback?error=access_denied&error_description=<script>&state="+state).expect(t, 400,
		`{"detail":"access_denied"}`)
	b.get(web+"/callback?error=<script>&state="+state).expect(t, 400, `{"detail":"OAUTH_DECLINED"}`)
	b.get(web+"/callback?state="+state).expect(t, 400, `{"detail":"Bad Request"}`)
	b.get(web+"/callback?code=x").expect(t, 400, core.CodeOAuthStateUndecodable) // O01
	b.get(web+"/callback?code=x&state=nonsense").expect(t, 400, core.CodeOAuthStateUndecodable)
	b.get(web+"/callback?code=x&state="+state[:len(state)-1]+"_").expect(t, 400, core.CodeOAuthStateUndecodable)
	b.get(web+"/callback?code=x&state="+state+"&state="+state).expect(t, 400, "Bad Request")
	stranger.finish(web, state, ada).expect(t, 400, core.CodeOAuthInvalidState)
	b.finish("/auth/web/other", state, ada).expect(t, 400, core.CodeOAuthInvalidState) // O04
	b.finish(cookieGroup, state, ada).expect(t, 400, core.CodeOAuthInvalidState)
	if a.acme.finished+a.other.finished != 0 {
		t.Error("a code was exchanged before the state was known to be good")
	}
	b.finish(web, state, ada).expect(t, 200, "token")
	b.finish(web, state, ada).expect(t, 400, core.CodeOAuthInvalidState) // O02; the cookie is gone

	for _, c := range []struct {
		fault  error
		status int
	}{
		{errors.New("the provider says: secret"), 502},
		{fmt.Errorf("slow: %w", context.DeadlineExceeded), 504},
		{core.Refuse(core.CodeOAuthInvalidState), 400},
	} {
		a.acme.fault = c.fault
		if got := b.through(web, ada).expect(t, c.status, "OAUTH_"); strings.Contains(got.body, "secret") {
			t.Errorf("the provider's words reached the client: %s", got.body)
		}
	}
	a.acme.fault = nil
	b.through(web, identity("", "x@example.org")).expect(t, 502, core.CodeOAuthProviderError)
	b.through(web, identity("id-2", "")).expect(t, 400, core.CodeOAuthNoEmail)
	b.through(web, identity("id-2", "Ada <x@example.org>")).expect(t, 400, core.CodeOAuthNoEmail) // O26
	b.through(web, identity("id-2", "Ada@example.org", true)).expect(t, 400, core.CodeOAuthUserExists)
	b.through(web, identity("id-1", "")).expect(t, 200, "token") // a known account needs no address

	me, err := a.Manager().FindByEmail(t.Context(), "ada@example.org")
	check(t, err, nil)
	a.edit(me.ID, func(m *Member) { m.IsActive = false })
	b.through(web, ada).expect(t, 400, core.CodeLoginBadCredentials) // O38
}

// O07: a cookie a flow.
func TestO07TwoTabsDoNotDisturbEachOther(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	first, _ := b.begin(web, "")
	second, _ := b.begin(cookieGroup, "")
	b.finish(web, first, identity("id-1", "ada@example.org")).expect(t, 200, "token")
	b.finish(cookieGroup, second, identity("id-1", "ada@example.org")).expect(t, 204, "")
}

func TestOAuthBegunFlowsDoNotFillTheBrowser(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	ada := identity("id-1", "ada@example.org")
	var states []string
	for range 20 {
		state, _ := b.begin(web, "")
		states = append(states, state)
	}
	at, err := url.Parse(a.url)
	check(t, err, nil)
	if n := len(b.Jar.Cookies(at)); n != 8 {
		t.Errorf("the browser has %d cookies", n)
	}
	b.finish(web, states[0], ada).expect(t, 400, core.CodeOAuthInvalidState)
	b.finish(web, states[12], ada).expect(t, 200, "token") // the oldest of the last eight
}

func TestOAuthConcurrentFirstLoginsMakeOneUser(t *testing.T) {
	a := newOAuthApp(t, nil)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if got := a.browser().through(web, identity("id-1", "ada@example.org")); got.status != 200 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
	wg.Wait()
	users, _, err := a.users.List(t.Context(), core.Query{Limit: 100})
	if err != nil || len(users) != 1 {
		t.Errorf("32 first logins of one account made %d users (%v)", len(users), err)
	}
}

func TestOAuthRedirectMode(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	ada := identity("id-1", "ada@example.org")

	state, began := b.begin(cookieGroup, "?redirect_to=/app%3Ftab=1")
	if began.status != 303 || !strings.HasPrefix(began.header.Get("Location"), "https://acme.example/authorize?") {
		t.Errorf("begin with redirect_to answers %d to %q", began.status, began.header.Get("Location"))
	}
	if got := b.finish(cookieGroup, state, ada); got.status != 303 || got.header.Get("Location") != "/app?tab=1" {
		t.Errorf("the cookie backend sends the browser to %d %q", got.status, got.header.Get("Location"))
	}
	b.get("/users/me").expect(t, 200, "ada@example.org")

	state, _ = b.begin(web, "?redirect_to=https://spa.example.org/in")
	location, err := url.Parse(b.finish(web, state, ada).header.Get("Location"))
	if err != nil || location.Host != "spa.example.org" || location.Path != "/in" {
		t.Fatalf("the browser was sent to %v", location)
	}
	code := location.Query().Get("code")
	a.want("GET", "/users/me", code, "", 401, "") // a code is no token
	b.exchange(code+"x", "").expect(t, 400, core.CodeOAuthInvalidState)
	token := b.exchange(code, "").expect(t, 200, "token").member("token")
	a.want("GET", "/users/me", token, "", 200, "ada@example.org")
	b.exchange(code, "").expect(t, 400, core.CodeOAuthInvalidState)

	state, _ = b.begin(web, "?redirect_to=/app")
	if got := b.get(web + "/callback?error=access_denied&state=" + state); got.status != 303 ||
		got.header.Get("Location") != "/app?error=access_denied" {
		t.Errorf("a refusal sends the browser to %d %q", got.status, got.header.Get("Location"))
	}
}

// O34
func TestO34RedirectTargets(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	for _, bad := range []string{
		"", "//evil.example", "/\\evil.example", "\\/evil.example", "https:evil.example", "https://evil.example", "https://spa.example.org.evil.example/",
		"https://spa.example.org@evil.example/", "https://user@spa.example.org/", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/\n/evil.example",
		"/ /evil.example", "http://spa.example.org/", "https://spa.example.org:444/", "https://spa.example.org\\@evil.example", "///evil.example", "app", "?x", "#x",
		"/\u2044evil", "https://spa\uff0eexample.org/", "HTTPS://SPA.EXAMPLE.ORG/", "/" + strings.Repeat("a", 3000), "%2F%2Fevil.example", "https:///evil.example", "/%09/x\x00",
		"/a//b", "/a//", "//", "/.", "/..", "/./a", "/../a", "/a/./b", "/a/../b", "/a/..", "/a/.", "/a/../", "/%2e/a", "/%2E%2e/a", "/a/.%2e/b", "/a/%2e.", "/%2fevil.example",
		"/%2F%2Fevil.example", "/a%2F%2fb", "/a/%2fb", "/a%2f/b", "/a%2f..%2fb", "/a/..%2Fb", "/a%5c..%5cb", "/%5cevil.example", "/%5C/evil.example", "/a%5Cb", "/%252e%252e/a",
		"/%25252e%25252e/a", "/%252fevil.example", "/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/a/..?x", "/a/..#x", "/a/%0d%0aset-cookie:x", "/a%00", "/a%09/b", "/a%7f",
		"https://spa.example.org//evil.example", "https://spa.example.org/a/../b", "https://spa.example.org/%2e%2e/", "https://spa.example.org/a%2f%2fb", "https://spa.example.org/a%5cb",
	} {
		if got := b.get(web + "/authorize?redirect_to=" + url.QueryEscape(bad)); got.status != 422 ||
			!strings.Contains(got.body, "redirect_to") {
			t.Errorf("redirect_to %q: got %d %s", bad, got.status, got.body)
		}
	}
	for _, good := range []string{
		"/", "/app", "/app/x?y=//z#top", "https://spa.example.org", "https://spa.example.org/in?x=1", "/a..b", "/...", "/..a/b", "/.well-known/x", "/a/", "/a;b=1/c", "/a%20b/caf%C3%A9", "/~ada/%7Eada", "/group%2Fproject", "/100%25",
		"/100%25/of", "/a?x=../..//y", "/a?next=%2F%2Fb%2F..", "/a#/../b//c", "/a.b/c.d", "/a/b:c@d", "https://spa.example.org/a..b/.well-known/?x=//", "https://spa.example.org/",
	} {
		if got := b.get(web + "/authorize?redirect_to=" + url.QueryEscape(good)); got.status != 303 {
			t.Errorf("redirect_to %q: got %d %s", good, got.status, got.body)
		}
	}
}

func TestOAuthFormPostComesBackAsAGet(t *testing.T) {
	a := newOAuthApp(t, nil)
	b := a.browser()
	state, _ := b.begin(web, "")
	code, _ := json.Marshal(identity("id-1", "ada@example.org"))
	// Lax: the post carries no cookie
	posted := a.browser().send("POST", web+"/callback", "application/x-www-form-urlencoded",
		url.Values{"state": {state}, "code": {string(code)}, "user": {`{"name": {"firstName": "Ada"}}`}}.Encode())
	if posted.status != 303 || !strings.Contains(posted.header.Get("Location"), "firstName") {
		t.Fatalf("the post is answered with %d to %q", posted.status, posted.header.Get("Location"))
	}
	b.get(resolved(t, web+"/callback", posted.header.Get("Location"))).expect(t, 200, "token")
}

// resolved returns what a Location leads to, for a request to a path.
func resolved(t *testing.T, path, location string) string {
	t.Helper()
	base, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// TestFieldF2PathPrefixes: what a browser is sent to lies below the prefix that
// it sees, where the router or a proxy cuts it off.
func TestFieldF2PathPrefixes(t *testing.T) {
	for base, want := range map[string]string{
		"https://app.example.org":          "https://app.example.org/api" + web + "/callback", // the router alone has it
		"https://app.example.org/api":      "https://app.example.org/api" + web + "/callback", // and the base URL
		"https://app.example.org/api/":     "https://app.example.org/api" + web + "/callback",
		"https://app.example.org/tenant/7": "https://app.example.org/tenant/7/api" + web + "/callback", // a proxy has another one
	} {
		a := newOAuthAppAt(t, nil, nil, func(o *latchkey.Options[Member]) { o.BaseURL = base })
		a.below("/api")
		b := a.browser()
		state, got := b.begin(web, "")
		to, err := url.Parse(got.member("authorization_url"))
		if err != nil {
			t.Fatal(err)
		}
		if redirect := to.Query().Get("redirect_uri"); redirect != want {
			t.Errorf("base URL %s: redirect_uri is %s, want %s", base, redirect, want)
		}
		code, _ := json.Marshal(identity("id-1", "ada@example.org"))
		posted := a.browser().send("POST", web+"/callback", "application/x-www-form-urlencoded",
			url.Values{"state": {state}, "code": {string(code)}}.Encode())
		location := resolved(t, "/api"+web+"/callback", posted.header.Get("Location"))
		if !strings.HasPrefix(location, "/api"+web+"/callback?") {
			t.Errorf("base URL %s: the post leads to %s", base, location)
		}
		b.get(strings.TrimPrefix(location, "/api")).expect(t, 200, "token")
	}
}

func TestOAuthScopesOfTheClient(t *testing.T) {
	a := newOAuthApp(t, func(p *oauth.Provider) { p.Scopes = []string{"team"} })
	b := a.browser()
	_, got := b.begin(web, "?scopes=repo&scopes=gist")
	if target := got.member("authorization_url"); !strings.Contains(target, "scope=repo+gist+team") {
		t.Errorf("the request to the provider is %q", target)
	}
	b.get(web+"/authorize?scopes=a%20b").expect(t, 422, "scopes")
}
