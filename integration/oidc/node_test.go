package oidc_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/oidc/node"
)

// startNode starts oidc-provider with the people and clients of these tests.
func startNode(t *testing.T, redirectURIs ...string) *identityProvider {
	t.Helper()
	client := map[string]any{
		"client_id": webClient, "client_secret": clientSecret, "redirect_uris": redirectURIs, "grant_types": []string{"authorization_code", "refresh_token"},
	}
	issuer := node.Start(t, map[string]any{
		"people": map[string]any{
			ada: map[string]any{"email": adaEmail, "email_verified": true},
			bob: map[string]any{"email": "test-user2@example.org", "email_verified": true},
		},
		"password": personPassword,
		"clients": []any{client, map[string]any{
			"client_id": publicClient, "token_endpoint_auth_method": "none", "redirect_uris": redirectURIs, "grant_types": client["grant_types"],
		}},
	})
	p := &identityProvider{issuer: issuer}
	p.rotate = func() {
		resp, err := http.Post(p.issuer+"/test/rotate", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	return p
}

func TestIssThatTheProviderSends(t *testing.T) {
	a := newApp(t, settings{start: startNode})
	for name, change := range map[string]func(url.Values){
		"another issuer": func(q url.Values) { q.Set("iss", "https://evil.example") },
		"missing":        func(q url.Values) { q.Del("iss") },
		"twice":          func(q url.Values) { q.Add("iss", q.Get("iss")) },
	} {
		b := a.browser()
		callback := b.signIn(b.begin(byCookie, ""), ada)
		query := callback.Query()
		if query.Get("iss") != a.provider.issuer {
			t.Fatalf("the provider sends the iss %q (RFC 9207)", query.Get("iss"))
		}
		change(query)
		callback.RawQuery = query.Encode()
		t.Run(name, func(t *testing.T) { b.get(callback.String()).expect(t, 400, "") })
	}
	a.wantUsers(0)
	a.browser().login(byCookie, "", ada).expect(t, 204, "")
}

func TestPersonWhoIsRefusedAtTheProviderComesBackWithItsWord(t *testing.T) {
	a := newApp(t, settings{start: startNode})
	b := a.browser()
	b.login(byJWT, "", "nobody").expect(t, 400, "access_denied")
	b.login(byCookie, "?redirect_to=/app", "nobody").expectPage(t, "/app?error=access_denied")
	a.wantUsers(0)
}

func TestTwoTabsAtOneProvider(t *testing.T) {
	a := newApp(t, settings{start: startNode})
	b := a.browser()
	one := b.signIn(b.begin(byCookie, ""), ada)
	two := b.signIn(b.begin(byCookie, ""), ada)
	b.get(one.String()).expect(t, 204, "")
	b.get(two.String()).expect(t, 204, "")
	b.get(two.String()).expect(t, 400, core.CodeOAuthInvalidState)
}
