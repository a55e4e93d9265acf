package codec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
)

// examination walks a user type and collects what is sent of it, its writable
// columns and its faults.
type examination struct {
	t       reflect.Type
	public  []sent // with an Index from the user type
	columns []column
	own     []core.Column    // all but the base's, and the name, that have a JSON name
	names   map[string]taken // by JSON name, lower-case
	named   bool             // it has core.Named
	errs    []error
}

// sent is a field that clients see.
type sent struct {
	reflect.StructField
	is identifier
}

// identifier is which of a user's identifiers a field is, if it is one.
type identifier int

const (
	isNone identifier = iota
	isAddress
	isName
)

// taken is who has a JSON name.
type taken struct {
	name, by string
	depth    int
}

func (e *examination) fault(format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("user type "+e.t.String()+": "+format, args...))
}

func (e *examination) begin() {
	if e.t.Kind() != reflect.Struct {
		e.fault("it must be a struct that embeds latchkey.User")
		return
	}
	base := reflect.TypeFor[core.User]()
	if e.t != base {
		e.embeds(base)
		e.embedsNamed()
	}
	// The outer fields first: one hides a deeper one of the same name, as
	// in encoding/json.
	for depth, level := 0, []reflect.StructField{{Type: e.t}}; len(level) > 0; depth++ {
		var deeper []reflect.StructField
		for _, embedded := range level {
			deeper = append(deeper, e.fields(embedded, depth)...)
		}
		level = deeper
	}
	slices.SortFunc(e.public, func(a, b sent) int { return slices.Compare(a.Index, b.Index) })
	slices.SortFunc(e.columns, func(a, b column) int { return slices.Compare(a.Index, b.Index) })
	slices.SortFunc(e.own, func(a, b core.Column) int { return slices.Compare(a.Index, b.Index) })
}

// embeds checks that the type is a user, and none with a form of its own.
func (e *examination) embeds(base reflect.Type) {
	f, ok := e.t.FieldByName("User")
	if !ok || !f.Anonymous || f.Type != base || len(f.Index) != 1 {
		e.fault("embed latchkey.User by value, directly")
	} else if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		e.fault("embed latchkey.User without the json tag %q: its members belong to the user itself", name)
	}
	for _, m := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if reflect.PointerTo(e.t).Implements(m) {
			e.fault("it implements %v, itself or by embedding, which would replace the public form made from its tags", m)
		}
	}
	for name := range strings.SplitSeq("id email is_active is_superuser is_verified password", " ") {
		e.names[name] = taken{by: "a base column or reserved"}
	}
}

// embedsNamed checks that a type with names has them itself.
func (e *examination) embedsNamed() {
	e.named = core.NamedOf(reflect.New(e.t).Interface()) != nil
	if !e.named {
		return
	}
	f, _ := e.t.FieldByName("Named")
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.Anonymous || f.Type != reflect.TypeFor[core.Named]() || len(f.Index) != 1 || name != "" {
		e.fault("embed latchkey.Named by value, directly, without a tag")
		return
	}
	e.names["username"] = taken{by: "latchkey.Named"}
}

// fields looks at those of a struct, the user type or one embedded in it, and
// returns the structs that are embedded there.
func (e *examination) fields(of reflect.StructField, depth int) (embedded []reflect.StructField) {
	for i := range of.Type.NumField() {
		f := of.Type.Field(i)
		f.Index = append(slices.Clone(of.Index), i)
		jsonName, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case of.Type == reflect.TypeFor[core.User]():
			if jsonName != "-" && depth <= 1 { // else an embedded struct has a second one, which is hidden
				e.public = append(e.public, sent{f, map[string]identifier{"Email": isAddress}[f.Name]})
			}
		case of.Type == reflect.TypeFor[core.Named]() && e.named:
			if jsonName != "-" {
				e.name(f)
			}
		case f.Type == reflect.TypeFor[core.Named]() && !e.named:
			e.fault("field %s: latchkey.Named is embedded by value, directly, in a type without a field or method Naming", f.Name)
		case f.Anonymous && f.Type.Kind() == reflect.Pointer:
			e.fault("embedded pointer %s: embed it by value", f.Name)
		case f.Anonymous && f.Type.Kind() == reflect.Struct && jsonName == "":
			embedded = append(embedded, f)
		default:
			e.field(f, depth)
		}
	}
	return embedded
}

