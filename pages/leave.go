package pages

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// leaveForm asks, since a deletion cannot be undone.
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
	view.Status, view.Form = status, v.blame(ctx, f, e)
	view.Links = []Button{{Text: v.texts.say("link.cancel"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

// leaves deletes the user's account.
func (s *site) leaves(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: "users:delete_current_user"})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/login")), "notice.left"), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account/delete")), nil
	case is(e, http.StatusBadRequest, http.StatusConflict):
		resp, err := v.leavePage(ctx, e.Status, e)
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	return v.refused(ctx, answer)
}
