package mongostore

import (
	"bytes"
	"fmt"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// document returns u as it is stored, without its _id.
func (m *model) document(u reflect.Value) (bson.D, error) {
	doc := bson.D{}
	for _, f := range m.fields {
		v := u.FieldByIndex(f.index)
		if f.omitEmpty && empty(v) {
			continue
		}
		doc = append(doc, bson.E{Key: f.name, Value: v.Interface()})
		if at := f.time(u); at != nil {
			if n := at.Nanosecond() / 1000 % 1000; n != 0 {
				doc = append(doc, bson.E{Key: f.name + microsSuffix, Value: n})
			}
		}
	}
	encoded, err := encode(doc)
	if err == nil {
		return encoded, nil
	}
	for _, f := range m.fields { // which one?
		if _, bad := encode(bson.D{{Key: f.name, Value: u.FieldByIndex(f.index).Interface()}}); bad != nil {
			return nil, &core.RefusedError{Field: f.goName, Cause: bad}
		}
	}
	return nil, err
}

// encode encodes each field as the bytes that are stored, which can be
// compared.
func encode(doc bson.D) (bson.D, error) {
	var b bytes.Buffer
	encoder := bson.NewEncoder(bson.NewDocumentWriter(&b))
	encoder.SetRegistry(registry)
	if err := encoder.Encode(doc); err != nil {
		return nil, &failure{"write a user", err}
	}
	encoded := make(bson.D, len(doc))
	elements, err := bson.Raw(b.Bytes()).Elements()
	for i, e := range elements {
		encoded[i] = bson.E{Key: e.Key(), Value: e.Value()}
	}
	return encoded, err
}

// read sets u's fields to those of a document. Fields that u's type does not
// have are ignored.
func (m *model) read(doc bson.Raw, u reflect.Value) error {
	for _, f := range m.fields {
		value, err := doc.LookupErr(f.name)
		if err != nil {
			continue
		}
		if value.UnmarshalWithRegistry(registry, u.FieldByIndex(f.index).Addr().Interface()) != nil {
			return fmt.Errorf("mongostore: read a user: the field %s does not hold a %s", f.name, u.FieldByIndex(f.index).Type())
		}
		if at := f.time(u); at != nil {
			n, _ := doc.Lookup(f.name + microsSuffix).AsInt64OK()
			*at = at.Add(time.Duration(n) * time.Microsecond)
		}
	}
	return nil
}

// time returns the time that a field holds, or nil if it holds none.
func (f field) time(u reflect.Value) *time.Time {
	if !f.moment {
		return nil
	}
	switch at := u.FieldByIndex(f.index).Addr().Interface().(type) {
	case *time.Time:
		return at
	case **time.Time:
		return *at
	}
	return nil
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

// changes returns the operators that turn before into after, or nil if they are
// equal. Fields that neither has are left alone, so that an older release does
// not erase what a newer one has stored.
func changes(before, after bson.D) (operators bson.D) {
	was := map[string]bson.RawValue{}
	for _, e := range before {
		was[e.Key] = e.Value.(bson.RawValue)
	}
	var set, unset bson.D
	for _, e := range after {
		if old, ok := was[e.Key]; !ok || !old.Equal(e.Value.(bson.RawValue)) {
			set = append(set, e)
		}
		delete(was, e.Key)
	}
	for name := range was {
		unset = append(unset, bson.E{Key: name, Value: ""})
	}
	if set != nil {
		operators = append(operators, bson.E{Key: "$set", Value: set})
	}
	if unset != nil {
		operators = append(operators, bson.E{Key: "$unset", Value: unset})
	}
	return operators
}
