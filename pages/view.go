package pages

import (
	"context"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// View is what a page shows: the data of templates and of Options.Render. It
// may grow; what it has now stays.
type View struct {
	// Page is its name, and that of its template: account, admin_audit,
	// admin_delete, admin_user, admin_users, begin, codes, device, email,
	// error, factor, forgot, key, leave, login, logout, mail, passkey,
	// prove, register, rename, reset, totp, verify.
	Page string
	// Title is the heading.
	Title  string
	Status int
	// App and Logo are those of Options.
	App, Logo string
	// Lang is the language's BCP 47 tag, Dir its direction: ltr or rtl.
	Lang, Dir string
	// Languages are those to choose from; none where there is no choice.
	Languages []Language
	// Base is where the pages are mounted, as browsers see it, and Here the
	// page itself. Next is where a login goes, "" where it did not begin at
	// another page.
	Base, Here, Next string
	// Styles and Script are the URLs of style sheets and of the script.
	Styles []string
	Script string
	// Acting says that an administrator acts as User; nil where nobody is.
	Acting *Acting
	Notice *Notice      // nil for none
	User   core.AnyUser // the application's own type; nil for nobody
	// Form is the page's form, nil for one with several or none.
	Form *Form
	// Passkey is the form of a login by a passkey; nil for none.
	Passkey *Form
	// Providers are those that the page offers a login at.
	Providers []Provider
	// Links lead to other pages from below this one.
	Links []Button
	// Data is the page's own: *Account of account, *AuditLog of
	// admin_audit, *UserList of admin_users, *UserDetail of admin_user,
	// *AskingDevice of device or nil before there is a code, []*Form of
	// factor and prove, *Enrolment of totp, []string of codes that were
	// just made, the API key that was just made or "" of key, the sentence
	// of email, leave and mail, and nil of the others.
	Data any

	texts *texts
	has   func(page string) bool
}

// Acting is an administrator who acts as the user of a page.
type Acting struct {
	// Text says so, and End is the button by which they come back.
	Text string
	End  *Form
}

// Language is one to choose.
type Language struct {
	Tag, Name string
	Current   bool
}

// Provider is a service to log in with.
type Provider struct {
	Name, Title string
	// URL is where its login begins.
	URL string
	// Mark is the URL of its mark; where there is none, Initial on Color,
	// in Ink, which can be read on it.
	Mark, Initial, Color, Ink string
}

// T returns the text of a key in the page's language, with values in place of
// their names, which come in pairs: {{.T "login.with" "provider" .Title}}.
func (v View) T(key string, pairs ...any) string { return v.texts.say(key, pairs...) }

// Has reports whether the application has what a page needs: account, activity,
// admin, audit, device, export, factors, forgot, keys, leave, login, logout,
// mail, passkey, providers, register, sessions or verify.
func (v View) Has(page string) bool { return v.has(page) }

// Is reports whether the page is one of the names.
func (v View) Is(names ...string) bool {
	for _, name := range names {
		if v.Page == name {
			return true
		}
	}
	return false
}

// Wrong reports that something went wrong, which the title says first.
func (v View) Wrong() bool { return v.Status >= http.StatusBadRequest }

// view begins a page, whose title is the text of title.<page>.
func (v *visit) view(ctx context.Context, page string) View {
	view := View{
		Page: page, Title: v.texts.say("title." + page), Status: http.StatusOK, App: v.opts.App, Logo: v.opts.Logo,
		Lang: v.texts.tag.String(), Dir: v.texts.direction(), Base: v.base, Here: v.base + "/login", Next: v.next,
		Styles: append([]string{v.base + v.assets.url("style.css")}, v.opts.Stylesheets...),
		Script: v.base + v.assets.url("script.js"), User: v.user(), Notice: v.told(ctx), texts: v.texts, has: v.offers,
	}
	if core.IsSafeMethod(v.r.Method()) && core.LocalPath(v.here()) {
		view.Here = v.here()
	}
	view.Acting = v.acting()
	if v.chosen && len(v.languages.all) > 1 {
		for _, t := range v.languages.all {
			name, _ := t.find("language")
			view.Languages = append(view.Languages, Language{t.tag.String(), name, t == v.texts})
		}
	}
	return view
}

// offers is View.Has.
func (v *visit) offers(page string) bool {
	switch page {
	case "account":
		return v.has("users:patch_current_user")
	case "activity":
		return v.has("audit:own")
	case "audit":
		return v.offers("admin") && v.has("audit:list")
	case "device":
		return v.has(v.of("device", "claim"))
	case "export":
		return v.has("users:export_current_user")
	case "factors":
		return v.has("factors:list")
	case "admin":
		return v.opts.Admin && v.now != nil && v.now.User.Base().IsSuperuser && v.has("users:list_users")
	case "forgot":
		return v.has("reset:forgot_password")
	case "keys":
		return v.has("api-keys:list")
	case "leave":
		return v.has("users:delete_current_user")
	case "login":
		return v.has(v.of("auth", "login"))
	case "logout":
		return v.has(v.of("auth", "logout"))
	case "mail":
		return v.has(v.of("mail-login", "begin"))
	case "passkey":
		return v.has(v.of(core.MethodPasskey, "first"))
	case "providers":
		return v.has("accounts:list")
	case "register":
		return v.has("register:register")
	case "sessions":
		return v.has("sessions:list")
	case "verify":
		return v.has("verify:request-token")
	}
	return false
}

// show renders a view.
func (v *visit) show(ctx context.Context, view View) (*core.Response, error) {
	body, err := v.body(ctx, view)
	if err != nil {
		return nil, fmt.Errorf("the page %s: %w", view.Page, err)
	}
	resp := core.HTML(view.Status, body)
	v.protect(resp)
	resp.Header.Set("Content-Language", view.Lang)
	if view.Notice != nil {
		v.keep(resp, "notice", "", -1)
	}
	return resp, nil
}

func (v *visit) body(ctx context.Context, view View) ([]byte, error) {
	if v.opts.Render != nil {
		return v.opts.Render(ctx, view)
	}
	return v.looks.render(view)
}

// referrers keeps path and query of a page, which may have a token, from other
// sites. With no-referrer, browsers would send "Origin: null" with forms.
const referrers = "strict-origin"

func (v *visit) protect(resp *core.Response) {
	policy := v.policy
	if v.connects {
		policy += "; connect-src 'self'"
	}
	if v.captcha {
		policy = withCaptcha(policy, v.opts.Captcha)
	}
	resp.Header.Set("Content-Security-Policy", policy)
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	resp.Header.Set("Referrer-Policy", referrers)
}
