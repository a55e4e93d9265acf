package authtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// social returns an application with a provider of these people.
func social(t *testing.T, p core.Provider) *http.ServeMux {
	t.Helper()
	_, h := socialApp(t, p)
	return h
}

func socialApp(t *testing.T, p core.Provider) (*authtest.App[Member], *http.ServeMux) {
	t.Helper()
	flows, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: authtest.Secret(),
		Providers: []oauth.Provider{{Provider: p, VerifiedByDefault: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	app := authtest.New(t, options{Flows: flows.Flows()})
	h := site(app.Auth)
	httpauth.Mount(h, "/auth", app.OAuth("acme", "web").At("/web/acme"), app.OAuth("acme", "api").At("/api/acme"),
		app.Associate("acme").At("/associate/acme"), app.Accounts())
	return app, h
}

func person(subject string) core.OAuthIdentity {
	verified := true
	return core.OAuthIdentity{Subject: subject, Email: subject + "@example.org", EmailVerified: &verified}
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	h := social(t, authtest.Provider("acme", person("ada"), person("eve")))
	for _, c := range []struct {
		name, begin, subject, who string
		status                    int
	}{
		{"by a cookie", "/auth/web/acme/authorize", "", "ada@example.org", 204},
		{"by a token", "/auth/api/acme/authorize", "", "ada@example.org", 200},
		{"somebody else", "/auth/web/acme/authorize", "eve", "eve@example.org", 204},
		{"with redirect_to", "/auth/web/acme/authorize?redirect_to=/start", "", "ada@example.org", 303},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := authtest.NewClient(t)
			if w := client.LogIn(h, c.begin, c.subject); w.Code != c.status {
				t.Fatalf("the callback answers %d %s", w.Code, w.Body)
			}
			if w := client.Do(h, "GET", "/home", ""); w.Body.String() != "GET home of "+c.who {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

// Without people the provider has one who is nowhere else.
func TestProviderOfOnePerson(t *testing.T) {
	t.Parallel()
	one, other := authtest.NewClient(t), authtest.NewClient(t)
	same := social(t, authtest.Provider("acme"))
	one.LogIn(same, "/auth/web/acme/authorize", "")
	other.LogIn(social(t, authtest.Provider("acme")), "/auth/web/acme/authorize", "")
	w := one.Do(same, "GET", "/home", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "@example.org") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	wantStatus(t, other, same, 401)
}

func TestDecline(t *testing.T) {
	t.Parallel()
	h := social(t, authtest.Provider("acme"))
	c := authtest.NewClient(t)
	w := c.Decline(h, "/auth/web/acme/authorize")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "access_denied") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = c.Decline(h, "/auth/web/acme/authorize?redirect_to=/start")
	if w.Code != 303 || w.Header().Get("Location") != "/start?error=access_denied" {
		t.Errorf("got %d to %s", w.Code, w.Header().Get("Location"))
	}
	wantStatus(t, c, h, 401)
}

// A client that is logged in links its account.
func TestAssociation(t *testing.T) {
	t.Parallel()
	app, h := socialApp(t, authtest.Provider("acme", person("ada")))
	ada := authtest.User[Member]()
	c := authtest.As(t, app.Auth, "web", ada)
	w := c.LogIn(h, "/auth/associate/acme/authorize", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), ada.Email) {
		t.Fatalf("the callback answers %d %s", w.Code, w.Body)
	}
	if w := c.Do(h, "GET", "/auth/accounts", ""); !strings.Contains(w.Body.String(), `"acme"`) {
		t.Errorf("the accounts are %s", w.Body)
	}
}

// The flow is the real one: what a thief alters is refused.
func TestTheProviderChecks(t *testing.T) {
	t.Parallel()
	p := authtest.Provider("acme")
	begin := core.OAuthBegin{
		State: "s", Nonce: "n", Challenge: "Nxsri8Yo8jqE0HN8v1hcqjfdtnmXuKOU8Ezjud76oKA",
		RedirectURI: "https://app.example.org/callback",
	}
	to, err := p.Begin(t.Context(), begin)
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequest("GET", to, nil).URL.Query()
	if q.Get("state") != "s" {
		t.Errorf("it leads to %s", to)
	}
	good := core.OAuthFinish{
		Code: q.Get("code"), Verifier: "a-verifier-of-at-least-43-characters-is-wanted-here", Nonce: "n",
		RedirectURI: begin.RedirectURI,
	}
	for name, c := range map[string]struct {
		change  func(*core.OAuthFinish)
		refused bool
	}{
		"twin":                 {func(*core.OAuthFinish) {}, false},
		"another verifier":     {func(f *core.OAuthFinish) { f.Verifier += "x" }, true},
		"another nonce":        {func(f *core.OAuthFinish) { f.Nonce = "" }, true},
		"another redirect URI": {func(f *core.OAuthFinish) { f.RedirectURI += "x" }, true},
		"another code":         {func(f *core.OAuthFinish) { f.Code = "e30" }, true},
		"no code":              {func(f *core.OAuthFinish) { f.Code = "?" }, true},
	} {
		finish := good
		c.change(&finish)
		if who, _, err := p.Finish(t.Context(), finish); (err != nil) != c.refused || !c.refused && !who.Verified() {
			t.Errorf("%s: got %+v, %v", name, who, err)
		}
	}
}

func TestMisuseOfLogIn(t *testing.T) {
	t.Parallel()
	h := social(t, authtest.Provider("acme", person("ada")))
	away := http.RedirectHandler("https://accounts.example.com/authorize?state=x", http.StatusSeeOther)
	for name, c := range map[string]struct {
		handler        http.Handler
		begin, subject string
		part           string
	}{
		"a path without a route": {h, "/auth/web/acme", "", "/authorize"},
		"nobody":                 {h, "/auth/web/acme/authorize", "eve", `"ada"`},
		"another provider":       {away, "/", "", "accounts.example.com/authorize"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSentence(t, saying(t, func(tb testing.TB) {
				authtest.NewClient(tb).LogIn(c.handler, c.begin, c.subject)
			}), c.part)
		})
	}
}
