package command

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/typed"
)

// addSet adds --set, for the application's own columns.
func addSet(c *cobra.Command, set *[]string) {
	c.Flags().StringArrayVar(set, "set", nil, "a column of the application's own, NAME=VALUE; may be repeated")
}

// ownColumn is a field of the application's user type that is not Latchkey's.
type ownColumn struct {
	name  string // in JSON, or the field's own
	index []int
	typ   reflect.Type
}

// ownColumns are those of a user type, in the order of their fields.
func ownColumns(t reflect.Type) (own []ownColumn) {
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous || ofCore(t, f.Index) {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			name = f.Name
		}
		own = append(own, ownColumn{name, f.Index, f.Type})
	}
	return own
}

// ofCore reports whether a field lies in core.User or core.Named.
func ofCore(t reflect.Type, index []int) bool {
	for i := range index {
		in := t.FieldByIndex(index[:i+1]).Type
		if in == reflect.TypeFor[core.User]() || in == reflect.TypeFor[core.Named]() {
			return true
		}
	}
	return false
}

// values are what --set sets.
type values []struct {
	ownColumn
	value reflect.Value
}

// parseSet reads NAME=VALUE pairs for a user type.
func parseSet[U any](pairs []string) (all values, err error) {
	t := reflect.TypeFor[U]()
	own := ownColumns(t)
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, usage("--set %s: write NAME=VALUE", pair)
		}
		i := slices.IndexFunc(own, func(c ownColumn) bool { return c.name == name })
		if i < 0 {
			return nil, usage("--set %s: %s", name, unknownColumn(t, own, name))
		}
		value, err := valueOf(own[i].typ, text)
		if err != nil {
			return nil, usage("--set %s: %v", name, err)
		}
		all = append(all, struct {
			ownColumn
			value reflect.Value
		}{own[i], value})
	}
	return all, nil
}

func unknownColumn(t reflect.Type, own []ownColumn, name string) string {
	switch name {
	case "id", "email", "password", "is_active", "is_superuser", "is_verified":
		return "that is not a column of the application's own: a flag or a command sets it"
	}
	if len(own) == 0 {
		return fmt.Sprintf("%s has no columns of the application's own", t)
	}
	names := make([]string, len(own))
	for i, c := range own {
		names[i] = c.name
	}
	return "there is no such column; there are " + strings.Join(names, ", ")
}

// apply sets the values in a user. It may run again.
func (v values) apply(u any) error {
	for _, c := range v {
		field, err := reflect.ValueOf(u).Elem().FieldByIndexErr(c.index)
		if err != nil {
			return err
		}
		field.Set(c.value)
	}
	return nil
}

// valueOf reads what a person has typed as a value of a type. A list may be
// JSON too, beside a value a line.
func valueOf(t reflect.Type, text string) (reflect.Value, error) {
	v := reflect.New(t)
	list := typed.KindOf(t) == typed.Lines && strings.HasPrefix(text, "[")
	if list && json.Unmarshal([]byte(text), v.Interface()) == nil {
		return v.Elem(), nil
	}
	raw, err := typed.Parse(t, text)
	if err == nil {
		err = json.Unmarshal(raw, v.Interface())
	}
	return v.Elem(), err
}
