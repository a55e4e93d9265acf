package pagewalk

import (
	"regexp"
	"strings"
	"testing"
)

var (
	keyShown  = regexp.MustCompile(`acme_[0-9A-Za-z]{49}`)
	keyForm   = regexp.MustCompile(`id="(key-[^"]+)"`)
	keyRotate = regexp.MustCompile(`id="(rotate-[^"]+)"`)
)

// keys makes, replaces and ends API keys.
func (a *App) keys(t *testing.T, b *Browser) {
	const max = "max@example.org"
	a.Add(t, max, nil)
	b.Get("/account/api-keys").Follow().Want(200, "Log in")
	b.Get("/login").Submit("login", "username", max, "password", Password).WantRedirect("/account")
	b.Get("/account").Want(200, "API keys", "You have none.", "Make an API key")
	form := b.Get("/account/api-keys").Want(200, "A new API key", "orders:read", "orders:write", "30 days", "90 days",
		"!365")
	form.Submit("key", "name", "ci", "expires_in", "30").Want(422, "Please tick at least one", `value="ci"`)
	form.Submit("key", "name", " ", "scope:orders:read", "on").Want(422, "Please choose a name", "checked")
	form.Submit("key", "name", "ci", "scope:orders:read", "on", "expires_in", "365").
		Want(422, "Please choose one of these times")
	b.Post("/account/api-keys", "name", "ci", "scope:admin", "on", "expires_in", "30").
		Want(422, "Please tick at least one")
	page := form.Submit("key", "name", "the <blue> ci", "scope:orders:write", "on", "expires_in", "7").
		Want(200, "It is not shown again", "!Tick what it may do")
	key := keyShown.FindString(page.Body)
	if key == "" {
		t.Fatalf("no key is shown: %s", page.Body)
	}
	page = b.Get("/account").Want(200, "the &lt;blue&gt; ci", "…"+key[len(key)-4:], "orders:write", "!orders:read",
		"never used", "until ", "!"+key[:20])

	rotate := keyRotate.FindStringSubmatch(page.Body)
	b.Get("/account/api-keys/" + strings.TrimPrefix(rotate[1], "rotate-") + "/rotate").WantRedirect("/account#keys")
	next := keyShown.FindString(page.Submit(rotate[1]).Want(200, "It is not shown again").Body)
	if next == "" || next == key {
		t.Errorf("the successor is %q", next)
	}
	page.Submit(rotate[1]).Want(409, "This API key has been replaced already.")
	for range 2 {
		page = b.Get("/account")
		page.Submit(keyForm.FindStringSubmatch(page.Body)[1]).WantRedirect("/account")
	}
	b.Get("/account").Want(200, "The API key has ended.", "You have none.")
	page.Submit(keyForm.FindStringSubmatch(page.Body)[1]).Want(404)
}
