package pagewalk

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// suspends suspends somebody, who reads why, and reinstates them.
func (a *App) suspends(t *testing.T, b, theirs *Browser) {
	a.Add(t, "ruth@example.org", func(u *Account) { u.IsSuperuser = true })
	una := "/admin/users/" + a.Add(t, "una@example.org", nil).ID
	theirs.Get("/login").Submit("login", "username", "una@example.org", "password", Password).WantRedirect("/account")
	theirs.Post(una+"/suspend", "reason", "x").Want(403, "Not allowed")
	b.Get("/login").Submit("login", "username", "ruth@example.org", "password", Password).WantRedirect("/account")
	b.Get(una + "/suspend").WantRedirect(una)
	page := b.Get(una).Want(200, "Suspend this user", "!Suspended")
	page.Submit("suspend").Want(422, "1 to 200 characters", `aria-describedby="suspend-reason-error suspend-reason-help"`)
	page.Submit("suspend", "reason", "x", "until", "2001-01-01").Want(422, "yet to come", `value="2001-01-01"`)
	page.Submit("suspend", "reason", "x", "until", "soon").Want(422, "Please enter a day.")
	until := time.Now().AddDate(0, 0, 3).UTC().Format(time.DateOnly)
	page.Submit("suspend", "reason", "Spam & <more>", "until", until).WantRedirect(una)
	b.Get(una).Want(200, "logged out everywhere", "Suspended until "+until+" 00:00 UTC: Spam &amp; &lt;more&gt;",
		"!Suspend this user")
	b.Get("/admin/users?email=una").Want(200, ">suspended<")
	theirs.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	theirs.Get("/login").Submit("login", "username", "una@example.org", "password", Password).
		Want(400, "Your account is suspended: Spam &amp; &lt;more&gt;")
	theirs.Get("/login").Submit("login", "username", "una@example.org", "password", "wrong").
		Want(400, "The address or the password is not right.", "!suspended")
	b.Get(una).Submit("reinstate").WantRedirect(una)
	b.Get(una).Want(200, "The suspension has ended.", "Suspend this user", "!Suspended")
	b.Post(una+"/suspend", "reason", "For good").WantRedirect(una)
	b.Get(una).Want(200, "Suspended for good: For good")
	b.Post("/admin/users/nobody/suspend", "reason", "x").Want(404)
	b.Post("/admin/users/nobody/reinstate").Want(404)
}

// oversees ends somebody's logins, one and all, and has them set another
// password.
func (a *App) oversees(t *testing.T, b, theirs *Browser) {
	a.Add(t, "rita@example.org", func(u *Account) { u.IsSuperuser = true })
	zoe := "/admin/users/" + a.Add(t, "zoe@example.org", nil).ID
	logIn := func(b *Browser, who, password string) {
		b.Get("/login").Submit("login", "username", who, "password", password).WantRedirect("/account")
	}
	gone := func() {
		theirs.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	}
	logIn(theirs, "zoe@example.org", Password)
	theirs.Post(zoe + "/sessions").Want(403)
	theirs.Post(zoe + "/reset-password").Want(403)
	logIn(b, "rita@example.org", Password)
	_, id, _ := strings.Cut(b.Get(zoe).Want(200, "Where this user is logged in", "Firefox on Linux").Body, `id="session-`)
	id, _, _ = strings.Cut(id, `"`)
	b.Get(zoe).Submit("session-" + id).WantRedirect(zoe)
	b.Get(zoe).Want(200, "That device is logged out.", "!Where this user is logged in")
	b.Post(zoe + "/sessions/" + id).Want(404)
	gone()
	logIn(theirs, "zoe@example.org", Password)
	b.Get(zoe).Submit("sessions").WantRedirect(zoe)
	b.Get(zoe).Want(200, "The user is logged out everywhere.")
	gone()
	logIn(theirs, "zoe@example.org", Password)
	b.Get(zoe).Submit("reset-password").WantRedirect(zoe)
	b.Get(zoe).Want(200, "a mail with a link is on its way")
	gone()
	theirs.Get("/login").Submit("login", "username", "zoe@example.org", "password", Password).Want(400)
	theirs.Get(a.Mail(t, core.MailReset)).Submit("reset", "password", "difference engine").WantRedirect("/login")
	logIn(theirs, "zoe@example.org", "difference engine")
}

// acts acts as somebody, and comes back.
func (a *App) acts(t *testing.T, b, theirs *Browser) {
	root := a.Add(t, "rolf@example.org", func(u *Account) { u.IsSuperuser = true })
	yves := "/admin/users/" + a.Add(t, "yves@example.org", nil).ID
	theirs.Get("/login").Submit("login", "username", "yves@example.org", "password", Password).WantRedirect("/account")
	theirs.Post(yves+"/act", "reason", "x").Want(403)
	b.Get("/login").Submit("login", "username", "rolf@example.org", "password", Password).WantRedirect("/account")
	b.Get("/admin/users/"+root.ID).Want(200, "!Act as this user")
	b.Post("/admin/users/"+root.ID+"/act", "reason", "x").Want(403, "Nobody may act as this user.")
	b.Post("/admin/users/nobody/act", "reason", "x").Want(404)
	b.Post("/acting/end").WantRedirect("/account")
	page := b.Get(yves).Want(200, "Act as this user", "!You act as")
	page.Submit("act").Want(422, "1 to 200 characters", `id="act-reason-error"`)
	page.Submit("act", "reason", "Ticket 7").WantRedirect("/account")
	page = b.Get("/account").Want(200, "You act as yves@example.org.", "Be yourself again", "!>Users<")
	page.Submit("profile", "full_name", "Yves").WantRedirect("/account")
	page.Submit("password", "password", "difference engine", "current_password", Password).Want(403, "You act as")
	b.Get("/acting/end").WantRedirect("/account")
	theirs.Get("/account").Want(200, "Yves", "!You act as", "Unknown device")
	page = b.Get("/account").Submit("acting")
	page.WantRedirect(yves)
	b.Get(yves).Want(200, "You act for yourself again.", ">Users<", "!You act as")
	b.Get("/account").Want(200, "rolf@example.org", "!Log out everywhere else")
}
