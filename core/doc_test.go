package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePackageCommentListsOptionalInterfaces: who writes a part finds there
// what it may implement besides.
func TestThePackageCommentListsOptionalInterfaces(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var page string
	var optional []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		page += file.Doc.Text()
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE || !strings.Contains(d.Doc.Text(), "(optional") {
				continue
			}
			for _, spec := range d.Specs {
				optional = append(optional, spec.(*ast.TypeSpec).Name.Name)
			}
		}
	}
	if len(optional) < 20 {
		t.Errorf("only %d interfaces are found: %q", len(optional), optional)
	}
	for _, name := range append(optional, "Factor", "Unwrapper") {
		if !strings.Contains(page, "["+name+"]") {
			t.Errorf("the package comment does not name [%s]", name)
		}
	}
}
