package providers

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write ../docs/providers.md")

const page = "../docs/providers.md"

// docs/providers.md is generated from the table and the comments of the
// constructors.
func TestThePageIsCurrent(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	text := intro + tableText(t)
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(old) != text {
		t.Error("docs/providers.md is out of date: go test -run TestThePageIsCurrent -update")
	}
}

const intro = `# Providers

All presets of package ` + "`providers`" + `. This page is generated from the table in the code. To change it, change the table and run
` + "`go test -run TestThePageIsCurrent -update`" + ` in ` + "`providers/`" + `.

- **Subject** identifies an account: a template of members of the response, never a name or an address that its owner can change.
- **Verified** says when an address counts as verified. Only then may it link accounts or make a user verified. *Never* means that the
  service does not say, or that its word is not trusted.
- All use PKCE (S256) unless the notes say otherwise. Those with OpenID Connect also use a nonce and verify the ID token.
- **Scopes** in bold are those that the subject needs. ` + "`WithScopes`" + ` adds to the scopes, ` + "`WithOnlyScopes`" + ` replaces them and is refused
  without these.
- ` + "`WithParam`, `WithName`, `WithClientAuth`" + ` change any of them, and [Networks](guides/oauth.md#networks) has the options for a proxy, an
  authority of your own and addresses inside a network. Any other service takes one call of ` + "`OIDC`" + ` or ` + "`OAuth2`" + `: see
  [Adding a provider](guides/provider.md).

`

func tableText(t *testing.T) string {
	constructors := constructors(t)
	var b strings.Builder
	b.WriteString("| service | constructor | name | protocol | subject | email | verified | scopes | notes |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range table {
		c, ok := constructors[s.name]
		if !ok {
			t.Errorf("%s has no constructor", s.name)
		}
		protocol := "OAuth 2.0"
		if s.openID {
			protocol = "OpenID Connect"
		}
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s | `%s` | %s | %s | %s | %s |\n", s.brand.Title, c.call, s.name, protocol,
			s.fields.Subject,
			code(s.fields.Email), s.fields.trust(), s.marked(), c.doc)
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return "none"
	}
	return "`" + s + "`"
}

// marked returns the scopes, with those in bold that the subject needs.
func (s service) marked() string {
	if len(s.scopes) == 0 {
		return "none"
	}
	var marked []string
	for _, scope := range s.scopes {
		mark := code(scope)
		if slices.Contains(s.neededScopes(), scope) {
			mark = "**" + mark + "**"
		}
		marked = append(marked, mark)
	}
	return strings.Join(marked, " ")
}

func (f Fields) trust() string {
	switch {
	case f.Email == "":
		return "–"
	case f.AlwaysVerified:
		return "always"
	case f.Verified == nil:
		return "never"
	case f.stringBooleans:
		return "if `" + f.Verified[0] + "` is true, or the string"
	}
	return "if `" + strings.Join(f.Verified, "` and `") + "` is true"
}

func TestRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range table {
		if seen[s.name] || !validName.MatchString(s.name) {
			t.Errorf("the name %q is invalid, or there twice", s.name)
		}
		seen[s.name] = true
		if s.brand.Title == "" || s.brand.Color == "" || s.brand.Icon == "" {
			t.Errorf("%s: the brand is %+v", s.name, s.brand)
		}
		if s.noPKCE != (s.name == "linkedin") {
			t.Errorf("%s: noPKCE is %v", s.name, s.noPKCE)
		}
		if s.fields.stringBooleans != (s.name == "apple") {
			t.Errorf("%s: strings are booleans: %v", s.name, s.fields.stringBooleans)
		}
		for _, mutable := range []string{"login", "username", "email", "preferred_username", "name", "nickname", "handle"} {
			if strings.Contains(s.fields.Subject, mutable+"}") {
				t.Errorf("O25 %s: its owner can change %s", s.name, s.fields.Subject)
			}
		}
	}
	for name := range constructors(t) {
		if !seen[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
}

type constructor struct{ call, doc string }

// constructors maps a row's name to the function whose body uses the row's
// variable.
func constructors(t *testing.T) map[string]constructor {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	rows, funcs := map[string]string{}, []*ast.FuncDecl(nil)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					funcs = append(funcs, d)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == 1 {
						rows[v.Names[0].Name] = rowName(v.Values[0])
					}
				}
			}
		}
	}
	found := map[string]constructor{}
	for _, f := range funcs {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && rows[id.Name] != "" {
				found[rows[id.Name]] = constructor{signature(f), strings.Join(strings.Fields(f.Doc.Text()), " ")}
			}
			return true
		})
	}
	return found
}

// rowName returns the name in openID("name", …) or service{name: "name", …}, or
// "" for anything else.
func rowName(e ast.Expr) string {
	var name ast.Expr
	switch e := e.(type) {
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "openID" {
			name = e.Args[0]
		}
	case *ast.CompositeLit:
		if id, ok := e.Type.(*ast.Ident); ok && id.Name == "service" {
			name = e.Elts[0].(*ast.KeyValueExpr).Value
		}
	}
	if lit, ok := name.(*ast.BasicLit); ok {
		return strings.Trim(lit.Value, `"`)
	}
	return ""
}

func signature(f *ast.FuncDecl) string {
	var names []string
	for _, p := range f.Type.Params.List {
		for _, n := range p.Names {
			names = append(names, n.Name)
		}
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "opts" })
	return f.Name.Name + "(" + strings.Join(names, ", ") + ")"
}
