package latchkey_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// What docs/guides/oauth.md shows, executed.

// callAPI is docs/guides/oauth.md's call of a provider's API.
func callAPI(ctx context.Context, social *oauth.OAuth, userID string, request *http.Request) (*http.Response, error) {
	token, err := social.Token(ctx, userID, "acme")
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(request)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	_ = resp.Body.Close()
	if token, err = social.Renew(ctx, userID, "acme", token); err != nil {
		return nil, err // core.ErrInvalid: the user has to log in at the provider again
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return http.DefaultClient.Do(request)
}

func TestFieldF10TheGuidesCall(t *testing.T) {
	p := &rotating{timeless: true}
	id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Time{})
	var presented []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented = append(presented, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer renewed 1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer api.Close()
	for range 2 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL, nil)
		check(t, err, nil)
		resp, err := callAPI(t.Context(), nodes[0], id, r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", resp, err)
		}
		check(t, resp.Body.Close(), nil)
	}
	if len(presented) != 3 || p.asked != 1 {
		t.Errorf("the API was called with %q, after %d renewals", presented, p.asked)
	}
}

// oneWorkspace is docs/guides/oauth.md's rule about an account at a provider.
func oneWorkspace() latchkey.Hooks[Member] {
	employees := func(_ context.Context, e *latchkey.Event[Member]) error {
		if e.Identity == nil || e.Identity.Provider != "google" {
			return nil // a password, another provider
		}
		var claims struct {
			Workspace string `json:"hd"`
		}
		if err := json.Unmarshal(e.Identity.Claims, &claims); err != nil || claims.Workspace != "example.org" {
			return latchkey.Refuse("WRONG_WORKSPACE") // 400 {"detail": "WRONG_WORKSPACE"}
		}
		return nil
	}
	return latchkey.Hooks[Member]{BeforeRegister: employees, BeforeLogin: employees}
}

func TestFieldM9TheGuidesWorkspace(t *testing.T) {
	a := newOAuthAppAt(t, nil, func(p *oauth.Provider) { p.Provider.(*acme).name = "google" },
		func(o *latchkey.Options[Member]) { o.Hooks = oneWorkspace() })
	mount := func(backend string) string { return "/auth/" + backend + "/google" }
	in, out := identity("id-1", "ada@example.org"), identity("id-2", "eve@example.org")
	in.Claims, out.Claims = json.RawMessage(`{"hd":"example.org"}`), json.RawMessage(`{}`)
	b := a.browser()
	b.through(mount("web"), in).expect(t, 200, "token")
	in.Claims = json.RawMessage(`{"hd":"elsewhere.example"}`) // the account has moved
	b.through(mount("web"), in).expect(t, 400, "WRONG_WORKSPACE")
	b.through(mount("web"), out).expect(t, 400, "WRONG_WORKSPACE")
	if users, _, err := a.users.List(t.Context(), core.Query{Limit: 9}); err != nil || len(users) != 1 {
		t.Errorf("there are %d users (%v)", len(users), err)
	}
	b.through("/auth/web/other", identity("id-3", "bob@example.org")).expect(t, 200, "token")
	a.register("grace@example.org")
	a.login("grace@example.org", password).expect(t, 200, "token")
}

// nativeApplication is docs/guides/oauth.md's list of pages.
func nativeApplication(accounts core.OAuthAccountStore, secret []byte, google core.Provider) (*oauth.OAuth, error) {
	return oauth.New(oauth.Options{
		Accounts:        accounts,
		Secret:          secret,
		Providers:       []oauth.Provider{{Provider: google}},
		RedirectOrigins: []string{"https://spa.example.com", "com.example.app:/signed-in"},
	})
}

func TestFieldM7TheGuidesApplication(t *testing.T) {
	google := &acme{name: "google", begun: map[string]core.OAuthBegin{}}
	social, err := nativeApplication(memstore.NewOAuthAccounts(), []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), google)
	check(t, err, nil)
	o := options[Member]()
	o.Flows, o.Tickets, o.BaseURL = social.Flows(), memstore.NewTickets(nil), "https://app.example.org"
	auth, err := latchkey.New(memstore.NewUsers[Member](), o)
	check(t, err, nil)
	defer func() { check(t, auth.Close(t.Context()), nil) }()
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/google", auth.OAuth("google", "web"))
	for query, want := range map[string]int{
		"redirect_to=com.example.app:/signed-in&code_challenge=" + challenge(core.Digest("x")): 303,
		"redirect_to=com.example.app:/signed-in":                                               422,
		"redirect_to=https://spa.example.com/signed-in":                                        303,
	} {
		got := httptest.NewRecorder()
		mux.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/google/authorize?"+query, nil))
		if got.Code != want {
			t.Errorf("%s: got %d %s", query, got.Code, got.Body)
		}
	}
}
