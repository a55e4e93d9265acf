package pages

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// loginForm sends who is logged in on, unless they have to log in again.
func (s *site) loginForm(ctx context.Context, v *visit) (*core.Response, error) {
	if v.now != nil && !v.r.Query.Has("again") {
		return redirect(v.after()), nil
	}
	f := v.loginAt("", false)
	f.focus(true)
	return v.loginPage(ctx, http.StatusOK, f)
}

// toLoginForm sends a browser that opens the address of a form to the login.
func (s *site) toLoginForm(_ context.Context, v *visit) (*core.Response, error) {
	return redirect(v.at("/login", "next", v.next)), nil
}

// briefField is the name of the box of a login that ends with the browser. A
// form without it, such as that of another template, makes a lasting one.
const briefField = "brief"

// loginAt is the form of an address and a password.
func (v *visit) loginAt(address string, brief bool) *Form {
	again := ""
	if v.r.Query.Has("again") {
		again = "1"
	}
	autocomplete := "username"
	if v.offers("passkey") {
		autocomplete = "username webauthn"
	}
	f := v.form("login", v.at("/login", "next", v.next, "again", again), "submit.login",
		v.identifierInput("username", address, autocomplete), passwordInput("password", "current-password"))
	if v.now == nil { // else the login is as brief as that before
		f.Inputs = append(f.Inputs, Input{
			Name: briefField, ID: f.ID + "-" + briefField, Type: "checkbox", Value: "on", Checked: brief,
			Label: v.texts.say("login.brief"), Help: v.texts.say("login.brief.help"),
		})
	}
	if v.offers("forgot") {
		// A button that posts the form elsewhere takes the address
		// along (WCAG 2.2, 3.3.7).
		f.Also = []Button{{Text: v.texts.say("link.forgot"), Action: v.at("/forgot"), Name: "from", Value: "login"}}
	}
	return f
}

// loginPage shows the form of an address and a password, or that of a passkey,
// after an attempt.
func (v *visit) loginPage(ctx context.Context, status int, f *Form) (*core.Response, error) {
	view := v.view(ctx, "login")
	view.Status, view.Providers = status, v.providers()
	if view.Passkey = v.loginByPasskey(); f.Passkey != nil {
		view.Passkey, f = f, v.loginAt("", false)
	}
	if v.offers("login") {
		view.Form = f
	}
	if view.Passkey != nil {
		view.Passkey.Quiet, view.Passkey.Passkey.Autofill = view.Form != nil, view.Form != nil
	}
	if v.now != nil {
		view.Title, view.Links = v.texts.say("title.again"), v.ways()
	} else if v.offers("register") {
		view.Links = []Button{{Text: v.texts.say("link.register"), Action: v.at("/register", "next", v.next)}}
	}
	if v.offers("mail") {
		mail := Button{Text: v.texts.say("link.mail"), Action: v.at("/login/mail", "next", v.next)}
		view.Links = append([]Button{mail}, view.Links...)
	}
	return v.show(ctx, view)
}

// login logs in by the route that clients use.
func (s *site) login(ctx context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, append([]string{"username", "password", briefField}, captchaFields...)...)
	if err != nil {
		return nil, err
	}
	brief := text(in, briefField) != ""
	answer, err := v.logIn(ctx, in, brief || v.now != nil && v.now.Session.Brief)
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
	f := v.loginAt(text(in, "username"), brief)
	f.Captcha = e.Code == core.CodeCaptchaRequired || captcha(in) != ""
	v.captcha = f.Captcha
	if e.Code == core.CodeLoginUserNotVerified && v.offers("verify") {
		f.Also = append(f.Also, Button{Text: v.texts.say("link.verify"), Action: v.at("/verify"),
			Name: "from", Value: "login"})
	}
	resp, err := v.loginPage(ctx, e.Status, v.blame(ctx, f, e))
	if err != nil {
		return nil, err
	}
	return carry(resp, answer), nil
}

// captchaFields are those in which the answer to a riddle comes: captcha, and
// what the scripts of Turnstile, hCaptcha and reCAPTCHA add to a form.
var captchaFields = []string{"captcha", "cf-turnstile-response", "h-captcha-response", "g-recaptcha-response"}

// captcha returns the answer to a riddle, "" without one.
func captcha(in core.Object) string {
	for _, name := range captchaFields {
		if answer := text(in, name); answer != "" {
			return answer
		}
	}
	return ""
}

// logIn asks the API to log in with a form's username and password.
func (v *visit) logIn(ctx context.Context, in core.Object, brief bool) (*core.Response, error) {
	credentials := core.Object{}
	if brief {
		credentials["remember"] = json.RawMessage("false")
	}
	for _, name := range []string{"username", "password"} {
		if raw, there := in[name]; there {
			credentials[name] = raw
		}
	}
	if answer := captcha(in); answer != "" {
		credentials["captcha"] = quoted(answer)
	}
	return v.ask(ctx, question{route: v.of("auth", "login"), in: credentials})
}

// waits reports whether a login lacks a second factor alone.
func waits(e *core.Error) bool {
	return e.Code == core.CodeLoginFactorRequired || e.Code == core.CodeLoginEnrolment
}

// logoutForm asks, since a GET changes nothing.
func (s *site) logoutForm(ctx context.Context, v *visit) (*core.Response, error) {
	if v.now == nil {
		return redirect(v.at("/login")), nil
	}
	if !v.offers("logout") {
		return nil, core.NotFound()
	}
	view := v.view(ctx, "logout")
	view.Form = v.form("logout", v.at("/logout"), "submit.logout")
	view.Links = v.ways()
	return v.show(ctx, view)
}

func (s *site) logout(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{route: v.of("auth", "logout")})
	if err != nil {
		return nil, err
	}
	// One whose login has ended is logged out.
	if e := refusal(answer); e != nil && e.Status != http.StatusUnauthorized {
		return v.refused(ctx, answer)
	}
	return carry(v.tell(redirect(v.at("/login")), "notice.logged_out"), answer), nil
}

// setLanguage keeps the language that somebody has chosen.
func (s *site) setLanguage(_ context.Context, v *visit) (*core.Response, error) {
	in, err := core.ReadForm(v.r, "language", "back")
	if err != nil {
		return nil, err
	}
	chosen, ok := s.languages.named(text(in, "language"))
	if !ok {
		return nil, core.Invalid(core.BadValue("language", "it is not offered"))
	}
	back := text(in, "back")
	if !core.LocalPath(back) {
		back = v.at("/login")
	}
	resp := redirect(back)
	v.keep(resp, "language", chosen.tag.String(), languageAge)
	return resp, nil
}

// quoted is the JSON of a text.
func quoted(s string) json.RawMessage {
	raw, _ := json.Marshal(s) // a text can be encoded
	return raw
}
