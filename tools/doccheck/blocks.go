package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	source = regexp.MustCompile(`^<!-- source: (.+) -->$`)
	output = regexp.MustCompile(`(?m)^\s*// (Unordered output|Output):[\s\S]*`)
)

// block is a fenced Go block. source is what the comment above it says, ""
// without one.
type block struct {
	line         int
	source, text string
}

func firstGoBlock(text string) *block {
	if all := goBlocks(text); len(all) > 0 {
		return &all[0]
	}
	return nil
}

func goBlocks(text string) []block {
	var (
		all   []block
		above string // the last line that is not blank
		open  bool
	)
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open && line == "```":
			open, above = false, ""
		case open:
			all[len(all)-1].text += line + "\n"
		case line == "```go":
			open = true
			b := block{line: i + 1}
			if m := source.FindStringSubmatch(above); m != nil {
				b.source = m[1]
			}
			all = append(all, b)
		case strings.TrimSpace(line) != "":
			above = line
		}
	}
	return all
}

// checkBlocks returns the blocks that differ from the source they name, each
// with its line.
func checkBlocks(root, text string) []error {
	var problems []error
	for _, b := range goBlocks(text) {
		if b.source == "" {
			continue
		}
		if err := checkBlock(root, b); err != nil {
			problems = append(problems, fmt.Errorf("%d: %w", b.line, err))
		}
	}
	return problems
}

func checkBlock(root string, b block) error {
	path, function, _ := strings.Cut(b.source, " ")
	want, err := sourceText(filepath.Join(root, path), function)
	if err != nil {
		return err
	}
	shown, tested := strings.Split(strings.TrimSpace(b.text), "\n"), strings.Split(strings.TrimSpace(want), "\n")
	for i := range max(len(shown), len(tested)) {
		if a, t := at(shown, i), at(tested, i); a != t {
			return fmt.Errorf("the block is not %s: its line %d is\n\t%s\nwhere the source has\n\t%s", b.source, i+1, a, t)
		}
	}
	return nil
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// sourceText returns a file from its package clause on or, if function is
// given, that function's body as a reader wants it: not indented, and without
// the output that a test compares.
func sourceText(path, function string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	if function == "" {
		return string(text[offset(file.Package):]), nil
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == function && f.Body != nil {
			body := output.ReplaceAllString(string(text[offset(f.Body.Lbrace)+1:offset(f.Body.Rbrace)]), "")
			return strings.ReplaceAll(body, "\n\t", "\n"), nil
		}
	}
	return "", fmt.Errorf("%s has no function %s", path, function)
}
