// Package codec moves input into the writable columns of an application's user
// type and returns a user's public form. The type is examined once, by [New],
// which refuses one that could leak or overwrite what it must not.
//
//	c, err := codec.New(reflect.TypeFor[Account](), codec.Options{})
//	// Sets the fields tagged `auth:"register"`.
//	problems := c.Input(user, in, "register")
//
// Security notes: a column is writable by its auth tag alone (OWASP API3:2023,
// mass assignment) and public by its json tag alone. Names are matched exactly.
package codec

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// Codec is a core.Codec for one user type. It is safe for concurrent use.
type Codec struct {
	columns  []column
	own      []core.Column
	public   public
	identify core.Identifier
}

// Options are what a codec must know of the application.
type Options struct {
	// Identify makes the key of a user name, of a type with core.Named.
	Identify core.Identifier
	// EmailOptional: the address of a user who has none is sent as null.
	EmailOptional bool
}

// column is a field that clients may write.
type column struct {
	core.Column
	on   map[string]bool // "register", "update"
	name bool            // it is core.Named's
}

var _ core.Codec = (*Codec)(nil)

// New examines a user type and joins everything that is wrong with it. With an
// error, the codec is for the examination of the rest of the options alone: it
// has no columns, and no public form.
func New(t reflect.Type, o Options) (*Codec, error) {
	e := examination{t: t, names: map[string]taken{}}
	e.begin()
	if err := errors.Join(e.errs...); err != nil {
		return &Codec{}, err
	}
	return &Codec{e.columns, e.own, newPublic(e.public, o.EmailOptional), o.Identify}, nil
}

// Columns implements core.Codec.
func (c *Codec) Columns(when string) []core.Column {
	var found []core.Column
	for _, col := range c.columns {
		if col.on[when] {
			col.Required = col.Required && when == "register"
			found = append(found, col.Column)
		}
	}
	return found
}

// Own returns the application's own columns that have a JSON name, in the order
// of their fields, whoever may write them: for the owner of the database.
func (c *Codec) Own() []core.Column { return c.own }

// Input implements core.Codec. null leaves a column as it is on "update".
func (c *Codec) Input(u core.AnyUser, in core.Object, when string) (problems []*core.Problem) {
	add := func(p core.Problem) { problems = append(problems, &p) }
	for _, col := range c.columns {
		if !col.on[when] {
			continue
		}
		raw, there := in[col.Name]
		if !there && col.Required && when == "register" {
			add(core.Missing(col.Name))
		}
		null := string(raw) == "null"
		if !there || null && (when == "update" || col.name) {
			continue
		}
		if col.name {
			problems = append(problems, c.rename(u, in, when))
			continue
		}
		field := reflect.ValueOf(u).Elem().FieldByIndex(col.Index)
		if isBool(field.Type()) && !null {
			b, _, problem := in.Bool(col.Name)
			if problem != nil {
				add(*problem)
				continue
			}
			raw = strconv.AppendBool(nil, b)
		}
		if null && !nullable(field.Kind()) || set(field, raw) != nil {
			add(mistyped(col.Name, field.Type()))
		}
	}
	return problems
}

// rename sets a user's name, and its key with it. An empty one is none at a
// registration, as forms send it.
func (c *Codec) rename(u core.AnyUser, in core.Object, when string) *core.Problem {
	name, _, problem := in.String("username")
	if problem != nil || strings.TrimSpace(name) == "" && when == "register" {
		return problem
	}
	return naming.Set(c.identify, u, name)
}

// isBool reports whether a column, or what it points to, is a boolean that
// decodes itself from nothing else.
func isBool(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Bool && !decodesItself(t)
}

// decodesItself reports whether a type reads JSON, or the text of a JSON
// string, by a method.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Output implements core.Codec.
func (c *Codec) Output(u core.AnyUser) any { return c.public.of(u) }

// set decodes into a fresh value, so that a failed or partial decode changes
// nothing.
func set(field reflect.Value, raw json.RawMessage) error {
	fresh := reflect.New(field.Type())
	if err := json.Unmarshal(raw, fresh.Interface()); err != nil {
		return err
	}
	field.Set(fresh.Elem())
	return nil
}

func nullable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Slice || k == reflect.Map || k == reflect.Interface
}

// mistyped words the problem as pydantic 2 does.
func mistyped(name string, t reflect.Type) core.Problem {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind, msg := "value_error", "Input is not valid here"
	switch k := t.Kind(); {
	case decodesItself(t): // what it takes is its own affair
	case k == reflect.String:
		kind, msg = "string_type", "Input should be a valid string"
	case k == reflect.Bool:
		kind, msg = "bool_type", "Input should be a valid boolean"
	case k >= reflect.Int && k <= reflect.Uint64:
		kind, msg = "int_type", "Input should be a valid integer"
	case k == reflect.Float32 || k == reflect.Float64:
		kind, msg = "float_type", "Input should be a valid number"
	case k == reflect.Slice || k == reflect.Array:
		kind, msg = "list_type", "Input should be a valid list"
	case k == reflect.Map || k == reflect.Struct:
		kind, msg = "dict_type", "Input should be a valid dictionary"
	}
	return core.Problem{Loc: []any{"body", name}, Msg: msg, Type: kind}
}
