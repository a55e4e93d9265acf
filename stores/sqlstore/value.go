package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// argument is a value, or what a pointer points to, in a form that every driver
// takes: NULL for a nil pointer, JSON for what databases have no type for.
func argument(d dialect, value any) (any, error) {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() && !isValuer(v) {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, nil
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
	return plain(v)
}

func isValuer(v reflect.Value) bool {
	_, is := v.Interface().(driver.Valuer)
	return is
}

// isZero reports whether a value, or what a pointer to a field points to, is
// its type's zero value.
func isZero(value any) bool {
	v := reflect.Indirect(reflect.ValueOf(value))
	return !v.IsValid() || v.IsZero()
}

// nullable: the columns of core.User that are NULL for the zero value.
func nullable(name string) bool {
	return slices.Contains([]string{"email_key", "created_at", "updated_at", "suspended_until", "suspended_for"}, name)
}

// storable is false for text that no column can hold, so that a database does
// not refuse the statement.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

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

// cell reads a column into its field of a user, by the library's scanners,
// which know every type. Their errors quote the value and are replaced.
type cell struct {
	column  *Column
	base    bool
	user    reflect.Value
	present *bool
}

func (c *cell) Scan(src any) error {
	if c.present != nil && !*c.present {
		return nil
	}
	if c.base && setBase(c.column.Value(c.user), src) {
		return nil
	}
	if err := c.column.Scan(c.user, src); err != nil {
		return fmt.Errorf("the column %s does not hold a %s", c.column.Name, c.column.Type)
	}
	switch at := c.column.Value(c.user).(type) {
	case *time.Time:
		*at = at.UTC()
	case **time.Time:
		if *at != nil {
			**at = (*at).UTC()
		}
	}
	return nil
}

// setBase sets a field of core.User to a value of the field's own type, without
// the library's reflection: each authenticated request reads eleven of them. It
// reports whether it did.
func setBase(field, src any) bool {
	switch field := field.(type) {
	case *string:
		return set(field, src)
	case *bool:
		return set(field, src)
	case *int64:
		return set(field, src)
	case *time.Time:
		done := set(field, src)
		*field = field.UTC()
		return done
	}
	return false
}

// set sets field to src, or to the zero value for NULL, and reports whether src
// is one of them.
func set[T any](field *T, src any) bool {
	value, is := src.(T)
	if !is && src != nil {
		return false
	}
	*field = value
	return true
}
