package oidc_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// startNode starts oidc-provider, which is certified, as a process of Node.
func startNode(t *testing.T, redirectURIs ...string) *identityProvider {
	t.Helper()
	folder := os.Getenv("LATCHKEY_TEST_OIDC_PROVIDER")
	if folder == "" {
		t.Fatal("LATCHKEY_TEST_OIDC_PROVIDER, the folder of oidc-provider's node_modules, is not set: run make test, or this test by tools/servers")
	}
	client := map[string]any{
		"client_id": webClient, "client_secret": clientSecret, "redirect_uris": redirectURIs, "grant_types": []string{"authorization_code", "refresh_token"},
	}
	settings, err := json.Marshal(map[string]any{
		"people": map[string]any{
			ada: map[string]any{"email": adaEmail, "email_verified": true}, bob: map[string]any{"email": "test-user2@example.org", "email_verified": true},
		},
		"password": personPassword,
		"clients": []any{client, map[string]any{
			"client_id": publicClient, "token_endpoint_auth_method": "none", "redirect_uris": redirectURIs, "grant_types": client["grant_types"],
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "node/provider.mjs", folder, string(settings))
	stdin, err1 := cmd.StdinPipe() // at whose end it stops
	stdout, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	said := &strings.Builder{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	issuer, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("oidc-provider does not start: %v\n%s", err, said)
	}
	p := &identityProvider{issuer: strings.TrimSpace(issuer)}
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
