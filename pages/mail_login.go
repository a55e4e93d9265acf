package pages

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// mailLoginForm is a button for who comes from a mail, the field for a code for
// who has just asked for one, and a form that asks for one otherwise.
func (s *site) mailLoginForm(ctx context.Context, v *visit) (*core.Response, error) {
	switch token := v.r.Query.Get("token"); {
	case token != "":
		return v.mailedLink(ctx, token)
	case v.r.Query.Has("sent"):
		return v.mailLoginPage(ctx, http.StatusOK, v.texts.say("mail.code_lead"), v.mailedCode())
	}
	return v.mailLoginPage(ctx, http.StatusOK, v.texts.say("mail.lead"), v.mailTo(""))
}

// mailedLink is the button of a mail's link, and says whose login it is: the
// link may be somebody else's, who wants it opened here.
func (v *visit) mailedLink(ctx context.Context, token string) (*core.Response, error) {
	q := question{route: v.of("mail-login", "link"), in: core.Object{"token": quoted(token)}, ours: true}
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		return v.mailLoginAgain(ctx, answer, e, "mail.lead", v.mailTo(""))
	}
	var whose struct{ Email string }
	if err := json.Unmarshal(answer.Body, &whose); err != nil {
		return nil, err
	}
	f := v.form("mail-link", v.at("/login/mail/confirm", "next", v.next), "submit.login")
	f.Hidden = []Hidden{{"token", token}}
	return v.mailLoginPage(ctx, http.StatusOK, v.texts.say("mail.link_lead", "email", whose.Email), f)
}

// mailLoginAgain is the page with what was wrong.
func (v *visit) mailLoginAgain(
	ctx context.Context, answer *core.Response, e *core.Error, lead string, f *Form,
) (*core.Response, error) {
	resp, err := v.mailLoginPage(ctx, e.Status, v.texts.say(lead), v.blame(ctx, f, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// mailTo asks for a mail to an address.
func (v *visit) mailTo(address string) *Form {
	in := v.identifierInput("email", address, "username")
	return v.form("mail", v.at("/login/mail", "next", v.next), "submit.mail", in)
}

// mailedCode takes the code of a mail.
func (v *visit) mailedCode() *Form {
	code := Input{Name: "code", Label: v.texts.say("factor.email.code"), Required: true, InputMode: "numeric",
		Autocomplete: "one-time-code"}
	return v.form("mail-code", v.at("/login/mail/confirm", "next", v.next), "submit.login", code)
}

func (v *visit) mailLoginPage(ctx context.Context, status int, lead string, f *Form) (*core.Response, error) {
	if !v.offers("mail") {
		return nil, core.NotFound()
	}
	f.focus(true)
	view := v.view(ctx, "mail")
	view.Status, view.Form, view.Data = status, f, lead
	view.Links = []Button{{Text: v.texts.say("link.login"), Action: v.at("/login", "next", v.next)}}
	return v.show(ctx, view)
}

// mailLogin asks for the mail. The browser has the secret that belongs to it in
// a cookie.
func (s *site) mailLogin(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "email")
	if err != nil {
		return nil, err
	}
	address := text(in, "email")
	answer, err := v.ask(ctx, question{route: v.of("mail-login", "begin"), in: core.Object{"email": quoted(address)}})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		return v.mailLoginAgain(ctx, answer, e, "mail.lead", v.mailTo(address))
	}
	return carry(redirect(v.at("/login/mail", "sent", "1", "next", v.next)), answer), nil
}

// mailLoginConfirm logs in by the link or the code of the mail.
func (s *site) mailLoginConfirm(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "token", "code")
	if err != nil {
		return nil, err
	}
	proof := "code"
	if text(in, "token") != "" {
		proof = "token"
	}
	q := question{route: v.of("mail-login", "confirm"), in: core.Object{proof: quoted(text(in, proof))}}
	answer, err := v.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return v.admitted(ctx, answer), nil
	case waits(e):
		return carry(redirect(v.at("/login/factor", "next", v.next)), answer), nil
	}
	if proof == "token" { // which was opened in another browser, or is too old
		return v.mailLoginAgain(ctx, answer, e, "mail.lead", v.mailTo(""))
	}
	return v.mailLoginAgain(ctx, answer, e, "mail.code_lead", v.mailedCode())
}

// sendCode asks for the mail that a pending login may go on by.
func (v *visit) sendCode(ctx context.Context) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.of(core.MethodEmail, "begin"), in: core.Object{}})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		if e.Code == core.CodeLoginBadCredentials { // the login waits no more
			return v.tooLate(e)
		}
		return v.refused(ctx, answer)
	}
	return carry(v.tell(redirect(v.at("/login/factor", "next", v.next)), "notice.code_sent"), answer), nil
}
