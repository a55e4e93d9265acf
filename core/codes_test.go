package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Every code is a constant of this package, has a status, and is a row of
// docs/codes.md with that status first.
func TestCodesAreDocumentedWithTheirStatus(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/codes.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]int{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (\\d{3})").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]], _ = strconv.Atoi(row[2])
	}
	declared := map[string]int{}
	for _, code := range codes(t) {
		declared[code] = core.CodeStatus(code)
	}
	if len(declared) < 20 || !maps.Equal(declared, documented) {
		t.Errorf("the constants have the statuses\n%v\nand docs/codes.md has\n%v", declared, documented)
	}
	if got := core.CodeStatus("PLAN_EXPIRED"); got != 0 {
		t.Errorf("an application's own code has the status %d, want 0", got)
	}
}

// codes returns the values of the package's constants whose names begin with
// Code.
func codes(t *testing.T) (found []string) {
	t.Helper()
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				code, _ := strconv.Unquote(value.Value)
				found = append(found, code)
			}
			return true
		})
	}
	return found
}

// The words of OAuth are those of RFC 8628, section 3.5, and of RFC 6749.
func TestOAuthErrors(t *testing.T) {
	t.Parallel()
	words := map[string]string{}
	for _, code := range codes(t) {
		if word := core.OAuthError(code); word != "" {
			words[code] = word
		}
	}
	if want := map[string]string{
		"DEVICE_AUTHORIZATION_PENDING": "authorization_pending", "DEVICE_SLOW_DOWN": "slow_down",
		"DEVICE_EXPIRED_TOKEN": "expired_token", "DEVICE_ACCESS_DENIED": "access_denied", "DEVICE_BAD_CODE": "invalid_grant",
	}; !maps.Equal(words, want) {
		t.Errorf("got %v, want %v", words, want)
	}
}
