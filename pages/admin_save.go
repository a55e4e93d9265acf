package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// flags are Latchkey's own columns that an administrator may write.
var flags = []string{"is_active", "is_verified", "is_superuser"}

// adminForm changes a user, given as the API shows them.
func (v *visit) adminForm(u map[string]json.RawMessage) *Form {
	var address string
	_ = json.Unmarshal(u["email"], &address) // a text, as the API has it
	password := v.helped(passwordInput("password", "new-password"), "help.admin_password")
	password.Label = v.texts.say("field.new_password")
	inputs := []Input{emailInput("email", address, "off"), password}
	inputs[0].Required, inputs[1].Required = false, false // an empty one is refused, or is no change
	for _, c := range v.shown("update") {
		in := v.columnInput(c, current(u)(c))
		in.Autocomplete = "off" // it is somebody else's
		inputs = append(inputs, in)
	}
	var had []string
	for _, name := range flags {
		in := Input{Name: name, Type: "checkbox", Value: "on", Column: true, Help: v.texts.say("help." + name)}
		_ = json.Unmarshal(u[name], &in.Checked)
		if in.Checked {
			had = append(had, name)
		}
		inputs = append(inputs, in)
	}
	var id string
	_ = json.Unmarshal(u["id"], &id)
	f := v.form("user", v.userAt(id, ""), "submit.save", inputs...)
	f.Hidden = []Hidden{{hadFlags, strings.Join(had, " ")}}
	return f
}

// hadFlags is the field with the flags that were set when the form was made: a
// form that is old must not give back a right that somebody has taken away.
const hadFlags = "had_flags"

// current returns the values of columns in a user's public form. A column
// without a public form has the zero value.
func current(u map[string]json.RawMessage) func(core.Column) any {
	return func(c core.Column) any {
		value := reflect.New(c.Type)
		if raw, there := u[c.Name]; there {
			_ = json.Unmarshal(raw, value.Interface()) // as the API has written it
		}
		return value.Elem().Interface()
	}
}

// adminSave sends what the form has changed. A flag that a template has left
// out, or that nobody has touched, stays as it is.
func (s *site) adminSave(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	u, page, err := v.managed(ctx)
	if err != nil || page != nil {
		return page, err
	}
	body := v.changes(in, "update", current(u))
	moves := false
	if address, there := in["email"]; there {
		var before string
		_ = json.Unmarshal(u["email"], &before) // a text or null, as the API has it
		if moves = text(in, "email") != before; moves || before != "" {
			body["email"] = address
		}
	}
	if text(in, "password") != "" {
		body["password"] = in["password"]
	}
	had, knows := strings.Fields(text(in, hadFlags)), in[hadFlags] != nil
	for _, name := range flags {
		is := text(in, name) != ""
		touched := !knows || is != slices.Contains(had, name) ||
			moves && name == "is_verified" // which is about the new address then
		if touched && slices.Contains(strings.Fields(text(in, "fields")), name) {
			body[name], _ = json.Marshal(is) // a bool can be encoded
		}
	}
	id := v.r.Param("id")
	answer, err := v.ask(ctx, question{route: "users:patch_user", param: map[string]string{"id": id}, in: body})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.userAt(id, "")), "notice.saved"), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.userAt(id, "")), nil
	case is(e, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound):
		return v.refused(ctx, answer)
	}
	f := v.adminForm(u)
	f.refill(in)
	if knows {
		f.Hidden = []Hidden{{hadFlags, text(in, hadFlags)}}
	}
	resp, err := v.adminPage(ctx, e.Status, u, v.blame(ctx, f, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}
