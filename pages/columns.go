package pages

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/typed"
)

// shown returns the columns that forms have a field for, of those that clients
// may write on "register" or "update": not those that the application hides,
// nor those of a type that people do not type, unless it describes them.
func (s *site) shown(when string) []core.Column {
	return slices.DeleteFunc(s.svc.Codec.Columns(when), func(c core.Column) bool {
		field, described := s.opts.Fields[c.Name]
		return field.Hidden || !described && typed.KindOf(c.Type) == typed.JSON
	})
}

// check returns what the pages lack in the application: a column that a
// registration requires, and no form has; a column that no form can have; a
// provider whose name is a page's; and whatever is wrong with a template.
func (s *site) check() error {
	shown := s.shown("register")
	for _, c := range s.svc.Codec.Columns("register") {
		if c.Required && !slices.ContainsFunc(shown, func(other core.Column) bool { return other.Name == c.Name }) {
			return fmt.Errorf("nobody can register: the column %q is required, and no form has it; name it in Options.Fields",
				c.Name)
		}
	}
	for name := range s.opts.Fields {
		known := func(c core.Column) bool { return c.Name == name }
		if !slices.ContainsFunc(s.svc.Codec.Columns("register"), known) &&
			!slices.ContainsFunc(s.svc.Codec.Columns("update"), known) {
			return fmt.Errorf("Options.Fields names %q, which is no column that clients may write", name)
		}
	}
	for _, c := range slices.Concat(shown, s.shown("update")) {
		if c.Name == "fields" || c.Name == hadFlags || len(strings.Fields(c.Name)) != 1 {
			return fmt.Errorf("no form can have the column %q, whose name is a form's own or has a space; "+
				"hide it in Options.Fields", c.Name)
		}
	}
	for _, p := range s.svc.Pages.Providers() {
		if slices.Contains(reserved, p.Name()) {
			return fmt.Errorf("a provider cannot be called %q: /login/%s is a page of its own", p.Name(), p.Name())
		}
	}
	return s.try()
}

// reserved are the pages below /login.
var reserved = []string{"done", "enrol", "factor", "mail", "passkey"}

// columnInputs are the fields of columns, with the values of u; nil for none.
func (v *visit) columnInputs(when string, u core.AnyUser) []Input {
	var inputs []Input
	for _, c := range v.shown(when) {
		var value any
		if u != nil {
			value = c.Of(u)
		}
		inputs = append(inputs, v.columnInput(c, value))
	}
	return inputs
}

func (v *visit) columnInput(c core.Column, value any) Input {
	if v.isName(c) {
		in := v.nameInput(typed.TextOf(value))
		in.Column = true
		return in
	}
	field := v.opts.Fields[c.Name]
	in := Input{
		Name: c.Name, Label: v.word("field."+c.Name, field.Label, humane(c.Name)),
		Help:  v.word("help."+c.Name, field.Help, ""),
		Value: typed.TextOf(value), Required: c.Required, Autocomplete: field.Autocomplete, Column: true,
	}
	in.Type, in.InputMode = inputOf(c.Type)
	if field.Type != "" {
		in.Type = field.Type
	}
	switch in.Type {
	case "checkbox":
		in.Checked, in.Value, in.Required = in.Value == "true", "on", false
	case "date":
		in.Value, _, _ = strings.Cut(in.Value, "T")
	case "datetime-local":
		in.Value = localMoment(in.Value)
	}
	if len(field.Choices) > 0 {
		in.Type = "select"
		for _, choice := range field.Choices {
			choice.Label = v.word("field."+c.Name+"."+choice.Value, choice.Label, choice.Value)
			in.Choices = append(in.Choices, choice)
		}
	}
	return in
}

// localMoment is a moment of UTC as inputs of the type datetime-local have it.
func localMoment(text string) string {
	day, clock, _ := strings.Cut(strings.TrimSuffix(text, "Z"), "T")
	if day == "" {
		return ""
	}
	if clock == "" {
		clock = "00:00"
	}
	return day + "T" + clock[:min(len(clock), len("15:04:05"))]
}

// word is the text of a key, else the first of the others that is not empty.
// Catalogues of the application may have it in another language.
func (v *visit) word(key string, others ...string) string {
	if text, ok := v.texts.find(key); ok {
		return text
	}
	for _, other := range others {
		if other != "" {
			return other
		}
	}
	return ""
}

// inputOf is the type of input, and its keyboard, for a column's type.
func inputOf(t reflect.Type) (kind, keyboard string) {
	switch typed.KindOf(t) {
	case typed.Bool:
		return "checkbox", ""
	case typed.Integer:
		return "text", "numeric"
	case typed.Number:
		return "text", "decimal"
	case typed.Time:
		return "datetime-local", ""
	case typed.Lines, typed.JSON:
		return "textarea", ""
	}
	return "text", ""
}

// changes returns the JSON of the columns that a posted form has a field for,
// as its field named fields says: a browser sends nothing for an empty
// checkbox. Left out is what is as the form had it before, given by current.
// What is no value of its type goes to the API as it was typed, which refuses
// it.
func (v *visit) changes(in core.Object, when string, current func(core.Column) any) core.Object {
	out := core.Object{}
	had := strings.Fields(text(in, "fields"))
	for _, c := range v.shown(when) {
		if !slices.Contains(had, c.Name) {
			continue
		}
		value := typed.LineBreaks(text(in, c.Name))
		before := v.columnInput(c, current(c))
		same := value == before.Value
		if before.Type == "checkbox" {
			same = before.Checked == (value != "")
		}
		if same && (!c.Required || before.Type != "checkbox") {
			continue
		}
		raw, err := typed.Parse(c.Type, value)
		switch {
		case err != nil:
			raw, _ = json.Marshal(value) // a text can be encoded
		case string(raw) != "null":
		case before.Type == "checkbox":
			raw = json.RawMessage("false")
		default: // null would leave it as it is
			raw = json.RawMessage(`""`)
		}
		out[c.Name] = raw
	}
	return out
}

// none is the current value of columns of nobody.
func none(core.Column) any { return nil }
