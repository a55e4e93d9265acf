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

// block is a fenced block. source is what the comment above it says, "" without
// one.
type block struct {
	line                   int
	language, source, text string
}

func firstGoBlock(text string) *block {
	for _, b := range blocks(text) {
		if b.language == "go" {
			return &b
		}
	}
	return nil
}

func blocks(text string) []block {
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
		case strings.HasPrefix(line, "```"):
			open = true
			b := block{line: i + 1, language: strings.TrimPrefix(line, "```")}
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
	for _, b := range blocks(text) {
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
	path, name, _ := strings.Cut(b.source, " ")
	whole := strings.HasPrefix(b.text, "func ")
	want, err := sourceText(filepath.Join(root, path), name, whole)
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

// sourceText returns a file; of one in Go what follows its package clause or,
// if name is given, a type with its comment, or a function: whole, or its body
// as a reader wants it, not indented and without the output that a test
// compares.
func sourceText(path, name string, whole bool) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if filepath.Ext(path) != ".go" {
		return string(text), nil
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return "", err
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	if name == "" {
		return string(text[offset(file.Package):]), nil
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			switch {
			case d.Name.Name != name || d.Body == nil:
			case whole:
				return string(text[offset(d.Pos()):offset(d.End())]), nil
			default:
				body := output.ReplaceAllString(string(text[offset(d.Body.Lbrace)+1:offset(d.Body.Rbrace)]), "")
				return strings.ReplaceAll(body, "\n\t", "\n"), nil
			}
		case *ast.GenDecl:
			if begin := d.Pos(); declares(d, name) {
				if d.Doc != nil {
					begin = d.Doc.Pos()
				}
				return string(text[offset(begin):offset(d.End())]), nil
			}
		}
	}
	return "", fmt.Errorf("%s has no function and no type %s", path, name)
}

// declares reports whether a declaration is that of one type, of this name.
func declares(d *ast.GenDecl, name string) bool {
	if d.Tok != token.TYPE || len(d.Specs) != 1 {
		return false
	}
	return d.Specs[0].(*ast.TypeSpec).Name.Name == name
}
