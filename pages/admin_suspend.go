package pages

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// standing returns the user of a page of the administration beyond what the API
// shows of one. The API has let the caller see them.
func (v *visit) standing(ctx context.Context, id string) (*core.User, error) {
	u, err := v.svc.Users.Find(ctx, core.ByID(id))
	if errors.Is(err, core.ErrNotFound) {
		return nil, core.NotFound()
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return u.Base(), nil
}

// addSuspension adds what there is to say of a user's suspension, and to do.
func (v *visit) addSuspension(d *UserDetail, u *core.User) {
	d.Suspended = v.svc.Env.Now().Before(u.SuspendedUntil)
	switch {
	case d.Suspended:
		d.Suspension = v.texts.say("admin.suspended_for_good", "reason", u.SuspendedFor)
		if u.Leaving() {
			d.Suspension = v.texts.say("admin.leaving")
		}
		if u.SuspendedUntil.Before(core.ForGood()) {
			until := u.SuspendedUntil.UTC().Format("2006-01-02 15:04")
			d.Suspension = v.texts.say("admin.suspended_until", "time", until, "reason", u.SuspendedFor)
		}
		if v.has("users:reinstate_user") {
			d.Reinstate = v.form("reinstate", v.userAt(u.ID, "/reinstate"), "submit.reinstate")
		}
	case v.has("users:suspend_user") && v.user().Base().ID != u.ID:
		d.Suspend = v.suspendForm(u.ID)
	}
}

func (v *visit) suspendForm(id string) *Form {
	until := Input{Name: "until", Type: "date", Autocomplete: "off"}
	reason := Input{Name: "reason", Required: true, Autocomplete: "off"}
	f := v.form("suspend", v.userAt(id, "/suspend"), "submit.suspend",
		v.helped(until, "help.until"), v.helped(reason, "help.reason"))
	f.Title, f.Danger = v.texts.say("admin.suspend"), true
	return f
}

// adminSuspend suspends the user of the path.
func (s *site) adminSuspend(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "until", "reason")
	if err != nil {
		return nil, err
	}
	body := core.Object{"reason": quoted(text(in, "reason"))}
	if day := text(in, "until"); day != "" {
		body["until"] = quoted(day)
		if at, err := time.Parse(time.DateOnly, day); err == nil {
			body["until"], _ = json.Marshal(at) // a time can be encoded
		}
	}
	f := v.suspendForm(v.r.Param("id"))
	f.refill(in)
	return v.administer(ctx, question{route: "users:suspend_user", in: body}, f, "notice.user_suspended")
}

// adminReinstate ends the suspension of the user of the path.
func (s *site) adminReinstate(ctx context.Context, v *visit) (*core.Response, error) {
	return v.administer(ctx, question{route: "users:reinstate_user"}, nil, "notice.user_reinstated")
}

// administer asks for a change of the user of the path, from their page. What
// it is refused for stands in the form, or above the page.
func (v *visit) administer(ctx context.Context, q question, f *Form, notice string) (*core.Response, error) {
	id := v.r.Param("id")
	if q.param == nil {
		q.param = map[string]string{"id": id}
	}
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.userAt(id, "")), notice), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.userAt(id, "")), nil
	case !is(e, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests):
		return v.refused(ctx, answer)
	}
	u, page, err := v.managed(ctx)
	if err != nil || page != nil {
		return page, err
	}
	wrong := &Form{Error: v.sentence(ctx, e)}
	if f != nil {
		wrong = v.blame(ctx, f, e)
	}
	resp, err := v.adminPage(ctx, e.Status, u, wrong)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}
