package pages

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// loginByPasskey is the form of a login by a passkey; nil where the application
// has none.
func (v *visit) loginByPasskey() *Form {
	if !v.offers("passkey") {
		return nil
	}
	return v.passkeyForm("passkey", v.at("/login/passkey", "next", v.next), "submit.login_passkey",
		v.at("/login/passkey/options"))
}

// passkeyLogin logs in by what the browser has returned.
func (s *site) passkeyLogin(ctx context.Context, v *visit) (*core.Response, error) {
	f := v.loginByPasskey()
	if f == nil {
		return nil, core.NotFound()
	}
	in, err := core.ReadForm(v.r, "credential")
	if err != nil {
		return nil, err
	}
	body := core.Object{"credential": typedJSON(in, "credential")}
	answer, err := v.ask(ctx, question{route: v.of(core.MethodPasskey, "first"), in: body})
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
	resp, err := v.loginPage(ctx, e.Status, v.blamePasskey(ctx, f, in, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// blamePasskey says what is wrong above the form of a passkey.
func (v *visit) blamePasskey(ctx context.Context, f *Form, in core.Object, e *core.Error) *Form {
	f.refill(core.Object{"label": quoted(text(in, "label"))})
	v.blame(ctx, f, e)
	if e.Code == core.CodeFactorExists {
		f.Error = f.Passkey.Exists
	}
	f.forget(in, e)
	return f
}

// newPasskey is a form that makes one.
func (v *visit) newPasskey(id, action string) *Form {
	f := v.passkeyForm(id, action, "submit.add_passkey", action+"/options", Input{Name: "label",
		Label: v.texts.say("factors.label"), Help: v.texts.say("passkey.label.help")})
	f.Passkey.Create = true
	return f
}

// made is the JSON of a form that has made one.
func made(in core.Object) core.Object {
	return core.Object{"credential": typedJSON(in, "credential"), "label": quoted(text(in, "label"))}
}

// passkeysForm adds a passkey to the account.
func (s *site) passkeysForm(ctx context.Context, v *visit) (*core.Response, error) {
	return v.passkeysPage(ctx, http.StatusOK, v.newPasskey("passkey", v.at("/account/passkeys")))
}

func (v *visit) passkeysPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	if !v.has(v.of(core.MethodPasskey, "confirm")) {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "passkey")
	view.Status, view.Form = status, f
	view.Links = []Button{{Text: v.texts.say("link.account"), Action: v.at("/account")}}
	return v.show(ctx, view)
}

func (s *site) passkeys(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "credential", "label")
	if err != nil {
		return nil, err
	}
	v.from = v.at("/account/passkeys")
	answer, err := v.ask(ctx, question{route: v.of(core.MethodPasskey, "confirm"), in: made(in)})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return carry(v.tell(redirect(v.at("/account")+"#factors"), "notice.passkey_added"), answer), nil
	case is(e, http.StatusUnauthorized, http.StatusForbidden):
		return v.refused(ctx, answer)
	}
	f := v.blamePasskey(ctx, v.newPasskey("passkey", v.from), in, e)
	resp, err := v.passkeysPage(ctx, e.Status, f)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// passkeysOptions answers the script of that page.
func (s *site) passkeysOptions(ctx context.Context, v *visit) (*core.Response, error) {
	v.from = v.at("/account/passkeys")
	return v.options(ctx, v.of(core.MethodPasskey, "begin"))
}

// enrolPasskeyForm makes the passkey that a pending login requires.
func (v *visit) enrolPasskeyForm() *Form {
	f := v.newPasskey("enrol-passkey", v.at("/login/enrol/passkey"))
	f.Action = v.at("/login/enrol/passkey", "next", v.next)
	f.Title = v.texts.say("factor.passkey")
	return f
}

// enrolPasskey ends a login with the passkey that it has required.
func (s *site) enrolPasskey(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "credential", "label")
	if err != nil {
		return nil, err
	}
	p, err := v.pendingLogin(ctx)
	if err != nil {
		return v.tooLate(err)
	}
	answer, err := v.ask(ctx, question{route: v.of(core.MethodPasskey, "enrol_confirm"), in: made(in)})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return v.admitted(ctx, answer), nil
	case waits(e):
		return carry(redirect(v.at("/login/factor", "next", v.next)), answer), nil
	case e.Code == core.CodeLoginBadCredentials: // the login waits no more
		return v.tooLate(e)
	}
	forms := v.factorForms(p)
	for _, f := range forms {
		if f.ID == "enrol-passkey" {
			v.blamePasskey(ctx, f, in, e)
		}
	}
	resp, err := v.factorPage(ctx, e.Status, forms)
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}
