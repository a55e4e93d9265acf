package account

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// administered are what administrators see of a user in a list, beside what
// clients see. A suspension that has ended is none.
type administered struct {
	SuspendedUntil *time.Time `json:"suspended_until"`
	SuspendedFor   *string    `json:"suspended_for"`
	CreatedAt      time.Time  `json:"created_at"`
}

// overview makes the public form of users in a list.
type overview struct {
	svc    *core.Services
	form   reflect.Type // the members of the public form, then of administered
	public int          // how many are of the public form
	more   []int        // fields of administered
}

// newOverview returns an overview. A column of the application's own stays what
// it is, whatever its name.
func newOverview(svc *core.Services) overview {
	o := overview{svc: svc}
	public := reflect.Indirect(reflect.ValueOf(svc.Codec.Output(svc.Users.New()))).Type()
	var fields []reflect.StructField
	var names []string
	for f := range public.Fields() {
		fields, names = append(fields, f), append(names, memberName(f))
	}
	o.public = len(fields)
	for i, f := range reflect.VisibleFields(reflect.TypeFor[administered]()) {
		if !slices.Contains(names, memberName(f)) {
			f.Offset, f.Index = 0, nil
			fields, o.more = append(fields, f), append(o.more, i)
		}
	}
	o.form = reflect.StructOf(fields)
	return o
}

func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// list returns a zero value of the list's type, for the document.
func (o overview) list() any { return reflect.Zero(reflect.SliceOf(o.form)).Interface() }

// of returns a user as a list has them. It is a pointer, as encoding/json calls
// the methods of pointers then.
func (o overview) of(u core.AnyUser) any {
	b, to := u.Base(), reflect.New(o.form)
	public := reflect.Indirect(reflect.ValueOf(o.svc.Codec.Output(u)))
	for i := range o.public {
		to.Elem().Field(i).Set(public.Field(i))
	}
	a := administered{CreatedAt: b.CreatedAt.UTC()}
	if o.svc.Env.Now().Before(b.SuspendedUntil) {
		until := b.SuspendedUntil.UTC()
		a.SuspendedUntil, a.SuspendedFor = &until, &b.SuspendedFor
	}
	for i, field := range o.more {
		to.Elem().Field(o.public + i).Set(reflect.ValueOf(a).Field(field))
	}
	return to.Interface()
}
