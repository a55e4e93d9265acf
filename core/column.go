package core

import "reflect"

// Column is a field of the application's user type that clients may write: the
// auth tag names when.
type Column struct {
	Name string // in JSON
	Type reflect.Type
	// Required columns must be there: at "register" where the auth tag says
	// so, at "update" never.
	Required bool
	// Tag is the field's whole tag, for what others have put there.
	Tag reflect.StructTag
	// Index finds the field in the user type, as reflect.Value.FieldByIndex
	// takes it.
	Index []int
}

// Of returns the column's value of a user.
func (c Column) Of(u AnyUser) any {
	return reflect.ValueOf(u).Elem().FieldByIndex(c.Index).Interface()
}
