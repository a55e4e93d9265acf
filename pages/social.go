package pages

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// providers are those whose login the application has, in the order of its
// flows.
func (v *visit) providers() []Provider {
	var all []Provider
	for _, p := range v.svc.Pages.Providers() {
		if v.has("oauth:" + p.Name() + "." + v.svc.Backend.Name + ".authorize") {
			shown := v.provider(p)
			shown.URL = v.at("/login/"+p.Name(), "next", v.next)
			all = append(all, shown)
		}
	}
	return all
}

// provider is how a provider is shown.
func (v *visit) provider(p core.Provider) Provider {
	brand := core.Brand{}
	if b, ok := core.As[core.Branded](p); ok {
		brand = b.Brand()
	}
	shown := Provider{Name: p.Name(), Title: cmp.Or(brand.Title, humane(p.Name())), Color: "#57606a"}
	if _, _, _, ok := rgb(brand.Color); ok {
		shown.Color = brand.Color
	}
	shown.Ink = inkOn(shown.Color)
	for _, first := range shown.Title {
		shown.Initial = strings.ToUpper(string(first))
		break
	}
	if name := "mark-" + cmp.Or(brand.Icon, p.Name()) + ".svg"; v.assets[name].body != nil {
		shown.Mark = v.base + v.assets.url(name)
	}
	return shown
}

