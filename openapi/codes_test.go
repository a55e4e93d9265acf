package openapi_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

var codeRow = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([0-9]+)")

// Every code of docs/codes.md has its status, and a sentence for readers of the
// document.
func TestEveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../docs/codes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := codeRow.FindAllStringSubmatch(string(table), -1)
	if len(rows) < 30 {
		t.Fatalf("the table has %d codes", len(rows))
	}
	for _, row := range rows {
		code, status := row[1], row[2]
		_, d := made(t, openapi.Options{}, core.Group{
			endpoint("x:y", "GET", "/x", func(e *core.Endpoint) { e.Doc.Codes = []string{code} }),
		})
		answer := operation("GET /x") + ".responses." + status
		if ref, shared := d.at(answer + ".$ref").(string); shared {
			answer = strings.ReplaceAll(strings.TrimPrefix(ref, "#/"), "/", ".")
		}
		example, _ := d.at(answer + ".content.application/json.examples." + code).(object)
		if example["summary"] == nil || example["value"] == nil {
			t.Errorf("%s: its example is %v, want a sentence in codes.go", code, example)
		}
	}
}
