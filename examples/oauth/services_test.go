package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// places holds valid words for where a service is.
var places = map[string]string{
	"TENANT": "common", "URL": "https://code.example.com", "SHOP": "example", "ISSUER": "https://id.example.com", "DOMAIN": "example.eu.auth0.com",
	"POOL": "eu-west-1_AbCdEfGhI",
}

func TestEveryRowIsSwitchedOnByItsVariables(t *testing.T) {
	for _, p := range presets {
		env := map[string]string{p.name + "_CLIENT_ID": "id", p.name + "_CLIENT_SECRET": "secret"}
		if p.at != nil {
			env[p.name+"_"+p.where] = places[p.where]
		}
		lookup := func(name string) string { return env[name] }
		on, err := servicesFromEnv(lookup)
		if err != nil || len(on) != 1 || on[0].Name() != strings.ToLower(p.name) {
			t.Errorf("%s: got %v, %v", p.name, on, err)
		}
		delete(env, p.name+"_CLIENT_SECRET")
		if _, err := servicesFromEnv(lookup); err == nil ||
			!strings.Contains(err.Error(), "missing is "+p.name+"_CLIENT_SECRET") {
			t.Errorf("%s without its secret: %v", p.name, err)
		}
	}
}

func TestNoPresetIsForgotten(t *testing.T) {
	files, err := filepath.Glob("../../providers/table_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("the table is not where it was: %v", err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || strings.HasSuffix(file, "_test.go") {
				continue
			}
			if !slices.ContainsFunc(presets, func(p preset) bool { return strings.EqualFold(p.name, f.Name.Name) }) {
				t.Errorf("providers.%s is not among the presets", f.Name)
			}
		}
	}
}
