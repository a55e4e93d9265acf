package pages

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Filter is the form that narrows a list. It is a GET, so that each page of the
// list has an address.
type Filter struct {
	Form
	// More is the heading of all inputs but the first. They are folded
	// away unless Open: one of them is in use, or wrong.
	More string
	Open bool
}

// filtering is a Filter and the page of the list. Each field is a parameter of
// the list in the API.
type filtering struct {
	*Filter
	v      *visit
	cursor string
}

// filter makes a form of inputs, filled in as the request has them.
func (v *visit) filter(action string, inputs ...Input) filtering {
	f := &Filter{Form: *v.form("find", v.at(action), "admin.find", inputs...), More: v.texts.say("admin.filters")}
	for i := range f.Inputs {
		in := &f.Inputs[i]
		in.Value = strings.TrimSpace(v.r.Query.Get(in.Name))
		in.Autocomplete = "off"
		f.Open = f.Open || i > 0 && in.Value != ""
	}
	return filtering{f, v, v.r.Query.Get("cursor")}
}

// given are the fields that are filled in.
func (f filtering) given() url.Values {
	q := url.Values{}
	for _, in := range f.Inputs {
		if in.Value != "" {
			q.Set(in.Name, in.Value)
		}
	}
	return q
}

// value is that of a field.
func (f filtering) value(name string) string { return f.input(name).Value }

// list asks for a page of a list. Where fields are wrong it returns them: they
// are marked, and there is no answer.
func (f filtering) list(ctx context.Context, route string) (answer *core.Response, wrong *core.Error, err error) {
	q := f.given()
	for _, in := range f.Inputs {
		if at, err := time.Parse(time.DateOnly, in.Value); err == nil && in.Type == "date" {
			q.Set(in.Name, at.Format(time.RFC3339))
		}
	}
	if f.cursor != "" {
		q.Set("cursor", f.cursor)
	}
	answer, err = f.v.ask(ctx, question{route: route, query: q})
	if err != nil {
		return nil, nil, err
	}
	e := refusal(answer)
	if e == nil || e.Status != http.StatusUnprocessableEntity {
		return answer, nil, nil
	}
	for _, p := range e.Problems {
		if len(p.Loc) != 2 || p.Loc[1] == any("cursor") { // which nobody types
			return answer, nil, nil
		}
	}
	f.v.blame(ctx, &f.Form, e)
	f.Open = true
	return nil, e, nil
}

// pages returns the addresses of the list's first page and of the next one,
// given the answer: "" where it is this one, or there is none.
func (f filtering) pages(answer *core.Response) (first, more string) {
	q := f.given()
	address := func() string {
		if len(q) == 0 {
			return f.Action
		}
		return f.Action + "?" + q.Encode()
	}
	if f.cursor != "" {
		first = address()
	}
	link, _, _ := strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<?"), ">")
	if next, err := url.ParseQuery(link); err == nil && next.Get("cursor") != "" {
		q.Set("cursor", next.Get("cursor"))
		more = address()
	}
	return first, more
}

// choice makes a select of values. The label of each is the text of its key.
func (v *visit) choice(name, label string, valuesAndKeys ...string) Input {
	in := Input{Name: name, Label: v.texts.say(label), Type: "select"}
	for i := 0; i+1 < len(valuesAndKeys); i += 2 {
		in.Choices = append(in.Choices, Choice{valuesAndKeys[i], v.texts.say(valuesAndKeys[i+1])})
	}
	return in
}

// whether makes a select of a flag.
func (v *visit) whether(name, label string) Input {
	return v.choice(name, label, "", "admin.any", "true", "admin.yes", "false", "admin.no")
}
