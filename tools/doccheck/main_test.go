package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const exampleFile = `package p

import "fmt"

// T is a type.
type T struct {
	// A is a field.
	A int
}

func Example() {
	if true {
		fmt.Println("a")
	}
	// Output: a
}
`

const exampleBody = "if true {\n\tfmt.Println(\"a\")\n}\n"

func TestCheck(t *testing.T) {
	fromFunction := "<!-- source: p/example_test.go Example -->\n\n```go\n" + exampleBody + "```\n"
	fromFile := "<!-- source: p/example_test.go -->\n```go\n" + exampleFile + "```\n"
	fromType := "<!-- source: p/example_test.go T -->\n```go\n// T is a type.\ntype T struct {\n\t// A is a field.\n\tA int\n}\n```\n"
	fromScript := fromFile + "<!-- source: p/page.js -->\n```js\nlocation = \"/\";\n```\n"
	for _, c := range []struct{ name, readme, problem string }{
		{"a function's body", fromFunction, ""},
		{"a whole function", strings.Replace(fromFunction, exampleBody, exampleFile[strings.Index(exampleFile, "func"):], 1), ""},
		{"a whole file", fromFile, ""},
		{"a type, with its comments", fromType, ""},
		{"a file of another language", fromScript, ""},
		{"a whole function that differs", strings.Replace(fromFunction, exampleBody, "func Example() {\n}\n", 1), "README.md:3: the block is not"},
		{"a type that differs", strings.Replace(fromType, "A int", "A string", 1), "README.md:2: the block is not p/example_test.go T"},
		{"a script that differs", strings.Replace(fromScript, "location", "href", 1), "the block is not p/page.js"},
		{"links that resolve", fromFile + "[a](p) [b](https://example.com/x) [c](docs/a.md#one-two) [d](#here)\n## Here\n", ""},
		{"links in code", fromFile + "`[a](nowhere)`\n```\n[a](nowhere)\n```\n", ""},
		{"a block that differs", strings.Replace(fromFunction, `"a"`, `"b"`, 1), "README.md:3: the block is not p/example_test.go Example"},
		{"a block that ends early", strings.Replace(fromFunction, "}\n", "", 1), "(nothing)"},
		{"no such function", strings.Replace(fromFunction, " Example ", " Other ", 1), "no function and no type Other"},
		{"no such file", strings.Replace(fromFunction, "p/", "q/", 1), "no such file"},
		{"no source", "```go\n```\n", "names no source"},
		{"no block", "text\n", "names no source"},
		{"a block of another language first", "```sh\n```\n" + fromFile, ""},
		{"no Go block", fromScript[len(fromFile):], "names no source"},
		{"a broken link", fromFile + "[a](nowhere.md)", "broken link nowhere.md"},
		{"a broken anchor", fromFile + "[a](docs/a.md#three)", "broken link docs/a.md#three: no such heading"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "README.md", c.readme)
			write(t, root, "p/example_test.go", exampleFile)
			write(t, root, "p/page.js", "location = \"/\";\n")
			write(t, root, "docs/a.md", "# One, two\n[back](../README.md)\n")
			err := check(root)
			if (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
		})
	}
}

func TestAnIndexHasEachPage(t *testing.T) {
	for _, c := range []struct{ name, index, problem string }{
		{"each page", "[a](a.md) [b](./b.md#one)", ""},
		{"one without a link", "[a](a.md) `[b](b.md)`", "docs/guides/README.md:1: there is no link to b.md"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "README.md", "<!-- source: example_test.go Example -->\n```go\n"+exampleBody+"```\n")
			write(t, root, "example_test.go", exampleFile)
			write(t, root, "docs/guides/README.md", c.index)
			write(t, root, "docs/guides/a.md", "# One\n")
			write(t, root, "docs/guides/b.md", "# One\n")
			write(t, root, "docs/guides/picture.png", "")
			err := check(root)
			if (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
		})
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
