package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSiblings(t *testing.T) {
	for _, c := range []struct {
		file, imported string
		refused        bool
	}{
		{"stores/a/a.go", "stores/b", true},
		{"stores/a/a.go", "stores/b/inner", true},
		{"stores/a/a_test.go", "stores/b", true},
		{"stores/a/inner/a.go", "stores/b", true},
		{"stores/a/a.go", "stores/storetest", true},
		{"providers/p.go", "providers/a", true},
		{"stores/storetest/s.go", "stores/a", true},
		{"providers/a/a.go", "providers", true},
		{"flows/trusted/t.go", "flows/totp", true},

		{"stores/a/a_test.go", "stores/a", false},
		{"stores/a/a.go", "stores/a/inner", false},
		{"stores/a/a_test.go", "stores/storetest", false},
		{"stores/storetest/s_test.go", "stores/a", false},
		{"stores/all_test.go", "stores/a", false},
		{"providers/p_test.go", "providers", false},
		{"providers/localprovider/p.go", "providers", false},
		{"providers/localprovider/p.go", "providers/a", true},
		{"adapters/a/a.go", "adapters/httpauth", false},
		{"stores/a/a.go", "core", false},
		{"strategies/a/a_test.go", "stores/b", false},
		{"internal/a/a.go", "stores/b", false},
		{"integration/a.go", "stores/b", false},
		{"flows/trusted/t_test.go", "flows/totp", false},
		{"strategies/refresh/r_test.go", "strategies/jwt", false},
		{"strategies/refresh/refresh.go", "strategies/jwt", true},
	} {
		t.Run(c.file+" imports "+c.imported, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, c.file), "package p\n\nimport (\n\t_ \"fmt\"\n\t_ \""+module+c.imported+"\"\n)\n")
			err := check(root)
			if (err != nil) != c.refused {
				t.Fatalf("got %v", err)
			}
			if want := c.file + ":5: imports " + c.imported; c.refused && !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

func TestFamiliesAreThere(t *testing.T) {
	for _, family := range families {
		if _, err := os.Stat(filepath.Join("..", "..", family)); err != nil {
			t.Error(err)
		}
	}
}

func TestFileThatDoesNotParse(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "stores/a/a.go"), "nonsense")
	if err := check(root); err == nil {
		t.Error("no error")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
