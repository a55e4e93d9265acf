package command

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) usersShow() *cobra.Command {
	return leaf("show", []string{person[U]()}, "Show one user", "", t.opened(func(ctx context.Context, c *call[U]) error {
		u, err := t.find(ctx, c, c.args[0])
		if err != nil {
			return err
		}
		if c.json {
			return t.printUser(c, u)
		}
		sessions, err := c.people.Sessions(ctx, base[U, PU](u).ID)
		if err != nil {
			return unasked(err)
		}
		b := base[U, PU](u)
		rows := [][]string{
			{"id", b.ID}, {"email", b.Email}, {"active", yes(b.IsActive)}, {"verified", yes(b.IsVerified)},
			{"superuser", yes(b.IsSuperuser)}, {"password", yes(b.HashedPassword != "")},
		}
		if n := core.NamedOf(u); n != nil {
			rows = slices.Insert(rows, 2, []string{"username", n.Username})
		}
		if time.Now().Before(b.SuspendedUntil) {
			until := "until " + moment(b.SuspendedUntil) + " " + b.SuspendedFor
			rows = append(rows, []string{"suspended", strings.TrimSpace(until)})
		}
		rows = append(rows, []string{"created", moment(b.CreatedAt)}, []string{"changed", moment(b.UpdatedAt)},
			[]string{"sessions", strconv.Itoa(len(sessions))})
		rows = append(rows, t.ownRows(u)...)
		return (&table{p: c.printer}).print(rows...)
	}))
}

// ownRows are the application's own columns that clients may see.
func (t *tree[U, PU]) ownRows(u *U) (rows [][]string) {
	v := reflect.ValueOf(u).Elem()
	for _, c := range ownColumns(v.Type()) {
		if tag := v.Type().FieldByIndex(c.index).Tag.Get("json"); tag == "" || tag == "-" {
			continue // what is never sent may be a secret
		}
		field, err := v.FieldByIndexErr(c.index)
		if err != nil {
			continue // of an embedded struct that is nil
		}
		text, err := json.Marshal(field.Interface())
		if err != nil {
			continue
		}
		var s string
		if json.Unmarshal(text, &s) != nil {
			s = string(text)
		}
		rows = append(rows, []string{c.name, s})
	}
	return rows
}

// printUser prints a user as an object: what clients see, and what an operator
// sees besides. A name that is a column of the application's own stays that.
func (t *tree[U, PU]) printUser(c *call[U], u *U) error {
	object, err := json.Marshal(c.auth.Services().Codec.Output(PU(u)))
	if err != nil {
		return err
	}
	var taken map[string]json.RawMessage
	if err := json.Unmarshal(object, &taken); err != nil {
		return err
	}
	object = object[:len(object)-1]
	for _, m := range details(base[U, PU](u)) {
		if _, there := taken[m.name]; there {
			continue
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return err
		}
		object = fmt.Appendf(object, ",%q:%s", m.name, value)
	}
	return c.object(json.RawMessage(append(object, '}')))
}

// member is one of a user's, as JSON.
type member struct {
	name  string
	value any
}

// details are the members that clients do not see.
func details(u *core.User) []member {
	all := []member{
		{"has_password", u.HashedPassword != ""}, {"created_at", u.CreatedAt.UTC()}, {"updated_at", u.UpdatedAt.UTC()},
	}
	if !u.SuspendedUntil.IsZero() {
		all = append(all, member{"suspended_until", u.SuspendedUntil.UTC()}, member{"suspended_for", u.SuspendedFor})
	}
	return all
}
