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
	for _, name := range flags {
		in := Input{Name: name, Type: "checkbox", Value: "on", Column: true, Help: v.texts.say("help." + name)}
		_ = json.Unmarshal(u[name], &in.Checked)
		inputs = append(inputs, in)
	}
	var id string
	_ = json.Unmarshal(u["id"], &id)
	return v.form("user", v.userAt(id, ""), "submit.save", inputs...)
}

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
// out stays as it is.
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
	if address, there := in["email"]; there {
		body["email"] = address
	}
	if text(in, "password") != "" {
		body["password"] = in["password"]
	}
	for _, name := range flags {
		if slices.Contains(strings.Fields(text(in, "fields")), name) {
			body[name], _ = json.Marshal(text(in, name) != "") // a bool can be encoded
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
	case is(e, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound):
		return v.refused(ctx, answer)
	}
	f := v.adminForm(u)
	f.refill(in)
	resp, err := v.adminPage(ctx, e.Status, u, v.blame(ctx, f, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}
