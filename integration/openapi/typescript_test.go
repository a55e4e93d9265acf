package openapi_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/openapi"
)

// The types that openapi-typescript makes of the document, and a program with
// them, compile without a complaint; the program logs in.
func TestClientInTypeScript(t *testing.T) {
	modules := os.Getenv("LATCHKEY_TEST_OPENAPI_TYPESCRIPT")
	if modules == "" {
		t.Fatal("LATCHKEY_TEST_OPENAPI_TYPESCRIPT, the folder of openapi-typescript's node_modules, is not set: run make test, or this test by tools/servers")
	}
	a := newApp(t, openapi.Options{})
	server := httptest.NewServer(a.doc.Checker().Handler(a.handler, func(err error) { t.Error(err) }))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	document := filepath.Join(folder, "openapi.json")
	if err := os.WriteFile(document, a.doc.JSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "tsconfig.json", "login.ts"} {
		text, err := os.ReadFile(filepath.Join("node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, arguments ...string) string {
		t.Helper()
		cmd := exec.Command("node", append([]string{filepath.Join(folder, name)}, arguments...)...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	run("node_modules/openapi-typescript/bin/cli.js", document, "-o", "schema.ts")
	run("node_modules/typescript/bin/tsc", "-p", ".")
	if said := run("out/login.js", server.URL); strings.TrimSpace(said) != "logged in" {
		t.Errorf("it says %s", said)
	}
}
