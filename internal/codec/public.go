package codec

import (
	"fmt"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
)

// public makes a user's public form: a struct with the fields that are sent and
// no others, so that encoding/json cannot send another, and so that the API
// document can read the answer's type.
type public struct {
	form   reflect.Type
	fields []sent // of the user type; Index is from there
	// absent are those of them that are null where they are empty.
	absent []bool
}

// newPublic returns the form of fields. A user's name may be absent, and with
// emailOptional so may the address.
func newPublic(fields []sent, emailOptional bool) public {
	flat := make([]reflect.StructField, len(fields))
	absent := make([]bool, len(fields))
	for i, f := range fields {
		of := f.Type
		if f.is == isName || f.is == isAddress && emailOptional {
			of, absent[i] = reflect.PointerTo(f.Type), true
		}
		flat[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: of, Tag: f.Tag}
	}
	return public{reflect.StructOf(flat), fields, absent}
}

// of returns a pointer, as encoding/json calls the methods of pointers then.
func (p public) of(u core.AnyUser) any {
	if p.form == nil {
		return struct{}{}
	}
	from, to := reflect.ValueOf(u).Elem(), reflect.New(p.form)
	for i, f := range p.fields {
		field := from.FieldByIndex(f.Index)
		if p.absent[i] {
			if !field.IsZero() {
				to.Elem().Field(i).Set(field.Addr())
			}
			continue
		}
		to.Elem().Field(i).Set(field)
	}
	return to.Interface()
}
