package account

import (
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// plan applies c to a copy of the target, which the event has until the change
// is written. The hash is the old one: hashing comes after the hooks.
func (c *Changes) plan(svc *core.Services, target core.AnyUser, emailKey string, e *core.Event) error {
	u, was := copied(svc, target), *target.Base()
	columns := ownColumns(svc, target)
	if err := c.apply(svc, u, emailKey, was.HashedPassword); err != nil {
		return err
	}
	c.planned, e.User, e.Was = u, u, &was
	e.Fields = append(changed(&was, u.Base()), differing(columns, ownColumns(svc, u))...)
	if c.Password != nil {
		e.Fields = append(e.Fields, "password")
	}
	slices.Sort(e.Fields)
	return nil
}

// copied returns a copy of u, a pointer to the application's struct.
func copied(svc *core.Services, u core.AnyUser) core.AnyUser {
	c := svc.Users.New()
	reflect.ValueOf(c).Elem().Set(reflect.ValueOf(u).Elem())
	return c
}

// compare finds what a hook or a decider has edited since before: the address,
// the name, and fields of the application's own. One that puts the user's own
// address back takes it out of the change. Other edits of Latchkey's columns
// are dropped, as are those of a Changes.Edit.
func (c *Changes) compare(before core.AnyUser, was *core.User) {
	switch now := c.planned.Base().Email; now {
	case before.Base().Email:
	case was.Email:
		c.Email = nil
	default:
		c.Email = &now
	}
	if n := core.NamedOf(c.planned); n != nil && n.Username != core.NamedOf(before).Username {
		name := n.Username
		c.Username = &name
	}
	old, now := reflect.ValueOf(before).Elem(), reflect.ValueOf(c.planned).Elem()
	base := reflect.TypeFor[core.User]()
	if old.Type() == base {
		return
	}
	for i := range old.NumField() {
		field := now.Field(i)
		if field.CanSet() && field.Type() != base && field.Type() != reflect.TypeFor[core.Named]() &&
			!reflect.DeepEqual(old.Field(i).Interface(), field.Interface()) {
			c.edited = append(c.edited, i)
		}
	}
}

// adopt sets in u what a hook has edited.
func (c *Changes) adopt(u core.AnyUser) {
	for _, i := range c.edited {
		reflect.ValueOf(u).Elem().Field(i).Set(reflect.ValueOf(c.planned).Elem().Field(i))
	}
}
