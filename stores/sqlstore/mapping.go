package sqlstore

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
)

// Users returns the store of the application's user type, which embeds
// core.User by value. Call it before Migrate, which makes the table.
//
// A column is an exported field, also one of an embedded struct. Its name is
// that of the tag db:"name", else the field's in snake case; db:"-" leaves a
// field out. Booleans, numbers and strings are NOT NULL columns whose default
// is the zero value; []byte, json.RawMessage, time.Time, pointers to all these,
// the Null types of database/sql, and types with the methods of sql.Scanner and
// driver.Valuer may be NULL, which is read as the zero value. The zero
// time.Time is stored as NULL. A type of one's own is stored as TEXT.
// db:"name,type:VARCHAR(40)" defines the column by other SQL, all that follows
// the colon: what it says must be possible in a table with users in it.
//
// All problems are reported at once: types that no column holds, columns that
// hide core.User's or each other, unknown options of a tag.
func Users[U any, P core.Model[U]](s *Store) (*UserStore[U], error) {
	m := mapping{dialect: s.dialect, user: reflect.TypeFor[U](), fields: map[string]string{}}
	if m.user.Kind() == reflect.Struct {
		m.addFields(m.user, nil, "")
	}
	if err := errors.Join(m.errs...); err != nil {
		return nil, err
	}
	return newUserStore[U, P](s, m.columns)
}

// mapping collects the columns of a user type.
type mapping struct {
	dialect dialect
	user    reflect.Type
	columns []Column
	// fields are those that have a column, by its name.
	fields map[string]string
	errs   []error
}

func (m *mapping) report(field, format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf("sqlstore: %s.%s: "+format, append([]any{m.user, field}, args...)...))
}

// addFields adds the fields of a struct that index and path lead to.
func (m *mapping) addFields(t reflect.Type, index []int, path string) {
	for i := range t.NumField() {
		f := t.Field(i)
		f.Index = append(slices.Clone(index), i)
		tag, tagged := f.Tag.Lookup("db")
		embedded := f.Anonymous && !tagged && !storesItself(f.Type)
		switch {
		case tag == "-":
		case embedded && f.Type.Kind() == reflect.Struct && f.Type != timeType:
			m.addFields(f.Type, f.Index, path+f.Name+".")
		case embedded && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			m.report(path+f.Name, `embed the struct by value, or leave it out by db:"-"`)
		case f.IsExported():
			m.addField(f, path+f.Name, tag)
		}
	}
}

func (m *mapping) addField(f reflect.StructField, path, tag string) {
	name, option, _ := strings.Cut(tag, ",")
	if name == "" {
		name = snakeCase(f.Name)
	}
	definition, isType := strings.CutPrefix(option, "type:")
	base := IsBase(name)
	if other, taken := m.fields[name]; taken {
		m.report(path, "the column %s is that of %s already: name another one in the tag db", name, other)
		return
	}
	if len(name) > nameMax {
		m.report(path, "the name of its column is over %d bytes long: name a shorter one in the tag db", nameMax)
	}
	if option != "" && (!isType || definition == "") {
		m.report(path, "the option %q of the tag db is unknown: there is type:, and SQL after it", option)
	}
	m.fields[name] = path
	kind, why := m.dialect.columnType(f.Type)
	if why != "" {
		m.report(path, `%s, or leave it out by db:"-"`, why)
		return
	}
	m.columns = append(m.columns, Column{
		Name: name, Field: f.Name, Type: f.Type,
		Definition: cmp.Or(definition, kind.definition),
		Value: func(user reflect.Value) any {
			v := user.FieldByIndex(f.Index)
			if !base && f.Type == timeType && v.IsZero() {
				return nil
			}
			return v.Addr().Interface()
		},
		Scan: func(user reflect.Value, value any) error { return kind.set(user.FieldByIndex(f.Index), value) },
	})
}

// snakeCase writes a field's name as a column's: UserID is user_id, HTTPPort
// http_port.
func snakeCase(name string) string {
	letters := []rune(name)
	var column strings.Builder
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) && letters[i-1] != '_' &&
			(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			column.WriteByte('_')
		}
		column.WriteRune(unicode.ToLower(r))
	}
	return column.String()
}
