package openapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/latchkey-go/latchkey/core"
)

// The schemas of Go types are made here and not by jsonschema.ForType, which
// has no references, takes texts such as uuid.UUID for arrays of numbers, and
// writes booleans and lists of types.

// schemas makes schemas of types. Those that have a name become components.
type schemas struct {
	types  map[reflect.Type]*jsonschema.Schema
	prefix string
	known  map[any]*component
	all    []*component
	errs   []error
}

func newSchemas(o Options) *schemas {
	s := &schemas{types: o.Types, prefix: o.ComponentPrefix, known: map[any]*component{}}
	text, number := &jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "integer"}
	s.fix("ValidationError", object(
		member{"loc", listOf(&jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, number}}), true},
		member{"msg", text, true}, member{"type", text, true}))
	s.fix("HTTPValidationError", object(member{"detail", listOf(s.refTo("ValidationError")), true}))
	more := object(member{"code", text, true}, member{"reason", text, false})
	s.fix("ErrorModel", object(member{"detail", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, more}}, true}))
	for t, schema := range o.Types {
		if hasBoolean(schema) {
			s.errs = append(s.errs, fmt.Errorf("Options.Types: the schema of %v has an empty or boolean one in it, which generators refuse: a description mends that", t))
		}
	}
	return s
}

// member is a property of an object.
type member struct {
	name     string
	schema   *jsonschema.Schema
	required bool
}

func object(members ...member) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	for _, m := range members {
		s.Properties[m.name] = m.schema
		s.PropertyOrder = append(s.PropertyOrder, m.name)
		if m.required {
			s.Required = append(s.Required, m.name)
		}
	}
	return s
}

func listOf(items *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: items}
}

// anything is a schema of every value. It has a description, since an empty
// schema is written as a boolean.
func anything() *jsonschema.Schema { return &jsonschema.Schema{Description: "Any JSON value."} }

// orNull adds null to what a value may be.
func orNull(s *jsonschema.Schema) *jsonschema.Schema {
	if isNullable(s) || s.Ref == "" && s.Type == "" && s.Types == nil && s.AnyOf == nil {
		return s
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}}
}

func isNullable(s *jsonschema.Schema) bool {
	return len(s.AnyOf) == 2 && s.AnyOf[1].Type == "null"
}

// notNull undoes orNull.
func notNull(s *jsonschema.Schema) *jsonschema.Schema {
	if isNullable(s) {
		return s.AnyOf[0]
	}
	return s
}

// of returns the schema of what encoding/json makes of a type.
func (s *schemas) of(t reflect.Type) (*jsonschema.Schema, error) {
	if given := s.types[t]; given != nil {
		return given.CloneSchemas(), nil
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}, nil
	case t == reflect.TypeFor[json.RawMessage]():
		return anything(), nil
	case t == reflect.TypeFor[json.Number]():
		return &jsonschema.Schema{Type: "number"}, nil
	case t.Kind() == reflect.Pointer:
		pointed, err := s.of(t.Elem())
		if err != nil {
			return nil, err
		}
		return orNull(pointed), nil
	case implements[json.Marshaler](t):
		return nil, fmt.Errorf("%v has a MarshalJSON: Options.Types must have its schema", t)
	case implements[encoding.TextMarshaler](t):
		return &jsonschema.Schema{Type: "string"}, nil
	}
	return s.ofKind(t)
}

func implements[I any](t reflect.Type) bool {
	i := reflect.TypeFor[I]()
	return t.Kind() != reflect.Interface && (t.Implements(i) || reflect.PointerTo(t).Implements(i))
}

// marshals reports whether a type encodes itself.
func marshals(t reflect.Type) bool {
	return implements[json.Marshaler](t) || implements[encoding.TextMarshaler](t)
}

func (s *schemas) ofKind(t reflect.Type) (*jsonschema.Schema, error) {
	switch k := t.Kind(); k {
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}, nil
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}, nil
	case reflect.Float32, reflect.Float64:
		return &jsonschema.Schema{Type: "number"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return &jsonschema.Schema{Type: "integer"}, nil
	case reflect.Int64:
		return &jsonschema.Schema{Type: "integer", Format: "int64"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return &jsonschema.Schema{Type: "integer", Minimum: new(float64)}, nil
	case reflect.Interface:
		return anything(), nil
	case reflect.Slice, reflect.Array:
		return s.ofList(t)
	case reflect.Map:
		values, err := s.of(t.Elem())
		if err != nil {
			return nil, err
		}
		return orNull(&jsonschema.Schema{Type: "object", AdditionalProperties: values}), nil
	case reflect.Struct:
		return s.ofStruct(t)
	}
	return nil, fmt.Errorf("encoding/json has no form for %v", t)
}

func (s *schemas) ofList(t reflect.Type) (*jsonschema.Schema, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t.Elem()) {
		return orNull(&jsonschema.Schema{Type: "string", ContentEncoding: "base64"}), nil
	}
	items, err := s.of(t.Elem())
	if err != nil {
		return nil, err
	}
	list := listOf(items)
	if t.Kind() == reflect.Slice {
		return orNull(list), nil
	}
	length := t.Len()
	list.MinItems, list.MaxItems = &length, &length
	return list, nil
}

// ofStruct returns a reference to a type with a name, and to the public form of
// the application's users.
func (s *schemas) ofStruct(t reflect.Type) (*jsonschema.Schema, error) {
	name := t.Name()
	if name == "" && isUser(t) {
		name = "UserRead"
		if _, listed := t.FieldByName("SuspendedUntil"); listed { // what only administrators see
			name = "UserListed"
		}
	}
	if name == "" {
		return s.ofMembers(t)
	}
	if known := s.known[t]; known != nil {
		return known.ref(), nil
	}
	c := s.claim(t, name, t.PkgPath()) // before its members, among which it may be
	schema, err := s.ofMembers(t)
	c.schema = schema
	return c.ref(), err
}

// isUser reports whether an answer is a user's public form, in which the
// members of core.User come first. The address may be null.
func isUser(t reflect.Type) bool {
	base, _ := fieldsOf(reflect.TypeFor[core.User]())
	fields, err := fieldsOf(t)
	return err == nil && len(fields) >= len(base) &&
		slices.EqualFunc(fields[:len(base)], base, func(f, b field) bool {
			return f.name == b.name && (f.Type == b.Type || f.name == "email" && f.Type == reflect.PointerTo(b.Type))
		})
}

func (s *schemas) ofMembers(t reflect.Type) (*jsonschema.Schema, error) {
	fields, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	var members []member
	for _, f := range fields {
		schema, err := s.ofField(f)
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, f.Name, err)
		}
		members = append(members, member{f.name, schema, !f.optional})
	}
	return object(members...), nil
}

// ofField is the schema of a member. One that is left out when it is empty is
// never null.
func (s *schemas) ofField(f field) (*jsonschema.Schema, error) {
	schema, err := s.of(f.Type)
	if err != nil {
		return nil, err
	}
	if f.optional {
		schema = notNull(schema)
	}
	if f.quoted && slices.Contains([]string{"integer", "number", "boolean"}, schema.Type) {
		schema = &jsonschema.Schema{Type: "string"}
	}
	return described(schema, f.Tag.Get("openapi"))
}
