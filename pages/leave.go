package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// leavingPage is the page at the end of the mail to who leaves.
const leavingPage = "/leaving/undo"

// keepStep keeps an account that is being deleted.
var keepStep = mailStep{
	route: "leaving:undo", page: leavingPage, form: "leaving-undo", title: "title.leaving_undo",
	lead: "leaving.undo_lead", submit: "submit.leaving_undo", notice: "notice.leaving_undone",
}

// leaveForm asks first.
func (s *site) leaveForm(ctx context.Context, v *visit) (*core.Response, error) {
	return v.leavePage(ctx, http.StatusOK, nil)
}

func (v *visit) leavePage(ctx context.Context, status int, e *core.Error) (*core.Response, error) {
	if !v.offers("leave") {
		return nil, core.NotFound()
	}
	f := v.form("leave", v.at("/account/delete"), "submit.delete")
	f.Danger = true
	view := v.view(ctx, "leave")
	view.Status, view.Form, view.Data = status, v.blame(ctx, f, e), v.texts.say("leave.lead")
	if v.has("leaving:undo") {
		view.Data = v.texts.say("leave.lead_later")
	}
	view.Links = []Button{{Text: v.texts.say("link.cancel"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

// leaves deletes the user's account, at once or after a while.
func (s *site) leaves(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: "users:delete_current_user"})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		var later struct{ Until time.Time }
		notice := "notice.left"
		if answer.Status == http.StatusAccepted && json.Unmarshal(answer.Body, &later) == nil {
			notice = onDay("notice.leaving", later.Until)
		}
		return carry(v.tell(redirect(v.at("/login")), notice), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account/delete")), nil
	case is(e, http.StatusBadRequest, http.StatusConflict, http.StatusTooManyRequests):
		resp, err := v.leavePage(ctx, e.Status, e)
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	return v.refused(ctx, answer)
}
