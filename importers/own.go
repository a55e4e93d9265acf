package importers

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
)

// ownColumns are the application's own, by their JSON names.
type ownColumns struct {
	columns map[string]core.Column
	rename  map[string]string
}

func newOwnColumns(columns []core.Column, rename map[string]string) ownColumns {
	o := ownColumns{map[string]core.Column{}, rename}
	for _, c := range columns {
		o.columns[c.Name] = c
	}
	return o
}

// columnsOf are the application's own columns and, of a type with core.Named,
// the name, whose key Import makes.
func columnsOf[U any](c *codec.Codec) []core.Column {
	own := c.Own()
	if core.NamedOf(new(U)) == nil {
		return own
	}
	isName := func(col core.Column) bool { return col.Name == "username" }
	names := c.Columns("register")
	return append(own, names[slices.IndexFunc(names, isName)])
}

// fill writes a record's members into the fields of u, a pointer to the
// application's user. It returns the names of those that have no field, and
// what is wrong with the first one that does not fit. Own counts before
// ByOwner.
func (o ownColumns) fill(u any, rec Record) (unknown []string, fault string) {
	written := map[string]bool{}
	for _, part := range []struct {
		members core.Object
		owners  bool
	}{{rec.Own, false}, {rec.ByOwner, true}} {
		for _, name := range slices.Sorted(maps.Keys(part.members)) {
			raw, to := part.members[name], name
			if renamed, ok := o.rename[name]; ok {
				to = renamed
			}
			if to == "" || string(raw) == "null" || written[to] {
				continue
			}
			c, ok := o.columns[to]
			if _, writable := c.Tag.Lookup("auth"); !ok || part.owners && !writable {
				unknown = append(unknown, name)
				continue
			}
			if !set(reflect.ValueOf(u).Elem().FieldByIndex(c.Index), raw) {
				return unknown, fmt.Sprintf("its member %q does not fit a field of type %v", name, c.Type)
			}
			written[to] = true
		}
	}
	return unknown, ""
}

// set decodes raw into a field. Databases write values in several ways: a text
// that holds JSON, or a date, is taken for one where the field is not a text, a
// number for a text or for a boolean.
func set(field reflect.Value, raw json.RawMessage) bool {
	for _, form := range forms(field.Type(), raw) {
		fresh := reflect.New(field.Type())
		if json.Unmarshal(form, fresh.Interface()) == nil && !hasNUL(form) {
			field.Set(fresh.Elem())
			return true
		}
	}
	return false
}

func forms(t reflect.Type, raw json.RawMessage) []json.RawMessage {
	all := []json.RawMessage{raw}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var text string
	isString := json.Unmarshal(raw, &text) == nil
	switch {
	case t == reflect.TypeFor[time.Time]() && isString:
		if when, err := moment(text); err == nil {
			date, _ := json.Marshal(when)
			all = append(all, date)
		}
	case isString && json.Valid([]byte(text)):
		all = append(all, json.RawMessage(text))
	case t.Kind() == reflect.String && !isString && len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'):
		number, _ := json.Marshal(string(raw))
		all = append(all, number)
	}
	if t.Kind() == reflect.Bool {
		if b, there, problem := (core.Object{"b": raw}).Bool("b"); there && problem == nil {
			all = append(all, json.RawMessage(fmt.Sprint(b)))
		}
	}
	return all
}

// hasNUL reports whether a text in valid JSON has one, which databases refuse.
func hasNUL(raw json.RawMessage) bool {
	return strings.Contains(strings.ReplaceAll(string(raw), `\\`, ""), `\u0000`)
}
