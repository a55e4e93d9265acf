package pagewalk

import (
	"regexp"
	"testing"
	"time"
)

var trustedID = regexp.MustCompile(`(?s)Firefox on Linux.*?id="(factor-[^"]+)"`)

func (a *App) trusts(t *testing.T, b, other *Browser) {
	const lea = "lea@example.org"
	b.Agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	other.Agent = b.Agent
	a.Add(t, lea, nil)
	login := func(b *Browser) Page {
		return b.Get("/login").Submit("login", "username", lea, "password", Password)
	}
	login(b).WantRedirect("/account")
	b.Post("/account/trusted").Want(409, "Please add a second step first")
	page := b.Get("/account").Want(200, "!Trust this browser").Submit("add-totp")
	secret := page.Secret()
	page.Submit("totp", "code", codeOf(t, secret, 0)).WantRedirect("/account/recovery-codes")
	codes := codeShown.FindAllStringSubmatch(b.Get("/account/recovery-codes").Submit("codes").Body, -1)

	// From the account page.
	b.Get("/account/trusted").WantRedirect("/account#factors")
	b.Get("/account").Want(200, "!Trusted browser").Submit("add-trusted").WantRedirect("/account#factors")
	b.Get("/account").Want(200, "In this browser you are not asked", "Trusted browser")
	b.Post("/logout").WantRedirect("/login")
	login(b).WantRedirect("/account")
	login(other).WantRedirect("/login/factor")

	// One who is logged in, and proves it once more, is spared nothing.
	b.Post("/login?again=1", "username", lea, "password", Password).WantRedirect("/login/factor")
	b.Get("/login/factor").Submit("recovery", "code", codes[0][1]).WantRedirect("/account")

	// By the box beside a code, in another browser.
	page = other.Get("/login/factor").Want(200, "Do not ask again in this browser", "!checked")
	page.Submit("totp", "code", "000000").Want(400, "That code is not right", "!checked")
	page = page.Submit("totp", "code", "000000", "trust", "on").Want(400, "That code is not right", " checked")
	page.Submit("totp", "code", codeOf(t, secret, 30*time.Second)).WantRedirect("/account")
	other.Get("/account").Want(200, "Trusted browser", "Firefox on Linux")
	other.Post("/logout").WantRedirect("/login")
	login(other).WantRedirect("/account")

	// Those that are removed ask again; b may remove them, in its login.
	for range 2 {
		found := trustedID.FindStringSubmatch(b.Get("/account").Body)
		if found == nil {
			t.Fatal("a browser is missing in the list")
		}
		b.Get("/account").Submit(found[1]).WantRedirect("/account")
	}
	b.Get("/account").Want(200, "!Trusted browser")
	other.Post("/logout").WantRedirect("/login")
	login(other).WantRedirect("/login/factor")
}
