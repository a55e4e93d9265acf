package authtest

import (
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// WithKey returns a client that sends a new API key of a user, with these
// scopes, as a bearer token. A user without an ID is created first, as by As.
// The application needs the flow of an apikey.Strategy, whose store is that of
// its Options.Credentials.
func WithKey[U any, PU core.Model[U]](t testing.TB, auth *latchkey.Auth[U], u *U, scopes ...string) *Client {
	t.Helper()
	b := created[U, PU](t, "WithKey", auth, u)
	token, _, err := auth.Manager().MakeAPIKey(t.Context(), b.ID, apikey.Wanted{Name: "authtest", Scopes: scopes})
	if err != nil {
		t.Fatalf("authtest: WithKey: no key of user %q can be made: %v", b.Email, err)
	}
	c := NewClient(t)
	if base := auth.Services().Env.BaseURL; base != nil {
		c.host = base.Host
	}
	c.Token = token
	c.Header.Set("Authorization", "Bearer "+token)
	return c
}
