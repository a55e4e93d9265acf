package pages

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// impersonation returns the name of a route of acting as somebody.
func (s *site) impersonation(route string) string { return s.of("impersonation", route) }

// acting is the bar of every page on which an administrator acts as somebody.
func (v *visit) acting() *Acting {
	if v.now == nil || v.now.Session == nil || v.now.Session.Actor == "" || v.now.User == nil {
		return nil
	}
	u := v.now.User.Base()
	who := ListedUser{ID: u.ID, Email: u.Email, Username: nameOf(v.now.User)}
	a := &Acting{Text: v.texts.say("acting.text", "user", who.Title())}
	if v.has(v.impersonation("end")) {
		a.End = v.form("acting", v.at("/acting/end"), "submit.end_acting")
	}
	return a
}

// actForm begins to act as a user; nil where that cannot be.
func (v *visit) actForm(u *core.User) *Form {
	if !v.has(v.impersonation("begin")) || u.IsSuperuser || u.Blocked(v.svc.Env.Now()) || v.user().Base().ID == u.ID {
		return nil
	}
	f := v.form("act", v.userAt(u.ID, "/act"), "submit.act",
		v.helped(Input{Name: "reason", Required: true, Autocomplete: "off"}, "help.act_reason"))
	f.Title = v.texts.say("admin.act")
	return f
}

// adminAct begins to act as the user of the path.
func (s *site) adminAct(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "reason")
	if err != nil {
		return nil, err
	}
	u, page, err := v.managed(ctx)
	if err != nil || page != nil {
		return page, err
	}
	id := v.r.Param("id")
	answer, err := v.ask(ctx, question{route: v.impersonation("begin"), in: core.Object{
		"user_id": quoted(id), "reason": quoted(text(in, "reason")),
	}})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(redirect(v.at("/account")), answer), nil
	case e.Code == core.CodeProofRequired:
		return v.toProve(e, v.userAt(id, "")), nil
	case e.Code != core.CodeImpersonationRefused && !is(e, http.StatusUnprocessableEntity):
		return v.refused(ctx, answer)
	}
	them, err := v.standing(ctx, id)
	if err != nil {
		return nil, err
	}
	wrong := &Form{Error: v.sentence(ctx, e)}
	if f := v.actForm(them); f != nil {
		f.refill(in)
		wrong = v.blame(ctx, f, e)
	}
	return v.adminPage(ctx, e.Status, u, wrong)
}

// endActing comes back to where the administrator began. Where their own login
// has ended meanwhile, the way there leads to a new one.
func (s *site) endActing(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.impersonation("end")})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil && e.Code != core.CodeNotImpersonating {
		return v.refused(ctx, answer)
	}
	back := v.at("/account")
	if v.now != nil && v.now.Session.Actor != "" && v.opts.Admin {
		back = v.userAt(v.now.Session.UserID, "")
	}
	return carry(v.tell(redirect(back), "notice.acting_ended"), answer), nil
}
