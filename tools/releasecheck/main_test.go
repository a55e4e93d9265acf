package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// good is a root module with a part that needs one package of it.
var good = map[string]string{
	"go.work":      "go 1.26.0\n\nuse (\n\t.\n\t./part\n)\n",
	"go.mod":       "module example.com/m\n\ngo 1.26.0\n",
	"core/core.go": "package core\n",
	"part/go.mod": "module example.com/m/part\n\ngo 1.26.0\n\nrequire example.com/m v0.1.0\n\n" +
		"replace example.com/m => ..\n",
	"part/part.go": "package part\n\nimport _ \"example.com/m/core\"\n",
}

var goodDependencies = map[string][]string{".": nil, "part": nil}

func TestRun(t *testing.T) {
	const (
		other     = "module example.com/m/other\n\ngo 1.26.0\n\nrequire example.com/m v0.1.0\n\nreplace example.com/m => ..\n"
		withOther = "module example.com/m/part\n\ngo 1.26.0\n\nrequire (\n\texample.com/m v0.1.0\n\texample.com/m/other v0.1.0\n)\n\n" +
			"replace (\n\texample.com/m => ..\n\texample.com/m/other => ../other\n)\n"
		otherGo       = "package other\n\nimport _ \"example.com/m/core\"\n"
		withOtherWork = "go 1.26.0\n\nuse (\n\t.\n\t./other\n\t./part\n)\n"
		importsBoth   = "package part\n\nimport (\n\t_ \"example.com/m/core\"\n\t_ \"example.com/m/other\"\n)\n"
	)
	for _, c := range []struct {
		name         string
		files        map[string]string // beside those of good, or instead of them
		dependencies map[string][]string
		problem      string
	}{
		{"good", nil, goodDependencies, ""},
		{
			"a foreign module comes along",
			map[string]string{"other/go.mod": other, "other/other.go": otherGo, "part/go.mod": withOther,
				"part/part.go": importsBoth, "go.work": withOtherWork},
			map[string][]string{".": nil, "part": nil, "other": nil},
			"example.com/m/part compiles example.com/m/other, which is not among its dependencies",
		},
		{
			"a module for tests alone",
			map[string]string{"other/go.mod": other, "other/other.go": otherGo, "part/go.mod": withOther,
				"go.work": withOtherWork},
			map[string][]string{".": nil, "part": nil, "other": nil},
			"example.com/m/part requires example.com/m/other for tests alone",
		},
		{
			"a dependency that is none", nil, map[string][]string{".": {"example.com/x"}, "part": nil},
			"example.com/m does not compile example.com/x",
		},
		{
			"a module that is not in the workspace",
			map[string]string{"go.work": "go 1.26.0\n\nuse .\n"}, goodDependencies, "part is not in go.work",
		},
		{
			"a module that stays outside", map[string]string{
				"integration/x/go.mod": strings.Replace(other, "=> ..", "=> ../..", 1), "integration/x/x.go": otherGo,
			}, goodDependencies, "",
		},
		{"a module without a list", nil, map[string][]string{".": nil}, "does not know the dependencies of example.com/m/part"},
		{
			"a file that only the workspace sees",
			map[string]string{"part/part.go": "package part\n\nimport _ \"example.com/m/core/missing\"\n"}, goodDependencies,
			"missing",
		},
		{
			"two versions",
			map[string]string{"examples/go.mod": strings.Replace(strings.Replace(other, "other", "examples", 1), "v0.1.0",
				"v0.2.0", 1), "go.work": strings.Replace(withOtherWork, "other", "examples", 1)},
			goodDependencies, "part requires example.com/m@v0.1.0, others v0.2.0",
		},
		{
			"a placeholder version",
			map[string]string{"part/go.mod": strings.Replace(good["part/go.mod"], "v0.1.0", "v0.0.0", 1)},
			goodDependencies, "part requires example.com/m@v0.0.0: nobody could get it",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			writeAll(t, root, good)
			writeAll(t, root, c.files)
			err := run(t.Context(), root, c.dependencies)
			if (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
		})
	}
}

func writeAll(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Before a long run: each released module of this repository has a row of
// dependencies, and each row a module.
func TestDependenciesAreThoseOfTheWorkspace(t *testing.T) {
	tree, err := readTree(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	released := make(map[string]bool)
	for _, m := range tree.released() {
		released[m.name] = true
		if _, ok := dependencies[m.name]; !ok {
			t.Errorf("dependencies.go has no row for %s", m.name)
		}
	}
	for name := range dependencies {
		if !released[name] {
			t.Errorf("dependencies.go has a row for %s, which is not in go.work", name)
		}
	}
}
