package goth_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/uber"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// panicking is a provider of goth whose profile panics.
type panicking struct {
	HTTPClient *http.Client
	goth.Provider
}

func (*panicking) UnmarshalSession(string) (goth.Session, error) { panic("secret-canary") }

// app is an application that people log in to with p, and a browser of theirs.
type app struct {
	server  *httptest.Server
	browser *http.Client
	log     strings.Builder
}

func newApp(t *testing.T, g goth.Provider, s *service) *app {
	t.Helper()
	mux := http.NewServeMux()
	a := &app{server: httptest.NewTLSServer(mux)}
	t.Cleanup(a.server.Close)
	p, err1 := gothprovider.New(g, gothprovider.Options{Transport: s})
	social, err2 := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: p}},
	})
	sessions, err3 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err4 := cookie.New(cookie.Options{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[latchkey.User](), latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}}, Flows: social.Flows(),
		Tickets: memstore.NewTickets(nil), BaseURL: a.server.URL,
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &a.log), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close(t.Context()) })
	httpauth.Mount(mux, "/auth/uber", auth.OAuth("uber", "web"))
	httpauth.Mount(mux, "/users", auth.Users())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	a.browser = a.server.Client()
	a.browser.Jar = jar
	return a
}

// get returns the status and the members of a response of the application.
func (a *app) get(t *testing.T, path string) (int, map[string]any) {
	t.Helper()
	resp, err := a.browser.Get(a.server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	members := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&members); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return resp.StatusCode, members
}

// login begins a flow and comes back with a code.
func (a *app) login(t *testing.T) (int, map[string]any) {
	t.Helper()
	_, begun := a.get(t, "/auth/uber/authorize")
	to, _ := begun["authorization_url"].(string)
	u, err := url.Parse(to)
	if err != nil || u.Host != "login.uber.com" || u.Query().Get("code_challenge") == "" {
		t.Fatalf("the flow begins with %v", begun)
	}
	if at := u.Query().Get("redirect_uri"); at != a.server.URL+"/auth/uber/callback" {
		t.Fatalf("the redirect URI is %s", at)
	}
	return a.get(t, "/auth/uber/callback?"+url.Values{"code": {"the-code"}, "state": {u.Query().Get("state")}}.Encode())
}

func uberService(t *testing.T, profile string) *service {
	r := row{token: "https://login.uber.com/oauth/token", profiles: one("https://api.uber.com/v1/me", profile)}
	return startService(t, r.asked)
}

func TestALoginGivesASession(t *testing.T) {
	a := newApp(t, uber.New(id, secret, ""), uberService(t, `{"uuid":"f4a416e3","email":"ada@example.com"}`))
	if status, body := a.login(t); status != http.StatusNoContent {
		t.Fatalf("the login answers %d %v", status, body)
	}
	if status, me := a.get(t, "/users/me"); status != http.StatusOK || me["is_verified"] != false {
		t.Errorf("the user is %d %v", status, me)
	}
}

func TestWhatGoesWrongAtGothIsABadGateway(t *testing.T) {
	genuine := uber.New(id, secret, "")
	for name, c := range map[string]struct {
		provider goth.Provider
		profile  string
	}{
		"O31 a panic":               {&panicking{Provider: genuine}, `{"uuid":"f4a416e3","email":"ada@example.com"}`},
		"O31 a profile without id":  {genuine, `{}`},
		"O29 a page in place of it": {genuine, `<html>`},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, c.provider, uberService(t, c.profile))
			status, body := a.login(t)
			if status != http.StatusBadGateway || body["detail"] != core.CodeOAuthProviderError {
				t.Errorf("the login answers %d %v", status, body)
			}
			if strings.Contains(a.log.String(), "canary") || !strings.Contains(a.log.String(), "gothprovider") {
				t.Errorf("the log is %s", a.log.String())
			}
			if status, _ := a.get(t, "/users/me"); status != http.StatusUnauthorized {
				t.Errorf("the user is %d", status)
			}
		})
	}
}
