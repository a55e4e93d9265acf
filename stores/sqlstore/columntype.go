package sqlstore

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"
)

var (
	timeType    = reflect.TypeFor[time.Time]()
	rawJSONType = reflect.TypeFor[json.RawMessage]()
	ipType      = reflect.TypeFor[net.IP]()
	scannerType = reflect.TypeFor[sql.Scanner]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
)

// columnType is how a Go type is stored.
type columnType struct {
	// definition is the column's, in SQL.
	definition string
	// set sets a field of the type to what a driver returns.
	set func(field reflect.Value, value any) error
}

// columnType returns how fields of a type are stored, or why they cannot be and
// what helps.
func (d dialect) columnType(t reflect.Type) (c columnType, why string) {
	if t.Kind() == reflect.Pointer {
		inner, why := d.columnType(t.Elem())
		if t.Elem().Kind() == reflect.Pointer {
			why = fmt.Sprintf("no column holds values of %s: use a pointer to a value", t)
		}
		return columnType{d.sqlType(t.Elem()), setPointer(inner.set)}, why
	}
	scans, values := reflect.PointerTo(t).Implements(scannerType), reflect.PointerTo(t).Implements(valuerType)
	sqlType := d.sqlType(t)
	switch {
	case scans && !values:
		return c, fmt.Sprintf("%s has Scan (sql.Scanner) without Value: give it the method of driver.Valuer too", t)
	case values && !scans:
		return c, fmt.Sprintf("%s has Value (driver.Valuer) without Scan: give it the method of sql.Scanner too", t)
	case sqlType == "":
		return c, fmt.Sprintf("no column holds values of %s: use a type with the methods of sql.Scanner and driver.Valuer", t)
	case scans && sqlType == "{timestamp}":
		return columnType{sqlType, scanTime}, ""
	case scans:
		return columnType{sqlType, scanField}, ""
	}
	return columnType{sqlType + d.zeroDefault(t), setField}, ""
}

// storesItself reports whether a type reads and writes its column by methods.
func storesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(scannerType) && reflect.PointerTo(t).Implements(valuerType)
}

// sqlType is a column type for values of t, "" if there is none.
func (d dialect) sqlType(t reflect.Type) string {
	switch {
	case t == timeType:
		return "{timestamp}"
	case t == rawJSONType:
		return "TEXT"
	case t == ipType: // text to argument
		return ""
	case t.PkgPath() == "database/sql" && t.Kind() == reflect.Struct && t.NumField() == 2: // NullString, Null[T] …
		return d.sqlType(t.Field(0).Type)
	case storesItself(t):
		return "TEXT"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "BOOLEAN"
	case reflect.Int8, reflect.Int16, reflect.Uint8:
		return "SMALLINT"
	case reflect.Int32, reflect.Uint16:
		return "INTEGER"
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		return "BIGINT"
	case reflect.Float32, reflect.Float64:
		return "DOUBLE PRECISION"
	case reflect.String:
		return "TEXT"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "{bytes}"
		}
	}
	return ""
}

// zeroDefault ends the definition of a column that is never NULL.
func (d dialect) zeroDefault(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return " NOT NULL DEFAULT FALSE"
	case reflect.String:
		return " NOT NULL DEFAULT " + d.emptyText
	case reflect.Struct, reflect.Slice:
		return ""
	}
	return " NOT NULL DEFAULT 0"
}

func setPointer(inner func(reflect.Value, any) error) func(reflect.Value, any) error {
	return func(field reflect.Value, value any) error {
		if value == nil {
			field.SetZero()
			return nil
		}
		to := reflect.New(field.Type().Elem())
		if err := inner(to.Elem(), value); err != nil {
			return err
		}
		field.Set(to)
		return nil
	}
}

func scanField(field reflect.Value, value any) error {
	if b, ok := value.([]byte); ok {
		value = bytes.Clone(b) // the driver's own
	}
	return field.Addr().Interface().(sql.Scanner).Scan(value)
}

// scanTime is scanField for a sql.NullTime, which takes no text.
func scanTime(field reflect.Value, value any) error {
	if value == nil {
		return scanField(field, nil)
	}
	at, err := instant(value)
	if err != nil {
		return err
	}
	return scanField(field, at.UTC())
}

// setField sets a field of a plain kind. NULL is its zero value.
func setField(field reflect.Value, value any) error {
	if field.Type() == timeType {
		at, err := instant(value)
		field.Set(reflect.ValueOf(at))
		return err
	}
	switch field.Kind() {
	case reflect.Bool:
		b, err := converted[bool](value)
		field.SetBool(b)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := converted[int64](value)
		field.SetInt(n)
		return errors.Join(err, fits(!field.OverflowInt(n)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := converted[uint64](value)
		field.SetUint(n)
		return errors.Join(err, fits(!field.OverflowUint(n)))
	case reflect.Float32, reflect.Float64:
		x, err := converted[float64](value)
		field.SetFloat(x)
		return err
	case reflect.String:
		s, err := converted[string](value)
		field.SetString(s)
		return err
	default:
		b, err := converted[[]byte](value)
		field.SetBytes(b)
		return err
	}
}

func fits(does bool) error {
	if does {
		return nil
	}
	return errors.New("the number is too large")
}

// converted is a driver's value as a T, by database/sql's conversions.
func converted[T any](value any) (T, error) {
	var n sql.Null[T]
	err := n.Scan(value)
	return n.V, err
}

// instant reads times that a driver may return as text, as MySQL's does without
// parseTime: they are in UTC.
func instant(value any) (time.Time, error) {
	switch v := value.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v, nil
	case []byte:
		return instant(string(v))
	case string:
		if at, err := time.Parse("2006-01-02 15:04:05Z07:00", v); err == nil {
			return at, nil
		}
		return time.Parse("2006-01-02 15:04:05", v) // and a fraction, if there is one
	}
	return time.Time{}, errors.New("it is no time")
}
