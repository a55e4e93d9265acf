package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// village is a service to log in at, in a few lines. Package providers has real
// ones.
type village struct{}

// Name returns the word in the routes and in the links.
func (village) Name() string { return "village" }

// Begin returns the page where people log in. It shows the state and the
// challenge to the service.
func (village) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	return "https://village.example/authorize?" + url.Values{"state": {b.State}, "code_challenge": {b.Challenge},
		"redirect_uri": {b.RedirectURI}}.Encode(), nil
}

// Finish returns whose code it is. A real provider exchanges code and verifier
// for tokens at the service, and asks it who they belong to.
func (village) Finish(_ context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	if f.Code != "code-of-6" {
		return core.OAuthIdentity{}, core.OAuthTokens{}, core.ErrOAuthCodeRefused
	}
	verified := true
	who := core.OAuthIdentity{Subject: "6", Email: "six@village.example", EmailVerified: &verified, Name: "Number Six"}
	return who, core.OAuthTokens{}, nil
}

// Who logs in at a provider for the first time becomes a user, and is the same
// one from then on.
func ExampleAuth_OAuth() {
	accounts := memstore.NewOAuthAccounts()
	social, err := oauth.New(oauth.Options{
		Accounts:  accounts,
		Secret:    []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), // 32 random bytes, the same on every node
		Providers: []oauth.Provider{{Provider: village{}, VerifiedByDefault: true}},
	})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()},
		Flows:    social.Flows(),
		Tickets:  memstore.NewTickets(nil),
		BaseURL:  "https://app.example.org",
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/village", auth.OAuth("village", "web"))
	httpauth.Mount(mux, "/users", auth.Users())

	for range 2 {
		var login struct{ Token string }
		_ = json.Unmarshal(visitVillage(mux), &login)
		fmt.Println(strings.Contains(exchange(mux, "GET /users/me", login.Token, ""), "six@village.example"))
	}
	link, err := accounts.Find(context.Background(), "village", "6")
	fmt.Println(link.Email, err)
	// Output:
	// true
	// true
	// six@village.example <nil>
}

// visitVillage does what a browser does, and returns the callback's answer.
func visitVillage(h http.Handler) []byte {
	begin := httptest.NewRecorder()
	h.ServeHTTP(begin, httptest.NewRequest(http.MethodGet, "https://app.example.org/auth/village/authorize", nil))
	var answer struct {
		URL string `json:"authorization_url"`
	}
	_ = json.Unmarshal(begin.Body.Bytes(), &answer)
	page, err := url.Parse(answer.URL)
	if err != nil {
		panic(err)
	}
	// At the village, number six agrees and is sent back with a code.
	back := page.Query().Get("redirect_uri") + "?" +
		url.Values{"code": {"code-of-6"}, "state": page.Query()["state"]}.Encode()
	r := httptest.NewRequest(http.MethodGet, back, nil)
	for _, c := range begin.Result().Cookies() {
		r.AddCookie(c)
	}
	callback := httptest.NewRecorder()
	h.ServeHTTP(callback, r)
	return callback.Body.Bytes()
}
