package routes_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestTheDocListsFilesAndRoutes keeps the package's doc comment true.
func TestTheDocListsFilesAndRoutes(t *testing.T) {
	a := harness.NewApp(t, harness.OnServeMux, harness.Memory, nil)
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(strings.ReplaceAll(string(source), "\n//", " ")), " ")
	here, err := filepath.Glob("*_test.go")
	if err != nil || len(here) == 0 {
		t.Fatal(err)
	}
	for _, file := range here {
		if file != "doc_test.go" && !strings.Contains(doc, " "+file+" ") {
			t.Errorf("doc.go does not list %s", file)
		}
	}
	for prefix, routes := range map[string]core.Group{
		"/auth":           slices.Concat(a.Register(), a.Reset(), a.Verify(), a.Sessions(), a.Keys()),
		"/auth/{backend}": a.Login("jwt"),
		"/users":          a.Users(),
	} {
		for _, r := range routes {
			route := r.Method + " " + prefix + r.Pattern
			if !strings.Contains(doc, route+",") && !strings.Contains(doc, route+" ") {
				t.Errorf("doc.go does not list %s", route)
			}
		}
	}
}
