package upgrade_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uptrace/bun"
)

// releases are the commits whose stored data must go on working. Each is a
// folder of testdata.
var releases = []string{"089b914", "d354dce", "8b02d2c", "5cbdfe5", "59156f6", "585ee2a", "9e27b2a"}

// fixture returns the lines of a file of a release, and what its head names.
func fixture(t *testing.T, release, name string) (named map[string]string, lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", release, name))
	if err != nil {
		t.Fatal(err)
	}
	named = map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), ";")
		if head, ok := strings.CutPrefix(line, "-- "); ok {
			key, value, _ := strings.Cut(head, " ")
			named[key] = value
		} else {
			lines = append(lines, line)
		}
	}
	return named, lines
}

func run(t *testing.T, db *bun.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.DB.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// one returns the statement that contains all the parts, or contains them in
// hexadecimal.
func one(t *testing.T, statements []string, parts ...string) string {
	t.Helper()
	for _, statement := range statements {
		found := 0
		for _, part := range parts {
			if strings.Contains(statement, part) || strings.Contains(statement, fmt.Sprintf("%X", part)) {
				found++
			}
		}
		if found == len(parts) {
			return statement
		}
	}
	t.Fatalf("no statement has %q", parts)
	return ""
}

// replaced returns a statement with other texts, which it may contain in
// hexadecimal.
func replaced(statement string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		before, after := pairs[i], pairs[i+1]
		beforeHex, afterHex := hex.EncodeToString([]byte(before)), hex.EncodeToString([]byte(after))
		statement = strings.NewReplacer(before, after, beforeHex, afterHex,
			strings.ToUpper(beforeHex), strings.ToUpper(afterHex)).Replace(statement)
	}
	return statement
}
