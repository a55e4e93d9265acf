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
	fields []reflect.StructField // of the user type; Index is from there
}

func newPublic(fields []reflect.StructField) public {
	flat := make([]reflect.StructField, len(fields))
	for i, f := range fields {
		flat[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: f.Type, Tag: f.Tag}
	}
	return public{reflect.StructOf(flat), fields}
}

// of returns a pointer, as encoding/json calls the methods of pointers then.
func (p public) of(u core.AnyUser) any {
	if p.form == nil {
		return struct{}{}
	}
	from, to := reflect.ValueOf(u).Elem(), reflect.New(p.form)
	for i, f := range p.fields {
		to.Elem().Field(i).Set(from.FieldByIndex(f.Index))
	}
	return to.Interface()
}
