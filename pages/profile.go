package pages

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// profile changes the application's columns.
func (s *site) profile(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	f := v.profileForm(v.user())
	if f == nil {
		return nil, core.NotFound()
	}
	f.refill(in)
	body := v.changes(in, "update", func(c core.Column) any { return c.Of(v.user()) })
	return v.patchMe(ctx, f, body, "notice.saved")
}

// email changes the address, and password the password: with the current
// password, or soon after a login.
func (s *site) email(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "email", "current_password")
	if err != nil {
		return nil, err
	}
	address := text(in, "email")
	return v.patchMe(ctx, v.addressForm(address), required(in, "email"), v.addressNotice(address))
}

func (s *site) password(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "password", "current_password")
	if err != nil {
		return nil, err
	}
	return v.patchMe(ctx, v.passwordForm(), required(in, "password"), "notice.password_changed")
}

// required is a form whose field is what the form is for: one that lacks it has
// an empty one, which the API refuses, where no change at all would be fine.
func required(in core.Object, name string) core.Object {
	if _, there := in[name]; !there {
		in[name] = quoted("")
	}
	return in
}

// patchMe asks the API for a change of the user's own account.
func (v *visit) patchMe(ctx context.Context, f *Form, body core.Object, notice string) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: "users:patch_current_user", in: body})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/account")), notice), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.at("/account")+"#"+f.ID), nil
	case is(e, http.StatusUnauthorized, http.StatusForbidden):
		return v.refused(ctx, answer)
	}
	return v.accountPage(ctx, e.Status, v.blame(ctx, f, e), answer)
}

// endSession ends one login, and endOthers all but this one.
func (s *site) endSession(ctx context.Context, v *visit) (*core.Response, error) {
	id := v.r.Param("id")
	return v.change(ctx, question{route: "sessions:delete", param: map[string]string{"id": id}}, "notice.session_ended")
}

func (s *site) endOthers(ctx context.Context, v *visit) (*core.Response, error) {
	return v.change(ctx, question{route: "sessions:delete_others"}, "notice.sessions_ended")
}

// unlink removes the user's account at a provider.
func (s *site) unlink(ctx context.Context, v *visit) (*core.Response, error) {
	return v.change(ctx, question{route: "oauth-associate:" + v.r.Param("provider") + ".delete"}, "notice.unlinked")
}

// change asks for a change that has a button on the account page. What it is
// refused for stands above the page.
func (v *visit) change(ctx context.Context, q question, notice string) (*core.Response, error) {
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/account")), notice), answer), nil
	case is(e, http.StatusBadRequest, http.StatusConflict, http.StatusTooManyRequests):
		return v.accountPage(ctx, e.Status, &Form{Error: v.sentence(ctx, e)}, answer)
	}
	return v.refused(ctx, answer)
}

// is reports whether an error has one of the statuses.
func is(e *core.Error, statuses ...int) bool { return slices.Contains(statuses, e.Status) }