// named returns the provider of a name.
func (v *visit) named(name string) (core.Provider, bool) {
	for _, p := range v.svc.Pages.Providers() {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}

// inkOn returns black or white, whichever can be read better on a color (WCAG
// 2.2, relative luminance).
func inkOn(color string) string {
	r, g, b, _ := rgb(color)
	if 299*r+587*g+114*b > 150_000 {
		return "#000000"
	}
	return "#ffffff"
}

// rgb reads "#24292f". It is false for anything else, which no page repeats.
func rgb(color string) (r, g, b int, ok bool) {
	hex, is := strings.CutPrefix(color, "#")
	n, err := strconv.ParseUint(hex, 16, 24)
	if !is || err != nil || len(hex) != 6 {
		return 0, 0, 0, false
	}
	return int(n >> 16 & 255), int(n >> 8 & 255), int(n & 255), true
}

// begin sends the browser to a provider, if it comes from a page of the
// application. It is a link and no form, since Chromium holds the redirect
// after a form against form-action.
func (s *site) begin(ctx context.Context, v *visit) (*core.Response, error) {
	name := v.r.Param("provider")
	return v.leaveFor(ctx, name, leaving{
		route: "oauth:" + name + "." + s.svc.Backend.Name + ".authorize", path: "/login/" + name + "/authorize",
		back: v.at("/login/done", "next", v.next), title: "title.begin", submit: "login.with",
	})
}

// link is begin for an account that is to be linked to the user.
func (s *site) link(ctx context.Context, v *visit) (*core.Response, error) {
	name := v.r.Param("provider")
	return v.leaveFor(ctx, name, leaving{
		route: "oauth-associate:" + name + ".authorize", path: "/login/" + name + "/link/authorize", back: v.at("/account"),
		title: "title.link", submit: "account.link",
	})
}

// leaving is a way to a provider.
type leaving struct{ route, path, back, title, submit string }

func (v *visit) leaveFor(ctx context.Context, name string, l leaving) (*core.Response, error) {
	p, ok := v.named(name)
	if !ok || !v.has(l.route) {
		return nil, core.NotFound()
	}
	if !v.fromHere() {
		return v.beginPage(ctx, v.provider(p), l)
	}
	if !core.LocalPath(l.back) { // it is too long
		l.back, _, _ = strings.Cut(l.back, "?")
	}
	answer, err := v.ask(ctx, question{route: l.route, path: l.path, query: url.Values{"redirect_to": {l.back}}})
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusSeeOther {
		return v.refused(ctx, answer)
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err == nil && to.Query().Get("error") == core.CodeProofRequired {
		return v.toProve(&core.Error{}, v.here()), nil
	}
	return v.ended(answer, l.back), nil
}

// fromHere reports whether a page of the application, or the person, sent the
// browser here: another site must not begin a login, which may end at an
// account of its own choice (RFC 9700, section 4.7). Without Sec-Fetch-Site, as
// over http, the Referer says it, or the page that asked.
func (v *visit) fromHere() bool {
	switch core.Line(v.r, "Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
	default:
		return v.confirmed()
	}
	u, err := url.Parse(core.Line(v.r, "Referer"))
	own := err == nil && u.Host != "" &&
		(u.Host == v.r.Host() || v.svc.Env.BaseURL != nil && u.Host == v.svc.Env.BaseURL.Host)
	return own || v.confirmed()
}

// confirmed reports whether the page that asks has been answered: its link has
// the secret of its cookie, which no other site can read.
func (v *visit) confirmed() bool {
	secret, err := core.CookieValue(v.r, v.cookieName("begin"))
	return err == nil && subtle.ConstantTimeCompare([]byte(secret), []byte(v.r.Query.Get("begin"))) == 1
}

// beginPage asks whether to go to the provider.
func (v *visit) beginPage(ctx context.Context, p Provider, l leaving) (*core.Response, error) {
	secret, _, err := core.NewSecret(v.svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	view := v.view(ctx, "begin")
	view.Title = v.texts.say(l.title, "provider", p.Title)
	page := strings.TrimSuffix(l.path, "/authorize")
	p.URL = v.at(page, "next", v.next, "begin", secret)
	view.Providers = []Provider{p}
	view.Form = v.form("begin", "", l.submit)
	view.Form.Submit = v.texts.say(l.submit, "provider", p.Title)
	view.Links = v.ways()
	resp, err := v.show(ctx, view)
	if err != nil {
		return nil, err
	}
	v.keep(resp, "begin", secret, 10*noticeAge)
	return resp, nil
}

// callback is where a provider sends the browser back to.
func (s *site) callback(ctx context.Context, v *visit) (*core.Response, error) {
	name := v.r.Param("provider")
	answer, err := v.ask(ctx, question{
		route: "oauth:" + name + "." + s.svc.Backend.Name + ".callback", path: v.below(), query: v.r.Query,
	})
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusSeeOther {
		return v.refused(ctx, answer)
	}
	if to, err := url.Parse(answer.Header.Get("Location")); err == nil && !to.Query().Has("error") {
		v.leave(ctx)
	}
	return v.ended(answer, v.at("/login/done")), nil
}

func (s *site) callbackPost(ctx context.Context, v *visit) (*core.Response, error) {
	name := v.r.Param("provider")
	return v.pass(ctx, "oauth:"+name+"."+s.svc.Backend.Name+".callback_post")
}

func (s *site) linkCallback(ctx context.Context, v *visit) (*core.Response, error) {
	answer, err := v.ask(ctx, question{
		route: "oauth-associate:" + v.r.Param("provider") + ".callback", path: v.below(), query: v.r.Query,
	})
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusSeeOther {
		return v.refused(ctx, answer)
	}
	to, err := url.Parse(answer.Header.Get("Location"))
	if err == nil && !to.Query().Has("error") {
		v.tell(answer, "notice.linked")
	}
	return v.ended(answer, v.at("/account")), nil
}

func (s *site) linkCallbackPost(ctx context.Context, v *visit) (*core.Response, error) {
	return v.pass(ctx, "oauth-associate:"+v.r.Param("provider")+".callback_post")
}

// below is the request's path below where the pages are.
func (v *visit) below() string { return strings.TrimPrefix(v.r.Path, v.local) }

// ended is the answer to a step of a flow at a provider. One that comes back to
// a page goes on from there: with an error to the login or the account, where
// the error is a notice.
func (v *visit) ended(answer *core.Response, back string) *core.Response {
	page, _, _ := strings.Cut(back, "?")
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Host != "" || to.EscapedPath() != page { // to the provider
		resp := carry(redirect(answer.Header.Get("Location")), answer)
		resp.Header.Set("Referrer-Policy", "no-referrer")
		return resp
	}
	code, next := to.Query().Get("error"), to.Query().Get("next")
	if v.next = ""; core.LocalPath(next) {
		v.next = next
	}
	login := page == v.at("/login/done")
	switch {
	case login && code == "":
		return carry(redirect(v.after()), answer)
	case login && waits(&core.Error{Code: code}):
		return carry(redirect(v.at("/login/factor", "next", v.next)), answer)
	case login:
		page = v.at("/login", "next", v.next)
	}
	resp := carry(redirect(page), answer)
	if isCode(code) && len(code) <= 100 {
		v.tell(resp, code)
	}
	return resp
}

// done is where a login at a provider ends whose callback is not one of the
// pages' own.
func (s *site) done(_ context.Context, v *visit) (*core.Response, error) {
	if v.now == nil && !v.r.Query.Has("error") {
		return redirect(v.at("/login", "next", v.next)), nil
	}
	return v.ended(redirect(v.here()), v.at("/login/done")), nil
}
