package pagewalk

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// CrossSite posts to every page from another site, in a browser that is logged
// in and in one that is not. Each is refused, and the same one from the site
// itself is not.
func (a *App) CrossSite(t *testing.T, serve Serve) {
	u := a.Add(t, "ada@example.org", func(u *Account) { u.IsSuperuser = true })
	b := NewBrowser(t, serve, a.Prefix)
	b.Post("/login", "username", "ada@example.org", "password", Password).WantRedirect("/account")
	posts := 0
	for _, e := range a.Pages("web") {
		if e.Method != http.MethodPost || strings.HasSuffix(e.Pattern, "/callback") {
			continue
		}
		posts++
		path := strings.NewReplacer("{id}", u.ID, "{provider}", "acme").Replace(e.Pattern)
		for _, from := range []struct {
			who  *Browser
			site string
		}{{b, "cross-site"}, {b, "same-site"}, {NewBrowser(t, serve, a.Prefix), "cross-site"}} {
			from.who.Site = from.site
			from.who.Post(path, "email", "eve@example.org", "username", "ada@example.org", "password", Password,
				"language", "de", "fields", "full_name", "full_name", "Eve", "is_superuser", "", "current_password", Password).
				refused(e.Pattern)
		}
		b.Site = "" // a browser that does not say it: its Origin does
		b.Do("POST", path, "application/x-www-form-urlencoded", "full_name=Eve&fields=full_name", "Origin",
			"https://evil.example").refused(e.Pattern)
		b.Do("POST", path, "application/x-www-form-urlencoded", "full_name=Eve&fields=full_name", "Origin", "null").
			refused(e.Pattern)
	}
	if posts < 16 {
		t.Errorf("only %d pages are posted to", posts)
	}
	if now := a.Of(t, "ada@example.org"); now.FullName != "Ada" || now.ID != u.ID || !now.IsSuperuser {
		t.Errorf("the user is %+v", now.FullName)
	}
	if _, err := a.Users.Find(t.Context(), core.ByEmail("eve@example.org")); err == nil {
		t.Error("another site has registered somebody")
	}
	b.Site = "same-origin"
	b.Get("/account").Want(200)
	b.Post("/account/profile", "fields", "full_name", "full_name", "Eve").WantRedirect("/account")
}

// refused checks that a post of another site is refused, by a page or, where a
// script asks, by JSON.
func (p Page) refused(pattern string) {
	p.b.t.Helper()
	const says = "sent from another site"
	if strings.HasSuffix(pattern, "/options") {
		p.WantJSON(403, says)
		return
	}
	p.Want(403, says)
}

// Failures logs in with wrong passwords, by the pages and by the API: together
// they reach the limit of an account, for both.
func (a *App) Failures(t *testing.T, serve Serve) {
	a.Add(t, "ada@example.org", nil)
	b := NewBrowser(t, serve, a.Prefix)
	page := func(address, password string) Page {
		return b.Post("/login", "username", address, "password", password)
	}
	api := func(password string) Page {
		return b.Post("/api/web/login", "username", "ada@example.org", "password", password)
	}
	for range 3 {
		page("ada@example.org", "wrong").Want(400)
	}
	for range 2 {
		if got := api("wrong"); got.Status != 400 {
			t.Errorf("by the API: %d", got.Status)
		}
	}
	got := page("ada@example.org", Password).Want(429, "There were too many attempts. Please wait ", " minutes.", "Error:",
		`value="ada@example.org"`)
	if got.Header.Get("Retry-After") == "" {
		t.Error("the page does not say when to come again")
	}
	if got := api(Password); got.Status != 429 {
		t.Errorf("by the API: %d", got.Status)
	}
	page("bea@example.org", "wrong").Want(400)
}
