package pages

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// The pages at the end of mails' links: GET shows, POST acts, so that a program
// that follows links in mails uses nothing up.

func (s *site) forgotForm(ctx context.Context, v *visit) (*core.Response, error) {
	return v.forgotPage(ctx, http.StatusOK, v.forgotten(""))
}

func (v *visit) forgotten(address string) *Form {
	f := v.form("forgot", v.at("/forgot"), "submit.forgot", v.identifierInput("email", address, "username"))
	f.focus(true)
	return f
}

func (v *visit) forgotPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	if !v.offers("forgot") {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "forgot")
	view.Status, view.Form, view.Links = status, f, v.ways()
	return v.show(ctx, view)
}

// forgot asks for a mail. A post from the login form shows the form, with the
// address that was typed there.
func (s *site) forgot(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "email", "username", "from")
	if err != nil {
		return nil, err
	}
	if text(in, "from") == "login" {
		return v.forgotPage(ctx, http.StatusOK, v.forgotten(text(in, "username")))
	}
	answer, err := v.ask(ctx, question{route: "reset:forgot_password", in: core.Object{"email": quoted(text(in,
		"email"))}})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		resp, err := v.forgotPage(ctx, e.Status, v.blame(ctx, v.forgotten(text(in, "email")), e))
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	return v.tell(redirect(v.at("/login")), "notice.reset_sent"), nil
}

func (s *site) resetForm(ctx context.Context, v *visit) (*core.Response, error) {
	token := v.r.Query.Get("token")
	if token == "" {
		return redirect(v.at("/forgot")), nil
	}
	f := v.newPassword(token)
	f.focus(true)
	return v.resetPage(ctx, http.StatusOK, f)
}

func (v *visit) newPassword(token string) *Form {
	f := v.form("reset", v.at("/reset"), "submit.reset",
		v.helped(passwordInput("password", "new-password"), "help.new_password"))
	f.Inputs[0].Label = v.texts.say("field.new_password")
	f.Hidden = []Hidden{{"token", token}}
	return f
}

func (v *visit) resetPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	if !v.has("reset:reset_password") {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "reset")
	view.Status, view.Form = status, f
	return v.show(ctx, view)
}

func (s *site) reset(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "token", "password")
	if err != nil {
		return nil, err
	}
	answer, err := v.ask(ctx, question{route: "reset:reset_password", in: in})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/login")), "notice.password_reset"), answer), nil
	case e.Code == core.CodeResetBadToken:
		f := v.forgotten("")
		resp, err := v.forgotPage(ctx, e.Status, v.blame(ctx, f, e))
		return resp, err
	}
	resp, err := v.resetPage(ctx, e.Status, v.blame(ctx, v.newPassword(text(in, "token")), e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// verifyForm is a button for who comes from a mail, and for others a form that
// asks for one.
func (s *site) verifyForm(ctx context.Context, v *visit) (*core.Response, error) {
	if token := v.r.Query.Get("token"); token != "" {
		return v.verifyPage(ctx, http.StatusOK, v.confirmation(token))
	}
	if u := v.user(); u != nil && u.Base().IsVerified {
		return redirect(v.at("/account")), nil
	}
	return v.verifyPage(ctx, http.StatusOK, v.verification(""))
}

func (v *visit) confirmation(token string) *Form {
	f := v.form("verify", v.at("/verify"), "submit.verify")
	f.Hidden = []Hidden{{"token", token}}
	return f
}

func (v *visit) verification(address string) *Form {
	if u := v.user(); address == "" && u != nil {
		address = u.Base().Email
	}
	return v.form("verify", v.at("/verify"), "submit.verify_again", emailInput("email", address, "username"))
}

func (v *visit) verifyPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	if !v.offers("verify") {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "verify")
	view.Status, view.Form, view.Links = status, f, v.ways()
	return v.show(ctx, view)
}

// verify takes a token, or sends a mail with a new one.
func (s *site) verify(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "token", "email", "username", "from")
	if err != nil {
		return nil, err
	}
	if text(in, "from") == "login" {
		return v.verifyPage(ctx, http.StatusOK, v.verification(text(in, "username")))
	}
	if token := text(in, "token"); token != "" {
		return v.verified(ctx, token)
	}
	answer, err := v.ask(ctx, question{route: "verify:request-token", in: core.Object{"email": quoted(text(in, "email"))}})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		resp, err := v.verifyPage(ctx, e.Status, v.blame(ctx, v.verification(text(in, "email")), e))
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	return v.tell(redirect(v.home()), "notice.verify_sent"), nil
}

func (v *visit) verified(ctx context.Context, token string) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: "verify:verify", in: core.Object{"token": quoted(token)}})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	if e == nil || e.Code == core.CodeVerifyAlreadyVerified {
		return carry(v.tell(redirect(v.home()), "notice.verified"), answer), nil
	}
	resp, err := v.verifyPage(ctx, e.Status, v.blame(ctx, v.verification(""), e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// home is the account, or the login of who is not logged in.
func (v *visit) home() string {
	if v.now != nil {
		return v.at("/account")
	}
	return v.at("/login")
}
