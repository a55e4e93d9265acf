package mongostore

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var (
	timeType = reflect.TypeFor[time.Time]()
	// marshalers lists the interfaces by which the driver stores a value.
	marshalers = []reflect.Type{reflect.TypeFor[bson.ValueMarshaler](), reflect.TypeFor[bson.Marshaler]()}
)

// storable returns why the driver would not return a value of the type
// unchanged, or "" if it would. outer holds the types around it.
func storable(t reflect.Type, outer []reflect.Type) string {
	if slices.Contains(outer, t) || codec(t) {
		return ""
	}
	outer = append(outer, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return storable(t.Elem(), outer)
	case reflect.Map:
		if k := t.Key().Kind(); k != reflect.String {
			return "the keys of a map must be text"
		}
		return storable(t.Elem(), outer)
	case reflect.Struct:
		return storableStruct(t, outer)
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64,
		reflect.Complex128:
		return fmt.Sprintf("there is no BSON type for %s", t)
	default:
		return ""
	}
}

// codec reports whether the driver has a codec for the type, besides Go's basic
// types.
func codec(t reflect.Type) bool {
	return t == timeType || t == reflect.TypeFor[url.URL]() || t.PkgPath() == reflect.TypeFor[bson.ObjectID]().PkgPath() ||
		slices.ContainsFunc(marshalers,
			func(m reflect.Type) bool { return t.Implements(m) || reflect.PointerTo(t).Implements(m) })
}

// storableStruct refuses structs that hide their contents, such as netip.Addr,
// since the driver would store nothing of them.
func storableStruct(t reflect.Type, outer []reflect.Type) string {
	shown := 0
	for f := range t.Fields() {
		if !f.IsExported() || f.Tag.Get("bson") == "-" {
			continue
		}
		shown++
		if why := storable(f.Type, outer); why != "" {
			return why
		}
	}
	if shown == 0 && t.NumField() > 0 {
		return fmt.Sprintf("there is no BSON type for %s", t)
	}
	return ""
}

// textMax is the maximum length of one text, in bytes. MongoDB itself only
// limits the whole document, to 16 MiB, which every request would read.
const textMax = 1 << 20

// isText reports whether a document can hold s as text.
func isText(s string) bool { return len(s) <= textMax && utf8.ValidString(s) }

// encodeText refuses invalid text: the driver would write it even if it is not
// UTF-8.
func encodeText(_ bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
	if !isText(v.String()) {
		return errors.New("text that is not UTF-8, or over 1 MiB, cannot be stored")
	}
	return w.WriteString(v.String())
}
