package pages

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// renameForm names a factor.
func (s *site) renameForm(ctx context.Context, v *visit) (*core.Response, error) {
	kept, err := v.keptFactors(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		if k.ID == v.r.Param("id") {
			f := v.naming(k.ID, k.Label)
			f.Inputs[0].Focus = true
			return v.renamePage(ctx, http.StatusOK, f)
		}
	}
	return nil, core.NotFound()
}

func (v *visit) naming(id, label string) *Form {
	return v.form("rename", v.at("/account/factors/"+id+"/name"), "submit.save", Input{Name: "label", Value: label,
		Label: v.texts.say("factors.label"), Help: v.texts.say("factors.name.help")})
}

func (v *visit) renamePage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	view := v.view(ctx, "rename")
	view.Status, view.Form = status, f
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

func (s *site) rename(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "label")
	if err != nil {
		return nil, err
	}
	id := v.r.Param("id")
	v.from = v.at("/account/factors/" + id)
	answer, err := v.ask(ctx, question{route: "factors:update", param: map[string]string{"id": id},
		in: core.Object{"label": quoted(text(in, "label"))}})
	if err != nil {
		return nil, err
	}
	switch e := refusal(answer); {
	case e == nil:
		return carry(v.tell(redirect(v.at("/account")+"#factors"), "notice.saved"), answer), nil
	case e.Status == http.StatusUnprocessableEntity:
		return v.renamePage(ctx, e.Status, v.blame(ctx, v.naming(id, text(in, "label")), e))
	}
	return v.refused(ctx, answer)
}

// secondForm is the switch by which the user's passkeys become what every login
// needs beside a password; nil where there is none, and where it is off and
// something else is needed anyway.
func (v *visit) secondForm(ctx context.Context, anyway bool) (*Form, error) {
	if !v.has("factors:require_second") {
		return nil, nil
	}
	answer, err := v.ask(ctx, question{route: "factors:second"})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		return nil, e
	}
	var is struct{ Required bool }
	if err := json.Unmarshal(answer.Body, &is); err != nil {
		return nil, err
	}
	if anyway && !is.Required {
		return nil, nil
	}
	f := v.form("second", v.at("/account/second-factor"), "submit.second_on")
	f.Title, f.Hidden = v.texts.say("factors.second_off"), []Hidden{{"required", "true"}}
	if is.Required {
		f.Submit, f.Title = v.texts.say("submit.second_off"), v.texts.say("factors.second_on")
		f.Hidden[0].Value = "false"
	}
	return f, nil
}

// second sets that switch.
func (s *site) second(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "required")
	if err != nil {
		return nil, err
	}
	v.from = v.at("/account") + "#factors"
	on, notice := json.RawMessage("false"), "notice.second_off"
	if text(in, "required") == "true" {
		on, notice = json.RawMessage("true"), "notice.second_on"
	}
	return v.change(ctx, question{route: "factors:require_second", in: core.Object{"required": on}}, notice)
}
