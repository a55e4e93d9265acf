package pages

import (
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Form is a form of a page. Its texts are in the page's language.
type Form struct {
	// ID is unique on the page: "login", "email".
	ID string
	// Action is where it is posted to.
	Action string
	// Title is its heading, "" where it is the page's only form.
	Title string
	// Error is what is wrong with all of it, "" for nothing.
	Error  string
	Hidden []Hidden
	Inputs []Input
	// Submit is the text of its button, and Danger reports that it destroys
	// something.
	Submit string
	Danger bool
	// Quiet reports that it is beside a form that matters more.
	Quiet bool
	// Captcha reports that the template captcha has to show a riddle, whose
	// answer is in a field named captcha.
	Captcha bool
	// Passkey is nil for a form that asks for none.
	Passkey *Passkey
	// Also are further buttons.
	Also []Button
}

// Hidden is a field that nobody sees.
type Hidden struct{ Name, Value string }

// Input is a field of a form. It never has the value of a password.
type Input struct {
	// Name is that of the field, and ID the element's, unique on the page.
	Name, ID          string
	Label, Help       string
	Error             string // what is wrong with it, "" for nothing
	Type, Value       string // "textarea" and "select" are types too
	Checked, Required bool
	// Note stands beside the label: that it is optional.
	Note string
	// Focus reports that it has the focus at first.
	Focus        bool
	Autocomplete string
	InputMode    string
	Choices      []Choice // of a select
	// Column reports that it is a column of the user, and goes into
	// Form.Columns.
	Column bool
}

// DescribedBy returns the IDs of the elements that describe it.
func (i Input) DescribedBy() string {
	var ids []string
	if i.Error != "" {
		ids = append(ids, i.ID+"-error")
	}
	if i.Help != "" {
		ids = append(ids, i.ID+"-help")
	}
	return strings.Join(ids, " ")
}

// Button is a further button of a form, or a link that looks like one.
type Button struct {
	Text, Action string
	Name, Value  string
}

// Columns returns the names of the user's columns that the form has a field
// for. A form has them in a field named fields, which sets one that was left
// out of a template apart from one that is empty.
func (f *Form) Columns() string {
	var names []string
	for _, i := range f.Inputs {
		if i.Column {
			names = append(names, i.Name)
		}
	}
	return strings.Join(names, " ")
}

// input returns a field of the form, nil if it has none of that name.
func (f *Form) input(name string) *Input {
	for i := range f.Inputs {
		if f.Inputs[i].Name == name {
			return &f.Inputs[i]
		}
	}
	return nil
}

// focus puts the focus on the first field that is wrong, or else, where the
// form is what the page is for, on the first one that is empty.
func (f *Form) focus(first bool) {
	at := slices.IndexFunc(f.Inputs, func(i Input) bool { return i.Error != "" })
	if at < 0 && first {
		at = slices.IndexFunc(f.Inputs, func(i Input) bool { return i.Value == "" && i.Type != "checkbox" })
	}
	if at >= 0 {
		f.Inputs[at].Focus = true
	}
}

// form makes a form of inputs; a label is the text of field.<name>.
func (v *visit) form(id, action, submit string, inputs ...Input) *Form {
	f := &Form{ID: id, Action: action, Submit: v.texts.say(submit), Inputs: inputs}
	mixed := false // some fields are required
	for i := range f.Inputs {
		in := &f.Inputs[i]
		in.ID = id + "-" + in.Name
		if in.Label == "" {
			in.Label = v.texts.say("field." + in.Name)
		}
		if in.Type == "" {
			in.Type = "text"
		}
		mixed = mixed || in.Required
	}
	for i := range f.Inputs {
		if in := &f.Inputs[i]; mixed && !in.Required && in.Type != "checkbox" {
			in.Note = v.texts.say("form.optional")
		}
	}
	return f
}

// The fields that several forms have. Autocomplete is that of WCAG 1.3.5, by
// which password managers go.
func emailInput(name, value, autocomplete string) Input {
	return Input{Name: name, Type: "email", Value: value, Required: true, Autocomplete: autocomplete, InputMode: "email"}
}

func passwordInput(name, autocomplete string) Input {
	return Input{Name: name, Type: "password", Required: true, Autocomplete: autocomplete}
}

// helped adds a help text.
func (v *visit) helped(in Input, key string) Input {
	in.Help = v.texts.say(key)
	return in
}

// text is a field of a posted form, "" if it has none.
func text(in core.Object, name string) string {
	s, _, _ := in.String(name)
	return s
}

// refill puts what was posted back into a form, but for passwords.
func (f *Form) refill(in core.Object) {
	for i := range f.Inputs {
		field := &f.Inputs[i]
		value, there, _ := in.String(field.Name)
		switch {
		case field.Type == "password":
		case field.Type == "checkbox":
			if !field.Column || slices.Contains(strings.Fields(text(in, "fields")), field.Name) {
				field.Checked = there && value != ""
			}
		case there:
			field.Value = value
		}
	}
}
