package pages

import (
	"context"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// The pages at the end of mails whose links change an account or keep it: GET
// shows, POST acts.

// mailStep is what a token of such a mail does.
type mailStep struct {
	route, page, form   string
	title, lead, submit string // keys
	notice              string
	danger              bool
}

var (
	confirmStep = mailStep{
		route: "email:confirm", page: confirmPage, form: "email-confirm", title: "title.email_confirm",
		lead: "email.confirm_lead", submit: "submit.email_confirm", notice: "notice.email_confirmed",
	}
	undoStep = mailStep{
		route: "email:undo", page: undoPage, form: "email-undo", title: "title.email_undo",
		lead: "email.undo_lead", submit: "submit.email_undo", notice: "notice.email_undone", danger: true,
	}
)

// confirmsEmail reports whether a new address counts once it is confirmed.
func (s *site) confirmsEmail() bool { return s.has("email:confirm") }

// emailForm has the button of a step. Without a token there is nothing to
// press.
func (s *site) emailForm(step mailStep) handler {
	return func(ctx context.Context, v *visit) (*core.Response, error) {
		return v.emailPage(ctx, http.StatusOK, step, v.r.Query.Get("token"), nil)
	}
}

func (v *visit) emailPage(
	ctx context.Context, status int, step mailStep, token string, e *core.Error,
) (*core.Response, error) {
	if !v.has(step.route) {
		return nil, core.NotFound()
	}
	if token == "" {
		return redirect(v.home()), nil
	}
	f := v.form(step.form, v.at(step.page), step.submit)
	f.Hidden, f.Danger = []Hidden{{"token", token}}, step.danger
	view := v.view(ctx, "email")
	view.Title, view.Data = v.texts.say(step.title), v.texts.say(step.lead)
	view.Status, view.Form, view.Links = status, v.blame(ctx, f, e), v.ways()
	return v.show(ctx, view)
}

// takeEmail takes the step. An undoing ends all logins, this one too.
func (s *site) takeEmail(step mailStep) handler {
	return func(ctx context.Context, v *visit) (*core.Response, error) {
		in, err := core.ReadForm(v.r, "token")
		if err != nil {
			return nil, err
		}
		token := text(in, "token")
		answer, err := v.ask(ctx, question{route: step.route, in: core.Object{"token": quoted(token)}})
		if err != nil {
			return nil, err
		}
		next := v.home()
		if step == undoStep {
			next = v.at("/login")
		}
		e := refusal(answer)
		switch {
		case e == nil:
			return carry(v.tell(redirect(next), step.notice), answer), nil
		case e.Status == http.StatusUnauthorized: // the token is not for the query of a login
			return v.tell(v.toLogin(""), "notice.email_login"), nil
		case e.Code == core.CodeUpdateEmailExists, e.Code == core.CodeRateLimited:
			resp, err := v.emailPage(ctx, e.Status, step, token, e)
			if err != nil {
				return nil, err
			}
			return carry(resp, answer), nil
		}
		return v.refused(ctx, answer)
	}
}

// addressHelp says what becomes of a new address.
func (v *visit) addressHelp(f *Form) *Form {
	if v.confirmsEmail() {
		f.Inputs[0] = v.helped(f.Inputs[0], "help.email_confirm")
		f.Submit = v.texts.say("submit.email_ask")
	}
	return f
}

// addressNotice is what is said once an address is changed, or asked for.
func (v *visit) addressNotice(address string) string {
	if v.confirmsEmail() && !strings.EqualFold(strings.TrimSpace(address), v.user().Base().Email) {
		return "notice.email_asked"
	}
	return "notice.email_changed"
}
