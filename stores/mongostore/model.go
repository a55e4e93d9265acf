package mongostore

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
)

// model describes how an application's user type is stored: the fields of a
// document besides its _id, those of core.User first.
type model struct {
	fields []field
	id     []int // of the Go field
}

// field is a field of a document and its place in the Go type.
type field struct {
	name, goName string
	index        []int
	// omitEmpty means that a zero value is stored as a missing field.
	omitEmpty bool
	// moment means a time, whose microseconds are in a second field.
	moment bool
}

// microsSuffix ends the name of that second field.
const microsSuffix = "_micros"

// newModel reads the fields of u's type, an application's user type.
func newModel(u core.AnyUser) (*model, error) {
	user := reflect.ValueOf(u).Elem()
	base := u.Base()
	if base == nil {
		return nil, fmt.Errorf("mongostore: %s must embed core.User by value", user.Type())
	}
	w := walk{model: &model{}, of: user.Type(), taken: map[string]bool{revisionName: true, "": true}}
	w.structure(user.Type(), nil)
	if w.model.id == nil || user.FieldByIndex(w.model.id).Addr().Pointer() != reflect.ValueOf(&base.ID).Pointer() {
		w.refuse("core.User", "embed it without a bson tag")
	}
	if n := core.NamedOf(u); n != nil && !w.model.has(user, usernameKey, &n.UsernameKey) {
		w.refuse("core.Named", "embed it without a bson tag")
	}
	return w.model, errors.Join(w.errs...)
}

// usernameKey is the field of core.Named's UsernameKey.
const usernameKey = "username_key"

// has reports whether a field of that name is the one that a pointer is to.
func (m *model) has(user reflect.Value, name string, field *string) bool {
	for _, f := range m.fields {
		if f.name == name {
			return user.FieldByIndex(f.index).Addr().Interface() == any(field)
		}
	}
	return false
}

// walk goes through a user type and what it embeds.
type walk struct {
	model *model
	of    reflect.Type
	taken map[string]bool
	errs  []error
}

func (w *walk) refuse(field, why string) {
	w.errs = append(w.errs, fmt.Errorf("mongostore: %s.%s: %s", w.of, field, why))
}

func (w *walk) structure(t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		name, options, _ := strings.Cut(f.Tag.Get("bson"), ",")
		switch {
		case name == "-" && options == "":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			w.structure(f.Type, at)
		case !f.IsExported():
		case t == reflect.TypeFor[core.User]() && f.Name == "ID":
			w.model.id = at
		case t == reflect.TypeFor[core.Named]() && f.Name == "UsernameKey":
			w.field(f, at, name, "omitempty") // an empty one is no key
		default:
			w.field(f, at, name, options)
		}
	}
}

func (w *walk) field(f reflect.StructField, index []int, name, options string) {
	if name == "" {
		name = snakeCase(f.Name)
	}
	if options != "" && options != "omitempty" {
		w.refuse(f.Name, fmt.Sprintf("the bson option %q is not supported here", options))
	}
	if name == "_id" || strings.HasPrefix(name, "$") || strings.ContainsAny(name, ".\x00") || !isText(name) {
		w.refuse(f.Name, fmt.Sprintf("a field cannot be named %q", name))
	}
	if why := storable(f.Type, nil); why != "" {
		w.refuse(f.Name, why)
	}
	moment := f.Type == timeType || f.Type == reflect.PointerTo(timeType)
	w.take(f, name)
	if moment {
		w.take(f, name+microsSuffix)
	}
	// An empty EmailKey is no key, and few users are suspended.
	omitEmpty := options == "omitempty" || name == "email_key" || strings.HasPrefix(name, "suspended_")
	w.model.fields = append(w.model.fields, field{name, f.Name, index, omitEmpty, moment})
}

func (w *walk) take(f reflect.StructField, name string) {
	if w.taken[name] {
		w.refuse(f.Name, fmt.Sprintf("there is already a field %s; set another name with a bson tag", name))
	}
	w.taken[name] = true
}

// snakeCase returns the name of a field without one in its tag: FullName
// becomes full_name, UserID user_id.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins && runes[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
