package pagewalk

import (
	"net/url"
	"testing"
	"time"
)

// suspends suspends somebody, who is told why, and reinstates them.
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
