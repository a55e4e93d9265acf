package gormstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// columnsOf reads the columns of an application's user type from GORM's schema.
func columnsOf(db *gorm.DB, user any) ([]sqlstore.Column, error) {
	statement := gorm.Statement{DB: db}
	if err := statement.Parse(user); err != nil {
		return nil, fmt.Errorf("gormstore: %T cannot be stored: %w", user, err)
	}
	table := statement.Schema
	errs := []error{checkHooks(table)}
	var columns []sqlstore.Column
	for _, name := range table.DBNames {
		f := table.FieldsByDBName[name]
		columns = append(columns, columnOf(db, f))
		if !sqlstore.IsBase(name) {
			errs = append(errs, checkOwn(f))
		}
	}
	return columns, errors.Join(errs...)
}

// columnOf returns the column of a field, as GORM maps it.
func columnOf(db *gorm.DB, f *schema.Field) sqlstore.Column {
	c := sqlstore.Column{
		Name:       f.DBName,
		Field:      f.Name,
		Type:       f.FieldType,
		Definition: definition(db, f),
		Value: func(user reflect.Value) any {
			if f.Serializer != nil {
				value, _ := f.ValueOf(context.Background(), user)
				return value
			}
			return f.ReflectValueOf(context.Background(), user).Addr().Interface()
		},
		Scan: func(user reflect.Value, value any) error { return scan(f, user, value) },
	}
	if f.HasDefaultValue && !sqlstore.IsBase(f.DBName) {
		c.Default = defaultOf(f)
	}
	return c
}

// scan sets the field of a user by GORM's conversions.
func scan(f *schema.Field, user reflect.Value, value any) error {
	if b, ok := value.([]byte); ok {
		value = bytes.Clone(b) // the driver's own
	}
	if f.Serializer != nil {
		return f.Serializer.Scan(context.Background(), f, user, value)
	}
	if f.IndirectFieldType == schema.TimeReflectType {
		at, err := instant(value)
		if err != nil {
			return err
		}
		value = at
	}
	return f.Set(context.Background(), user, value)
}

// instant reads times that a driver returns as text, as MySQL's does without
// parseTime. GORM would take them for local ones.
func instant(value any) (any, error) {
	switch text := value.(type) {
	case []byte:
		return instant(string(text))
	case string:
		return time.Parse("2006-01-02 15:04:05", text) // and a fraction, if there is one
	}
	return value, nil
}

// checkHooks refuses methods that GORM would call.
func checkHooks(table *schema.Schema) error {
	if table.BeforeCreate || table.AfterCreate || table.BeforeUpdate || table.AfterUpdate || table.BeforeSave ||
		table.AfterSave ||
		table.BeforeDelete || table.AfterDelete || table.AfterFind {
		return fmt.Errorf("gormstore: %s has GORM's hooks, which would not be called here: use latchkey.Hooks",
			table.ModelType)
	}
	return nil
}

// refusedTags are settings of GORM's tag that neither Migrate nor the
// statements would honour.
var refusedTags = []string{"PRIMARYKEY", "PRIMARY_KEY", "AUTOINCREMENT", "UNIQUE", "UNIQUEINDEX", "INDEX", "CHECK",
	"AUTOCREATETIME", "AUTOUPDATETIME", "->", "<-", "-"}

func checkOwn(f *schema.Field) error {
	name := fmt.Sprintf("gormstore: %s.%s", f.Schema.ModelType, f.Name)
	for _, tag := range refusedTags {
		if _, has := f.TagSettings[tag]; has {
			return fmt.Errorf("%s: GORM's tag %q is not supported here (constraints and indexes belong into a migration of your own)", name, tag)
		}
	}
	value := reflect.New(f.IndirectFieldType).Interface()
	if _, hides := value.(schema.QueryClausesInterface); hides {
		return fmt.Errorf("%s: GORM leaves rows out by %s (soft deletion), Latchkey would not", name, f.FieldType)
	}
	if f.NotNull && !f.HasDefaultValue {
		return fmt.Errorf("%s: a not null column needs a default, as it may be added to a table with users in it", name)
	}
	return nil
}

// definition is the column of a field, as GORM would create it; but times have
// microseconds on MySQL, whose dialect has milliseconds.
func definition(db *gorm.DB, f *schema.Field) string {
	column := *f // the dialect writes into it
	if db.Name() == "mysql" && f.DataType == schema.Time && f.TagSettings["PRECISION"] == "" {
		column.Precision = 6
	}
	return db.Migrator().FullDataTypeOf(&column).SQL
}

// defaultOf is the default of a column in SQL; "" for none.
func defaultOf(f *schema.Field) string {
	if f.DefaultValueInterface == nil {
		return f.DefaultValue
	}
	return logger.ExplainSQL("?", nil, "'", f.DefaultValueInterface)
}
