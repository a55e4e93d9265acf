package pages

import (
	"context"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

func (s *site) registerForm(ctx context.Context, v *visit) (*core.Response, error) {
	if !v.offers("register") {
		return nil, core.NotFound()
	}
	if v.now != nil {
		return redirect(v.after()), nil
	}
	f := v.registration()
	f.focus(true)
	return v.registerPage(ctx, http.StatusOK, f)
}

// registration is the form of a new user, with the application's columns.
func (v *visit) registration() *Form {
	return v.form("register", v.at("/register", "next", v.next), "submit.register", v.newcomerInputs()...)
}

func (v *visit) registerPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	view := v.view(ctx, "register")
	view.Status, view.Form, view.Providers = status, f, v.providers()
	view.Links = []Button{{Text: v.texts.say("link.have_account"), Action: v.at("/login", "next", v.next)}}
	return v.show(ctx, view)
}

// register makes a user, and logs in with what was typed. Where the address
// must be confirmed first, the next page says so.
func (s *site) register(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r)
	if err != nil {
		return nil, err
	}
	body := v.changes(in, "register", none)
	for _, name := range []string{"email", "password"} {
		if value, there := in[name]; there {
			body[name] = value
		}
	}
	answer, err := v.ask(ctx, question{route: "register:register", in: body})
	if err != nil {
		return nil, err
	}
	if e := refusal(answer); e != nil {
		f := v.registration()
		f.refill(in)
		resp, err := v.registerPage(ctx, e.Status, v.blame(ctx, f, e))
		if err != nil {
			return nil, err
		}
		return carry(resp, answer), nil
	}
	return v.firstLogin(ctx, in)
}

// firstLogin logs a new user in.
func (v *visit) firstLogin(ctx context.Context, in core.Object) (*core.Response, error) {
	identifier := text(in, "email")
	if strings.TrimSpace(identifier) == "" {
		identifier = text(in, "username")
	}
	answer, err := v.ask(ctx, question{
		route: v.of("auth", "login"), in: core.Object{"username": quoted(identifier), "password": in["password"]},
	})
	if err != nil {
		return nil, err
	}
	e := refusal(answer)
	switch {
	case e == nil:
		return v.admitted(ctx, answer), nil
	case waits(e):
		return carry(redirect(v.at("/login/factor", "next", v.next)), answer), nil
	case e.Code == core.CodeLoginUserNotVerified && v.offers("verify"):
		return v.tell(redirect(v.at("/verify")), "notice.verify_first"), nil
	}
	return v.tell(redirect(v.at("/login", "next", v.next)), "notice.registered"), nil
}
