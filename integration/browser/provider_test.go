package browser_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The application at the provider, and the password of all who have an account there.
const (
	clientID     = "app"
	clientSecret = "the secret of the application"
	password     = "verysecure"
)

// startProvider starts npm's oidc-provider and gives its issuer, which is at 127.0.0.1.
func startProvider(t *testing.T, redirectURIs ...string) string {
	t.Helper()
	folder := os.Getenv("LATCHKEY_TEST_OIDC_PROVIDER")
	if folder == "" {
		t.Fatal("LATCHKEY_TEST_OIDC_PROVIDER is not set: run make test, or this test by tools/servers")
	}
	settings, err := json.Marshal(map[string]any{
		"people":   map[string]any{"ada": map[string]any{"email": "ada@example.org"}, "bob": map[string]any{"email": "bob@example.org"}},
		"password": password,
		"clients":  []any{map[string]any{"client_id": clientID, "client_secret": clientSecret, "redirect_uris": redirectURIs}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "../oidc/node/provider.mjs", folder, string(settings)) // it ends with its standard input
	cmd.Stderr = t.Output()
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	for _, err := range []error{err1, err2, cmd.Start()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	issuer, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider does not start: %v", err)
	}
	return strings.TrimSpace(issuer)
}
