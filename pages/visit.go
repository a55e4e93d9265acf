package pages

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// visit is one request to a page.
type visit struct {
	*site
	r *core.Request
	// local is where the pages are mounted, as the application sees it, and
	// base as browsers do, percent-encoded.
	local, base string
	texts       *texts
	// chosen reports that the person chooses the language here, and not by
	// the application.
	chosen bool
	// next is the page to go to after a login; "" for none.
	next string
	now  *core.Current // nil for nobody
	// from is the page that a post comes from, where it is not the account.
	from string
	// connects reports that the page's script sends requests of its own.
	connects bool
	// captcha reports that the page shows a riddle.
	captcha bool
	// trusts reports that the posted form trusts the browser.
	trusts bool
}

// visit looks at a request. The context has the language of the page, for the
// mails of the routes that it asks, unless the application has set one.
func (s *site) visit(ctx context.Context, r *core.Request, pattern string) (context.Context, *visit) {
	v := &visit{site: s, r: r, now: core.CurrentFrom(ctx), local: mount(r.Path, pattern)}
	prefix, base := r.Prefix, ""
	if u := s.svc.Env.BaseURL; u != nil {
		base = strings.TrimSuffix(u.Path, "/")
	}
	if prefix == base { // the base URL has what was cut off
		prefix = ""
	}
	v.base = (&url.URL{Path: base + prefix + v.local}).EscapedPath()
	if v.base != "" && !core.LocalPath(v.base) { // what a router cut off may be another host to a browser
		v.base = ""
	}
	if next := r.Query.Get("next"); core.LocalPath(next) {
		v.next = next
	}
	application := core.Language(ctx)
	v.chosen = application == ""
	wish, _ := core.CookieValue(r, s.cookieName("language"))
	v.texts = s.languages.of(application, wish, strings.Join(r.Lines("Accept-Language"), ","))
	if v.chosen {
		ctx = core.WithLanguage(ctx, v.texts.tag.String())
	}
	return ctx, v
}

// mount returns the part of a path before a pattern that it matches.
func mount(path, pattern string) string {
	for range strings.Count(pattern, "/") {
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return ""
		}
		path = path[:i]
	}
	return path
}

// user is who is logged in, nil for nobody.
func (v *visit) user() core.AnyUser {
	if v.now == nil {
		return nil
	}
	return v.now.User
}

// here is the page as browsers see it, with its query.
func (v *visit) here() string {
	path := (&url.URL{Path: strings.TrimPrefix(v.r.Path, v.local)}).EscapedPath()
	if query := v.r.Query.Encode(); query != "" {
		path += "?" + query
	}
	return v.base + path
}

// at is a page of the site, with a query of pairs; empty values are left out.
func (v *visit) at(page string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) > 0 {
		page += "?" + q.Encode()
	}
	return v.base + page
}

// redirect is a 303.
func redirect(target string) *core.Response {
	resp := core.Empty(http.StatusSeeOther)
	resp.Header.Set("Location", target)
	resp.Header.Set("Referrer-Policy", referrers)
	return resp
}

// after is where a login goes.
func (v *visit) after() string {
	switch {
	case v.next != "":
		return v.next
	case v.opts.After != "":
		return v.opts.After
	}
	return v.at("/account")
}

// say is texts.say, but the application's Options.Localize wins.
func (v *visit) say(ctx context.Context, key string, args map[string]any) (string, bool) {
	text, known := v.texts.find(key)
	if own := v.svc.Pages.Localize(ctx, key, "", args); own != "" {
		return own, true
	}
	return fill(text, values(args)...), known
}
