// Package node runs npm's oidc-provider, which is certified, as a process of
// Node.
package node

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Start runs it with settings for provider.mjs until the test ends, and returns
// its issuer, which is at 127.0.0.1.
func Start(t *testing.T, settings map[string]any) (issuer string) {
	t.Helper()
	folder := os.Getenv("LATCHKEY_TEST_OIDC_PROVIDER")
	if folder == "" {
		t.Fatal("LATCHKEY_TEST_OIDC_PROVIDER, the folder of oidc-provider's node_modules, is not set: run make test, or this test by tools/servers")
	}
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	// it exits when its standard input closes
	cmd := exec.Command("node", "../oidc/node/provider.mjs", folder, string(text))
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
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("oidc-provider does not start: %v", err)
	}
	return strings.TrimSpace(line)
}
