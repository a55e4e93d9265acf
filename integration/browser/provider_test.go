package browser_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/oidc/node"
)

// The application at the provider, and the password of everyone with an account
// there.
const (
	clientID     = "app"
	clientSecret = "the secret of the application"
	password     = "verysecure"
)

// startProvider starts oidc-provider with the people of these tests, and
// returns its issuer.
func startProvider(t *testing.T, redirectURIs ...string) string {
	t.Helper()
	return node.Start(t, map[string]any{
		"people":   map[string]any{"ada": map[string]any{"email": "ada@example.org"}, "bob": map[string]any{"email": "bob@example.org"}},
		"password": password,
		"clients":  []any{map[string]any{"client_id": clientID, "client_secret": clientSecret, "redirect_uris": redirectURIs}},
	})
}
