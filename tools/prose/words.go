package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// refusedWords are words for which Go's own documentation has better ones. In
// upper case they begin a name, and a name may be anything.
var refusedWords = []struct{ words, better string }{
	{"gives", `"returns" or "sets"`},
	{"tells", `"reports whether" or "reports"`},
	{"(?:is|are|was|were|be|been) (?:asked|told)", `"is called", "is queried" or "receives"`},
	{"knows", `"recognizes", "has" or "caches"`},
	{"(?:no|is|are|was|were|be) good", `"valid" or "invalid"`},
	{"could not ask", `"could not reach"`},
	{"no use of", `"does not count as a use of"`},
	{"the own", `"the current user's"`},
}

// refusedPattern has a group for each of refusedWords, in their order.
var refusedPattern = func() *regexp.Regexp {
	var groups []string
	for _, r := range refusedWords {
		groups = append(groups, "("+strings.ReplaceAll(r.words, " ", `\s+`)+")")
	}
	return regexp.MustCompile(`\b(?:` + strings.Join(groups, "|") + `)\b`)
}()

// refused returns the lines of a file's doc comments that use a refused word.
func refused(files *token.FileSet, file *ast.File) []problem {
	var problems []problem
	for _, doc := range docComments(file) {
		first, text := files.Position(doc.Pos()).Line, docText(doc)
		for _, match := range refusedPattern.FindAllStringSubmatchIndex(text, -1) {
			for i, r := range refusedWords {
				if match[2*i+2] >= 0 {
					problems = append(problems, problem{
						line: first + strings.Count(text[:match[0]], "\n"),
						what: fmt.Sprintf("a doc comment says %q; better is %s",
							strings.Join(strings.Fields(text[match[0]:match[1]]), " "), r.better),
					})
				}
			}
		}
	}
	return problems
}

// docText returns a comment's prose, line by line: blocks of code are empty.
func docText(doc *ast.CommentGroup) string {
	var text strings.Builder
	for _, c := range doc.List {
		for line := range strings.SplitSeq(c.Text, "\n") {
			if line = strings.TrimPrefix(line, "//"); !strings.HasPrefix(line, "\t") {
				text.WriteString(line)
			}
			text.WriteString("\n")
		}
	}
	return text.String()
}

// docComments returns the comments of a file that document a package, a
// declaration, a field or a method, exported or not.
func docComments(file *ast.File) []*ast.CommentGroup {
	var all []*ast.CommentGroup
	add := func(groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if g != nil {
				all = append(all, g)
			}
		}
	}
	add(file.Doc)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add(n.Doc)
			return false
		case *ast.GenDecl:
			add(n.Doc)
		case *ast.TypeSpec:
			add(n.Doc, n.Comment)
		case *ast.ValueSpec:
			add(n.Doc, n.Comment)
		case *ast.Field:
			add(n.Doc, n.Comment)
		}
		return true
	})
	return all
}
