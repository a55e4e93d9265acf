package openapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// field is a member that encoding/json makes of a struct's field.
type field struct {
	reflect.StructField
	name             string
	optional, quoted bool // omitempty or omitzero; string
	tagged           bool
	at               []int // its index from the outermost struct
}

// fieldsOf returns the members of a struct, or of what points to one, as
// encoding/json has them: of one name the shallowest counts, of those the one
// with a tag, and none if there are several.
func fieldsOf(t reflect.Type) ([]field, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is no struct", t)
	}
	all := walkFields(t, nil, nil)
	return slices.DeleteFunc(slices.Clone(all), func(f field) bool { return !dominates(f, all) }), nil
}

// dominates reports whether a field is the one of its name that counts.
func dominates(f field, all []field) bool {
	return !slices.ContainsFunc(all, func(g field) bool {
		if g.name != f.name || slices.Equal(g.at, f.at) {
			return false
		}
		return len(g.at) < len(f.at) || len(g.at) == len(f.at) && (g.tagged || !f.tagged)
	})
}

// walkFields collects the fields of a struct and of those embedded in it; path
// are the types on the way, since a struct may embed a pointer to itself.
func walkFields(t reflect.Type, at []int, path []reflect.Type) (all []field) {
	if slices.Contains(path, t) {
		return nil
	}
	for i := range t.NumField() {
		f, here := t.Field(i), append(slices.Clone(at), i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case tag == "-":
		case f.Anonymous && name == "" && embedded.Kind() == reflect.Struct && !marshals(f.Type):
			all = append(all, walkFields(embedded, here, append(slices.Clone(path), t))...)
		case f.IsExported():
			words := strings.Split(options, ",")
			has := func(word string) bool { return slices.Contains(words, word) }
			one := field{StructField: f, name: name, at: here, tagged: name != ""}
			one.optional, one.quoted = has("omitempty") || has("omitzero"), has("string")
			if name == "" {
				one.name = f.Name
			}
			all = append(all, one)
		}
	}
	return all
}
