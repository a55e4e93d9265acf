package bunstore

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// refusedOptions are those of bun's tags that neither Migrate nor the
// statements would honour.
var refusedOptions = []string{"pk", "autoincrement", "identity", "unique", "soft_delete", "array", "hstore",
	"composite", "multirange", "msgpack"}

// columnsOf reads the columns of an application's user type from bun's schema.
func columnsOf(db *bun.DB, t reflect.Type) ([]sqlstore.Column, error) {
	table, err := tableOf(db, t)
	if err != nil {
		return nil, err
	}
	var errs []error
	columns := make([]sqlstore.Column, len(table.Fields))
	for i, f := range table.Fields {
		columns[i] = columnOf(db, f)
		if !sqlstore.IsBase(f.Name) {
			errs = append(errs, checkOwn(table, f))
		}
	}
	return columns, errors.Join(errs...)
}

// tableOf asks bun, which panics over a tag that it cannot use.
func tableOf(db *bun.DB, t reflect.Type) (table *schema.Table, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("bunstore: %s cannot be stored: %v", t, reason)
		}
	}()
	return db.Table(t), nil
}

// columnOf returns the column of a field, as bun maps it: a nullzero zero value
// is NULL.
func columnOf(db *bun.DB, f *schema.Field) sqlstore.Column {
	c := sqlstore.Column{
		Name:       f.Name,
		Field:      f.GoName,
		Type:       f.StructField.Type,
		Definition: definition(db, f),
		Value: func(user reflect.Value) any {
			v := f.Value(user)
			if f.NullZero && f.IsZero(v) {
				return nil
			}
			return v.Addr().Interface()
		},
		Scan: func(user reflect.Value, value any) error { return f.ScanValue(user, value) },
	}
	if f.NullZero {
		c.Default = f.SQLDefault
	}
	return c
}

func checkOwn(table *schema.Table, f *schema.Field) error {
	if f.Append == nil || f.Scan == nil || f.CreateTableSQLType == "" {
		return fmt.Errorf("bunstore: %s.%s: there is no column type for %s", table.Type, f.GoName, f.StructField.Type)
	}
	for _, option := range refusedOptions {
		if f.Tag.HasOption(option) {
			return fmt.Errorf("bunstore: %s.%s: the bun option %q is not supported here; constraints belong into a migration of your own", table.Type, f.GoName, option)
		}
	}
	if f.NotNull && f.SQLDefault == "" {
		return fmt.Errorf("bunstore: %s.%s: a notnull column needs a default, as it may be added to a table with users in it",
			table.Type, f.GoName)
	}
	return nil
}

// mysqlTypes are columns' types where they differ from what bun's dialect says:
// bun's own CREATE TABLE adds this length; its times have whole seconds.
var mysqlTypes = map[string]string{"VARCHAR": "VARCHAR(255)", "DATETIME": "DATETIME(6)"}

// definition is the column of a field, as bun would create it.
func definition(db *bun.DB, f *schema.Field) string {
	d := f.CreateTableSQLType
	if db.Dialect().Name() == dialect.MySQL {
		d = cmp.Or(mysqlTypes[d], d)
	}
	if f.SQLDefault != "" {
		d += " DEFAULT " + f.SQLDefault
	}
	if f.NotNull {
		d += " NOT NULL"
	}
	return d
}
