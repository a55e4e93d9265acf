package openapi

import (
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// body returns the schema of a request's body: the members of a type, and the
// application's columns. In a PATCH what may be left out may be null too, which
// leaves it as it is.
func (s *schemas) body(doc core.Doc, name string, patch bool) (*jsonschema.Schema, error) {
	var fields []field
	of, own, bounded := doc.Body, doc.Own, fmt.Sprint(doc.Values, doc.Max)
	id, pkg := fmt.Sprint(name, patch, own, bounded), ""
	if of != nil {
		t := reflect.TypeOf(of)
		// One schema, for a type that is answered too.
		asAnswered := t.Name() != "" && !patch && !isUser(t) && len(doc.Values)+len(doc.Max) == 0
		if len(own) == 0 && (t.Kind() != reflect.Struct || asAnswered) {
			return s.of(t)
		}
		var err error
		if fields, err = fieldsOf(t); err != nil {
			return nil, err
		}
		if t.Name() != "" {
			name, pkg = t.Name(), t.PkgPath()
			id = fmt.Sprint(t.PkgPath(), name, patch, own, bounded)
		}
	}
	if known := s.known[id]; known != nil {
		return known.ref(), nil
	}
	for _, c := range own {
		fields = append(fields,
			field{StructField: reflect.StructField{Type: c.Type, Tag: c.Tag}, name: c.Name, optional: !c.Required})
	}
	var members []member
	for _, f := range fields {
		schema, err := s.ofField(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if patch && f.optional {
			schema = orNull(schema)
		}
		bound(doc, f.name, schema)
		members = append(members, member{f.name, schema, !f.optional})
	}
	if name == "" {
		return object(members...), nil
	}
	c := s.claim(id, name, pkg)
	c.schema = object(members...)
	return c.ref(), nil
}

// bound adds to a member's schema what Doc.Values and Doc.Max have.
func bound(doc core.Doc, name string, schema *jsonschema.Schema) {
	if greatest, ok := doc.Max[name]; ok {
		schema.Maximum = new(float64(greatest))
	}
	each := schema
	if schema.Items != nil {
		each = schema.Items
	}
	for _, v := range doc.Values[name] {
		each.Enum = append(each.Enum, v)
	}
}
