package openapi

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// component is a schema with a name, which is settled when all are known: types
// of one name in two packages are distinguished by their packages.
type component struct {
	want, pkg string
	fixed     bool
	schema    *jsonschema.Schema
	refs      []*jsonschema.Schema
}

// ref returns a reference to the component.
func (c *component) ref() *jsonschema.Schema {
	r := &jsonschema.Schema{Ref: refPrefix + c.want}
	c.refs = append(c.refs, r)
	return r
}

const refPrefix = "#/components/schemas/"

// claim keeps a component that has yet to get its schema.
func (s *schemas) claim(id any, name, pkg string) *component {
	c := &component{want: plainName(name), pkg: pkg}
	s.known[id], s.all = c, append(s.all, c)
	return c
}

// fix keeps a component whose name is its own, whatever else wants it.
func (s *schemas) fix(name string, schema *jsonschema.Schema) {
	s.all = append(s.all, &component{want: name, fixed: true, schema: schema})
}

// refTo returns a reference to a component of fix.
func (s *schemas) refTo(name string) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: refPrefix + s.prefix + name}
}

var (
	packagePath = regexp.MustCompile(`[\w.~-]+/`)
	notInName   = regexp.MustCompile(`[^A-Za-z0-9_]+`)
)

// plainName is a type's name without the paths of packages, which those of
// generic types have, in upper case as FastAPI's are.
func plainName(name string) string {
	var b strings.Builder
	for _, word := range notInName.Split(packagePath.ReplaceAllString(name, ""), -1) {
		b.WriteString(upperFirst(word))
	}
	return b.String()
}

// named settles the names, and returns the schemas by them.
func (s *schemas) named() (map[string]*jsonschema.Schema, error) {
	errs := s.errs
	wanted := map[string]int{}
	for _, c := range s.all {
		wanted[c.want]++
	}
	named := map[string]*jsonschema.Schema{}
	for _, c := range s.all {
		name := c.want
		if wanted[name] > 1 && !c.fixed && c.pkg != "" {
			name = plainName(path.Base(c.pkg)) + name
		}
		name = s.prefix + name
		if named[name] != nil {
			errs = append(errs, fmt.Errorf("two types would be the schema %s (one of them in %q): rename one", name, c.pkg))
		}
		named[name] = c.schema
		for _, r := range c.refs {
			r.Ref = refPrefix + name
		}
	}
	return named, errors.Join(errs...)
}

// hasBoolean reports whether a schema, or one in it, is written as true or
// false.
func hasBoolean(s *jsonschema.Schema) bool {
	if s == nil {
		return false
	}
	all := reflect.ValueOf(s).Elem()
	if all.IsZero() || s.Not != nil && reflect.ValueOf(s.Not).Elem().IsZero() {
		return true
	}
	for i := range all.NumField() {
		switch inner := all.Field(i).Interface().(type) {
		case *jsonschema.Schema:
			if hasBoolean(inner) {
				return true
			}
		case []*jsonschema.Schema:
			for _, one := range inner {
				if hasBoolean(one) {
					return true
				}
			}
		case map[string]*jsonschema.Schema:
			for _, one := range inner {
				if hasBoolean(one) {
					return true
				}
			}
		}
	}
	return false
}
