package codec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// examination walks a user type and collects its writable columns and its
// faults.
type examination struct {
	t       reflect.Type
	columns []column
	names   map[string]string // JSON name, lower-case, to the field that has it
	errs    []error
}

func (e *examination) fault(format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("user type "+e.t.String()+": "+format, args...))
}

func (e *examination) begin(t reflect.Type) {
	e.t = t
	if t.Kind() != reflect.Struct {
		e.fault("it must be a struct that embeds latchkey.User")
		return
	}
	base := reflect.TypeFor[core.User]()
	if t == base { // an application without columns of its own
		return
	}
	if f, ok := t.FieldByName("User"); !ok || !f.Anonymous || f.Type != base || len(f.Index) != 1 {
		e.fault("embed latchkey.User by value, directly")
	}
	for _, m := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if reflect.PointerTo(t).Implements(m) {
			e.fault("it implements %v, itself or by embedding, which would replace the public form made from its tags", m)
		}
	}
	for name := range strings.SplitSeq("id email is_active is_superuser is_verified password", " ") {
		e.names[name] = "a base column or reserved"
	}
	e.fields(t, nil)
}

func (e *examination) fields(t reflect.Type, path []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(path[:len(path):len(path)], i)
		switch {
		case f.Type == reflect.TypeFor[core.User]() && f.Anonymous:
		case f.Anonymous && f.Type.Kind() == reflect.Pointer:
			e.fault("embedded pointer %s: embed it by value", f.Name)
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("json") == "":
			e.fields(f.Type, index)
		default:
			e.field(f, index)
		}
	}
}

func (e *examination) field(f reflect.StructField, index []int) {
	if _, shadows := reflect.TypeFor[core.User]().FieldByName(f.Name); shadows {
		e.fault("field %s shadows a column of latchkey.User: rename it", f.Name)
		return
	}
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	tag, tagged := f.Tag.Lookup("auth")
	if name == "-" || !f.IsExported() {
		if tagged {
			e.fault("field %s has an auth tag and no JSON name to be written by", f.Name)
		}
		return
	}
	if name == "" {
		name = f.Name
	}
	if other, taken := e.names[strings.ToLower(name)]; taken {
		e.fault("field %s: the JSON name %q is taken by %s", f.Name, name, other)
	}
	e.names[strings.ToLower(name)] = "field " + f.Name
	if !tagged {
		return
	}
	col := column{name: name, index: index, on: map[string]bool{}}
	for word := range strings.SplitSeq(tag, ",") {
		switch word {
		case "register", "update":
			col.on[word] = true
		case "required":
			col.required = true
		default:
			e.fault("field %s: auth tag %q is none of register, update, required", f.Name, word)
		}
	}
	if col.required && !col.on["register"] {
		e.fault(`field %s: auth:"required" needs "register" beside it`, f.Name)
	}
	e.columns = append(e.columns, col)
}
