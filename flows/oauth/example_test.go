package oauth_test

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// google stands for a provider of package providers.
type google struct{ core.Provider }

// Name names the provider in routes and links.
func (google) Name() string { return "google" }

// Flows are the flows of all providers. The callback logs in the user to whom
// the account is linked, or makes one; an account whose address is another
// user's is refused unless AssociateByEmail is set. Manager.OAuthCallback does
// the same for a login by the provider's own SDK.
func ExampleOAuth_Flows() {
	social, err := oauth.New(oauth.Options{
		Accounts:  memstore.NewOAuthAccounts(),
		Secret:    []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), // 32 random bytes, the same on every node
		Providers: []oauth.Provider{{Provider: google{}, VerifiedByDefault: true}},
	})
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    social.Flows(),
		Tickets:  memstore.NewTickets(nil),
		BaseURL:  "https://app.example.org",
	})
	if err != nil {
		panic(err)
	}
	for _, route := range auth.OAuth("google", "api") { // mounted at /auth/api/google
		fmt.Println(route.Method, route.Pattern)
	}
	ctx, verified := context.Background(), true
	ada := core.OAuthIdentity{Subject: "1815", Email: "ada@example.org", EmailVerified: &verified}
	first, err := auth.Manager().OAuthCallback(ctx, "google", ada, core.OAuthTokens{})
	fmt.Println(first.Email, first.IsVerified, err)
	again, err := auth.Manager().OAuthCallback(ctx, "google", ada, core.OAuthTokens{})
	fmt.Println(again.ID == first.ID, err)

	eve := core.OAuthIdentity{Subject: "666", Email: "ada@example.org", EmailVerified: &verified}
	_, err = auth.Manager().OAuthCallback(ctx, "google", eve, core.OAuthTokens{})
	fmt.Println(err)
	// Output:
	// GET /authorize
	// GET /callback
	// POST /callback
	// ada@example.org true <nil>
	// true <nil>
	// OAUTH_USER_ALREADY_EXISTS
}
