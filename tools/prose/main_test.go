package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// in80 is a comment that ends in column 80.
var in80 = "// " + strings.Repeat("words ", 12) + "still"

// problems writes a file and returns what is wrong with it.
func problems(t *testing.T, name, text string) []string {
	t.Helper()
	root := t.TempDir()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range found {
		all = append(all, p.String())
	}
	return all
}

func TestWidths(t *testing.T) {
	if n := columns(in80); n != 80 {
		t.Fatalf("the comment has %d columns", n)
	}
	call := func(n int) string { return "var _ = f(" + strings.Repeat("a", n-11) + ")" }
	long := strings.Repeat("x", 200)
	for _, c := range []struct{ name, text, want string }{
		{"a comment to the last column", in80, ""},
		{"one beyond", in80 + ".", "p.go:2: the comment ends in column 81, beyond 80"},
		{"a tab is eight columns", "func f() {\n\t" + in80[:73] + "\n}", "p.go:3: the comment ends in column 81, beyond 80"},
		{"a character of two bytes is one", strings.Replace(in80, "words", "wörds", 1), ""},
		{"code in a comment", "// P prints:\n//\n//\tfmt.Println(" + long[:70] + ", 1)", "p.go:4: the comment ends in column 96, beyond 80"},
		{"a block", "/*\n" + in80 + " and more\n*/", "p.go:3: the comment ends in column 89, beyond 80"},
		{"one word", "// https://example.com/" + long, ""},
		{"a directive", "//go:generate go run " + long + " a b c\nvar x int", ""},
		{"a remark for the linter", "//nolint:gosec // " + long + " a b c\nvar x int", ""},
		{"a remark behind code", call(120) + " //nolint:gosec // " + long, ""},
		{"code of 120 characters", call(120), ""},
		{"of 121", call(121), "p.go:2: the line has 121 characters, more than 120"},
		{"a tab is one character of code", "func f() {\n\t\t" + call(118) + "\n}", ""},
		{"a comment behind code", call(70) + " " + in80, "p.go:2: the line has 151 characters, more than 120"},
		{"a long string", "var s = \"" + long + "\"", ""},
		{"a string of lines", "var s = `a\n" + long + "\n// " + long + " a b c\n`", ""},
		{"strings that are not long", "var s = f(" + strings.Repeat(`"words", `, 13) + ")", "p.go:2: the line has 128 characters, more than 120"},
		{"rows of a table", "var s = []r{\n\t{" + long + "},\n\t\"a\": {" + long + "},\n\t`a`: {" + long + "},\n}", ""},
		{"another row", "var s = []r{\n\ta: {" + long[:120] + "},\n}", "p.go:3: the line has 127 characters, more than 120"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(problems(t, "p.go", "package p\n"+c.text+"\n"), "\n"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOutputOfExamplesIsAsWideAsItIs(t *testing.T) {
	wide := "\t// " + strings.Repeat("words ", 20) + "\n"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"output", "\t// Output:\n" + wide + wide, nil},
		{"on its first line", "\t// Output: " + strings.Repeat("words ", 20) + "\n", nil},
		{"unordered", "\t// Unordered output:\n" + wide, nil},
		{"before it", wide + "\n\t// Output:\n\t// a\n", []string{"p_test.go:3: the comment ends in column 131, beyond 80"}},
		{"behind it", "\t// Output:\n\t// a\n\n" + wide, []string{"p_test.go:6: the comment ends in column 131, beyond 80"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problems(t, "p_test.go", "package p\nfunc Example() {\n"+c.text+"}\n")
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	gives := `a doc comment says "gives"; better is "returns" or "sets"`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"of a function", "// F gives one.\nfunc F() {}", []string{"p.go:2: " + gives}},
		{"of a method that is not exported", "// f gives one.\nfunc (t) f() {}", []string{"p.go:2: " + gives}},
		{"of a type", "// T gives one.\ntype T int", []string{"p.go:2: " + gives}},
		{"of a field", "type T struct {\n\t// A gives one.\n\tA int\n\tB int // gives two\n}", []string{"p.go:3: " + gives, "p.go:5: " + gives}},
		{"of an interface's method", "type T interface {\n\t// M gives one.\n\tM()\n}", []string{"p.go:3: " + gives}},
		{"of a variable in a group", "// Some.\nvar (\n\t// A gives one.\n\tA int\n\tB int // gives two\n)", []string{"p.go:4: " + gives, "p.go:6: " + gives}},
		{"on a later line", "// F is a word\n// and gives one.\nfunc F() {}", []string{"p.go:3: " + gives}},
		{"across lines", "// F is\n// asked by all.\nfunc F() {}", []string{`p.go:2: a doc comment says "is asked"; better is "is called", "is queried" or "receives"`}},
		{"two on a line", "// F gives one and gives two.\nfunc F() {}", []string{"p.go:2: " + gives, "p.go:2: " + gives}},
		{"another one", "// F tells that it knows.\nfunc F() {}", []string{
			`p.go:2: a doc comment says "tells"; better is "reports whether" or "reports"`,
			`p.go:2: a doc comment says "knows"; better is "recognizes", "has" or "caches"`,
		}},
		{"another form", "// F was given one; forgives is another word. Gives is a name.\nfunc F() {}", nil},
		{"code", "// F returns:\n//\n//\tgives(1)\nfunc F() {}", nil},
		{"inside a function", "// F returns one.\nfunc F() {\n\t// gives two\n}", nil},
		{"a comment of nothing", "// gives\n\nfunc F() {}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := problems(t, "p.go", "package p\n"+c.text+"\n"); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("of a package", func(t *testing.T) {
		got := problems(t, "p.go", "// Package p gives one.\npackage p\n")
		if !slices.Equal(got, []string{"p.go:1: " + gives}) {
			t.Errorf("got %q", got)
		}
	})
}

// Every row of the list is tried: a pattern that matches nothing is a mistake.
func TestEveryWordIsRefused(t *testing.T) {
	examples := []string{
		"gives", "tells", "are told", "knows", "no good", "could not ask", "is no use of", "the own",
	}
	if len(examples) != len(refusedWords) {
		t.Fatalf("%d examples of %d rows", len(examples), len(refusedWords))
	}
	for i, example := range examples {
		got := problems(t, "p.go", "package p\n\n// F says "+example+" here.\nfunc F() {}\n")
		if len(got) != 1 || !strings.HasSuffix(got[0], refusedWords[i].better) {
			t.Errorf("%q: got %q", example, got)
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	doc := "// F gives one.\nfunc F() {}\n"
	for _, c := range []struct{ name, file, text string }{
		{"files that a program wrote", "p.go", "// Code generated by x. DO NOT EDIT.\n\npackage p\n" + in80 + "..." + "\n" + doc},
		{"testdata", "testdata/p.go", "package p\n" + doc},
		{"hidden folders", ".git/p.go", "package p\n" + doc},
		{"other files", "p.md", "F gives one."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := problems(t, c.file, c.text); got != nil {
				t.Errorf("got %q", got)
			}
		})
	}
	for _, file := range []string{"a/b/p.go", "p_test.go"} {
		t.Run("twin: "+file, func(t *testing.T) {
			if got := problems(t, file, "package p\n"+doc); len(got) != 1 || !strings.HasPrefix(got[0], file+":2: ") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFileThatDoesNotParse(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"a.go": "nonsense", "b.go": "// Package b gives one.\npackage b\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := check(root)
	if err == nil || !strings.Contains(err.Error(), "a.go") || len(found) != 1 {
		t.Errorf("got %v, %v; want the other file's problem and an error", found, err)
	}
}
