package pages

import (
	"cmp"
	"context"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// withNames reports whether users have names beside their addresses.
func (s *site) withNames() bool { return core.NamedOf(s.svc.Users.New()) != nil }

// nameOf returns a user's name, "" where there is none.
func nameOf(u core.AnyUser) string {
	if n := core.NamedOf(u); n != nil {
		return n.Username
	}
	return ""
}

// identifierInput is the field for what one logs in with: an address, or the
// user name where users have names.
func (v *visit) identifierInput(name, value, autocomplete string) Input {
	if u := v.user(); value == "" && u != nil {
		value = cmp.Or(u.Base().Email, nameOf(u))
	}
	if !v.withNames() {
		return emailInput(name, value, autocomplete)
	}
	return Input{
		Name: name, Type: "text", Value: value, Required: true, Autocomplete: autocomplete,
		Label: v.texts.say("field.identifier"),
	}
}

// isName reports whether a column is the name of a user.
func (s *site) isName(c core.Column) bool { return c.Name == "username" && s.withNames() }

// nameInput is the field of the user's own name.
func (v *visit) nameInput(value string) Input {
	return v.helped(Input{
		Name: "username", Type: "text", Value: value, Autocomplete: "username", Label: v.texts.say("field.user_name"),
	}, "help.user_name")
}

// newcomerInputs are the fields of a registration: the identifiers, the
// password, the application's columns.
func (v *visit) newcomerInputs() []Input {
	email, password := emailInput("email", "", "username"), passwordInput("password", "new-password")
	inputs := []Input{email}
	columns := v.columnInputs("register", nil)
	if i := slices.IndexFunc(columns, func(in Input) bool { return in.Name == "username" }); i >= 0 && v.withNames() {
		// The one is what password managers keep.
		inputs[0].Autocomplete = "email"
		inputs[0].Required = !v.svc.Env.EmailOptional
		columns[i].Required = v.svc.Env.EmailOptional
		inputs = append(inputs, columns[i])
		columns = slices.Delete(columns, i, i+1)
	}
	return slices.Concat(inputs, []Input{v.helped(password, "help.new_password")}, columns)
}

// nameForm changes the user's name; nil where users have none.
func (v *visit) nameForm(value string) *Form {
	if !v.withNames() {
		return nil
	}
	in := v.nameInput(cmp.Or(value, nameOf(v.user())))
	in.Required = true
	f := v.form("username", v.at("/account/username"), "submit.username", v.withCurrent(in)...)
	f.Title = v.texts.say("account.username")
	return f
}

// username changes the name: with the current password, or soon after a login.
func (s *site) username(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "username", "current_password")
	if err != nil {
		return nil, err
	}
	f := v.nameForm(text(in, "username"))
	if f == nil {
		return nil, core.NotFound()
	}
	return v.patchMe(ctx, f, required(in, "username"), "notice.username_changed")
}
