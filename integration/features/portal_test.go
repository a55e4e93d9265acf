package features_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// portal is an HTML front end of a backend: a login form and an account page,
// whose forms are posted to the routes that clients call.
type portal struct {
	svc *core.Services
	at  string // where the pages are mounted
}

func (portal) Name() string     { return "portal" }
func (portal) PerBackend() bool { return true }

func (p portal) Routes(svc *core.Services) ([]core.Route, error) {
	if !svc.Backend.BrowserSent { // a page cannot carry another token
		return nil, nil
	}
	p.svc = svc
	page := func(name, method, pattern string, public bool,
		fail func(context.Context, *core.Request, *core.Response) *core.Response,
		handle func(context.Context, *core.Request) (*core.Response, error),
	) core.Route {
		return core.Route{Name: "portal:" + svc.Backend.Name + "." + name, Method: method, Pattern: pattern, Public: public,
			Optional: public, Doc: core.Doc{Status: http.StatusOK, Hidden: true}, Handle: handle, Fail: fail}
	}
	return []core.Route{
		page("form", "GET", "/login", true, p.fail, p.form),
		page("login", "POST", "/login", true, p.fail, p.login),
		page("account", "GET", "/account", false, p.toLogin, p.account),
		page("save", "POST", "/account", false, p.fail, p.save),
	}, nil
}

// view is what a page shows. It has no password.
type view struct {
	At, Notice, Error, Username string
	Providers                   []core.Brand
	User                        core.AnyUser
	Columns                     []core.Column
}

var pages = template.Must(template.New("").Parse(`{{define "login"}}<!doctype html><title>Log in</title>
{{with .Error}}<p role="alert">{{.}}</p>{{end}}<form method="post" action="{{.At}}/login">
<input name="username" value="{{.Username}}"><input name="password" type="password"><button>Log in</button></form>
{{range .Providers}}<p style="color: {{.Color}}">{{.Title}}</p>{{end}}{{end}}
{{define "account"}}<!doctype html><title>Account</title>{{with .Notice}}<p role="status">{{.}}</p>{{end}}
<h1>{{.User.Base.Email}}</h1><form method="post" action="{{.At}}/account">
{{range .Columns}}<input name="{{.Name}}" value="{{.Of $.User}}">{{end}}<button>Save</button></form>{{end}}
{{define "error"}}<!doctype html><title>Error</title><p role="alert">{{.Error}}</p>{{end}}`))

func (p portal) render(status int, page string, v view) (*core.Response, error) {
	v.At = p.at
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, page, v); err != nil {
		return nil, err
	}
	resp := core.HTML(status, b.Bytes())
	resp.Header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	resp.Header.Set("Referrer-Policy", "strict-origin")
	return resp, nil
}

func (p portal) redirect(path string) *core.Response {
	resp := core.Empty(http.StatusSeeOther)
	resp.Header.Set("Location", p.at+path)
	return resp
}

// words are what a person reads of a refusal.
func (p portal) words(ctx context.Context, e *core.Error) string {
	if e.Code == "" {
		return http.StatusText(e.Status)
	}
	english := "That did not work (" + e.Code + ")."
	return p.svc.Pages.Localize(ctx, e.Code, english, e.Args)
}

// fail is a page with the status of the API.
func (p portal) fail(ctx context.Context, _ *core.Request, resp *core.Response) *core.Response {
	page, err := p.render(resp.Status, "error", view{Error: p.words(ctx, resp.Err)})
	if err != nil {
		return nil
	}
	return page
}

// toLogin sends those who are not logged in to the form.
func (p portal) toLogin(ctx context.Context, r *core.Request, resp *core.Response) *core.Response {
	if resp.Status == http.StatusUnauthorized {
		return p.redirect("/login")
	}
	return p.fail(ctx, r, resp)
}

func (p portal) form(ctx context.Context, _ *core.Request) (*core.Response, error) {
	if core.CurrentFrom(ctx) != nil {
		return p.redirect("/account"), nil
	}
	return p.loginPage(http.StatusOK, view{})
}

func (p portal) loginPage(status int, v view) (*core.Response, error) {
	for _, provider := range p.svc.Pages.Providers() {
		brand := core.Brand{Title: provider.Name(), Color: "#444"}
		if b, ok := core.As[core.Branded](provider); ok {
			brand = b.Brand()
		}
		v.Providers = append(v.Providers, brand)
	}
	return p.render(status, "login", v)
}

// login posts the form to the route of the API as it is.
func (p portal) login(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := core.ReadForm(r, "username", "password")
	if err != nil {
		return nil, err
	}
	answer, err := p.ask(ctx, r, "auth:"+p.svc.Backend.Name+".login", in)
	if err != nil {
		return nil, err
	}
	if answer.Err != nil {
		username, _, _ := in.String("username")
		return p.loginPage(answer.Status, view{Error: p.words(ctx, answer.Err), Username: username})
	}
	return carry(p.redirect("/account"), answer), nil
}

func (p portal) account(ctx context.Context, r *core.Request) (*core.Response, error) {
	v := view{User: core.CurrentFrom(ctx).User, Columns: p.svc.Codec.Columns("update")}
	if key, err := core.CookieValue(r, p.noticeName()); err == nil && key == "saved" {
		v.Notice = p.svc.Pages.Localize(ctx, "SAVED", "Saved.", nil)
	}
	return p.render(http.StatusOK, "account", v)
}

// save changes the application's columns; an application with others than texts
// converts them by Column.Type.
func (p portal) save(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := core.ReadForm(r)
	if err != nil {
		return nil, err
	}
	answer, err := p.ask(ctx, r, "users:patch_current_user", in)
	if err != nil {
		return nil, err
	}
	if answer.Err != nil {
		return nil, answer.Err
	}
	resp := carry(p.redirect("/account"), answer)
	notice := http.Cookie{Name: p.noticeName(), Value: "saved", Path: "/", MaxAge: 60, HttpOnly: true,
		Secure: !p.svc.Backend.InsecureHTTP, SameSite: http.SameSiteLaxMode}
	resp.Header.Add("Set-Cookie", notice.String())
	return resp, nil
}

func (p portal) noticeName() string {
	if p.svc.Backend.InsecureHTTP {
		return "notice"
	}
	return "__Host-notice"
}

// ask calls a route of the API for the browser that sent r.
func (p portal) ask(ctx context.Context, r *core.Request, name string, in core.Object) (*core.Response, error) {
	e, ok := p.svc.Pages.Route(name)
	if !ok {
		return nil, core.NotFound()
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	asked := *r
	asked.Head, asked.Body = asking{r.Head, e.Method}, bytes.NewReader(body)
	return e.Serve(ctx, &asked), nil
}

// asking is the head of a browser's request to a page, as one to the API.
type asking struct {
	core.Head
	method string
}

func (a asking) Method() string { return a.method }

func (a asking) Lines(name string) []string {
	if name == "Content-Type" {
		return []string{"application/json"}
	}
	return a.Head.Lines(name)
}

// carry takes the cookies of the API's answer along.
func carry(page, answer *core.Response) *core.Response {
	page.Header["Set-Cookie"] = append(page.Header["Set-Cookie"], answer.Header["Set-Cookie"]...)
	return page
}

// documented lists the routes of an API document with the status and the
// credentials of each.
func documented(groups ...core.Group) string {
	var b strings.Builder
	for _, g := range groups {
		for _, e := range g {
			if e.Doc.Hidden {
				continue
			}
			b.WriteString(e.Method + " " + e.Prefix + e.Pattern + " " + http.StatusText(e.Doc.Status))
			for _, a := range e.Access {
				b.WriteString(" " + a.Backend)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
