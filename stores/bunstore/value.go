package bunstore

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"time"

	"github.com/uptrace/bun/schema"
)

// argument is the value of a field in a form that every driver takes, with the meaning that bun gives it: a NULL for a nil pointer or a
// nullzero zero value, JSON for what databases have no type for.
func argument(d dialect, f *schema.Field, v reflect.Value) (any, error) {
	if (f.NullZero || nullable(f)) && f.IsZero(v) {
		return nil, nil
	}
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		if _, ok := v.Interface().(driver.Valuer); ok {
			return v.Interface(), nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		if year := x.UTC().Year(); year < 1 || year > 9999 {
			return nil, errors.New("the year is not one of 1 to 9999, which every database reads back")
		}
		return d.timestamp(x), nil
	case driver.Valuer:
		return x, nil
	case json.RawMessage:
		return rawJSON(x), nil
	case netip.Addr, netip.Prefix, net.IP:
		return x.(fmt.Stringer).String(), nil
	case net.IPNet:
		return x.String(), nil
	}
	if v.CanAddr() {
		if x, ok := v.Addr().Interface().(driver.Valuer); ok {
			return x, nil
		}
	}
	return plain(v)
}

// nullable: the columns of core.User that are NULL for the zero value.
func nullable(f *schema.Field) bool {
	return f.Name == "email_key" || f.Name == "created_at" || f.Name == "updated_at"
}

func rawJSON(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return string(raw)
}

func plain(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint(), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			return v.Bytes(), nil
		}
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, errors.New("it cannot be written as JSON")
	}
	return string(text), nil
}

// cell reads a column into its field of a user, by bun's scanners, which know every type. Their errors quote the value and are replaced.
type cell struct {
	field *schema.Field
	user  reflect.Value
}

func (c *cell) Scan(src any) error {
	if err := c.field.ScanValue(c.user, src); err != nil {
		return fmt.Errorf("the column %s does not hold a %s", c.field.Name, c.field.StructField.Type)
	}
	if at, ok := c.field.Value(c.user).Addr().Interface().(*time.Time); ok {
		*at = at.UTC()
	}
	return nil
}