// field looks at a field that is neither the base's nor embedded.
func (e *examination) field(f reflect.StructField, depth int) {
	if _, shadows := reflect.TypeFor[core.User]().FieldByName(f.Name); shadows {
		e.fault("field %s shadows a column of latchkey.User: rename it", f.Name)
		return
	}
	if _, shadows := reflect.TypeFor[core.Named]().FieldByName(f.Name); shadows && e.named {
		e.fault("field %s shadows a column of latchkey.Named: rename it", f.Name)
		return
	}
	auth, writable := f.Tag.Lookup("auth")
	form, shown := f.Tag.Lookup("json")
	name, options, _ := strings.Cut(form, ",")
	switch {
	case writable && (name == "" || form == "-" || !f.IsExported()):
		e.fault("field %s has an auth tag and no JSON name to be written by", f.Name)
		return
	case !shown || form == "-":
		return
	case !f.IsExported():
		if f.Anonymous {
			e.fault("embedded %s has a JSON name and is not exported: nothing of it can be sent", f.Name)
		}
		return
	case !encodable(f.Type, 8):
		e.fault("field %s: encoding/json takes no %v; give it the tag json:\"-\" or a method MarshalJSON", f.Name, f.Type)
		return
	case !valid(name):
		e.fault("field %s: encoding/json takes no name like %q", f.Name, name)
		return
	}
	if name == "" {
		name = f.Name
		f.Tag = reflect.StructTag(fmt.Sprintf("json:%q ", name+","+options)) + f.Tag // of two, the first counts
	}
	other, isTaken := e.names[strings.ToLower(name)]
	if isTaken && other.name == name && other.depth < depth && !writable {
		return // hidden
	}
	if isTaken {
		e.fault("field %s: the JSON name %q is taken by %s", f.Name, name, other.by)
	}
	e.names[strings.ToLower(name)] = taken{name, "field " + f.Name, depth}
	e.public = append(e.public, sent{f, isNone})
	c := core.Column{Name: name, Type: f.Type, Tag: f.Tag, Index: f.Index}
	e.own = append(e.own, c)
	if writable {
		e.column(c, auth)
	}
}

// name takes the column of a user's name, which whoever registers or changes
// an account may write.
func (e *examination) name(f reflect.StructField) {
	e.public = append(e.public, sent{f, isName})
	c := core.Column{Name: "username", Type: f.Type, Tag: f.Tag, Index: f.Index}
	e.columns = append(e.columns, column{c, map[string]bool{"register": true, "update": true}, true})
}

// column reads an auth tag.
func (e *examination) column(c core.Column, tag string) {
	on := map[string]bool{}
	for word := range strings.SplitSeq(tag, ",") {
		switch word {
		case "register", "update":
			on[word] = true
		case "required":
			c.Required = true
		default:
			e.fault("column %s: auth tag %q is none of register, update, required", c.Name, word)
		}
	}
	if c.Required && !on["register"] {
		e.fault(`column %s: auth:"required" needs "register" beside it`, c.Name)
	}
	e.columns = append(e.columns, column{c, on, false})
}

// valid reports whether encoding/json takes a name as it is; another one it
// ignores, and uses the field's.
func valid(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
	})
}

// encodable reports whether encoding/json takes values of a type, or of what
// its lists hold, so many levels deep; what is in structs shows at the first
// response.
func encodable(t reflect.Type, levels int) bool {
	if levels == 0 {
		return true
	}
	for _, m := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(m) || reflect.PointerTo(t).Implements(m) {
			return true
		}
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return false
	case reflect.Map:
		key := t.Key()
		named := key.Kind() == reflect.String || key.Kind() >= reflect.Int && key.Kind() <= reflect.Uintptr ||
			key.Implements(reflect.TypeFor[encoding.TextMarshaler]())
		return named && encodable(t.Elem(), levels-1)
	case reflect.Slice, reflect.Array:
		return encodable(t.Elem(), levels-1)
	case reflect.Pointer:
		return t.Elem().Kind() == reflect.Struct || encodable(t.Elem(), levels-1)
	}
	return true
}
