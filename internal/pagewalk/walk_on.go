package pagewalk

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// identity is the code of Acme for somebody.
func identity(subject, address string) string {
	verified := true
	raw, _ := json.Marshal(core.OAuthIdentity{Subject: subject, Email: address, EmailVerified: &verified}) // texts
	return string(raw)
}

// atAcme goes to the provider by a link, and returns where it sends the browser
// back to, for somebody.
func (b *Browser) atAcme(path, code string) string {
	b.t.Helper()
	p := b.Get(path)
	u, err := url.Parse(p.Header.Get("Location"))
	if err != nil || p.Status != http.StatusSeeOther || u.Host != "acme.example" {
		b.t.Fatalf("%s: %d to %q, want the provider\n%s", path, p.Status, p.Header.Get("Location"), p.Body)
	}
	back, ok := strings.CutPrefix(u.Query().Get("redirect_uri"), Origin+b.base)
	if !ok {
		b.t.Fatalf("it comes back to %s", u.Query().Get("redirect_uri"))
	}
	return back + "?" + url.Values{"state": {u.Query().Get("state")}, "code": {code}}.Encode()
}

// AtAcme opens a page that begins a login at Acme, and comes back as a person
// of a subject and an address.
func (b *Browser) AtAcme(path, subject, address string) Page {
	b.t.Helper()
	return b.fromAcme(b.atAcme(path, identity(subject, address)))
}

// fromAcme is the provider's own navigation back.
func (b *Browser) fromAcme(path string) Page {
	b.t.Helper()
	site := b.Site
	b.Site = "cross-site"
	defer func() { b.Site = site }()
	return b.Get(path)
}

func (a *App) social(t *testing.T, b *Browser) {
	code := identity("7", "fay@example.org")
	b.Site = "cross-site"
	confirm := b.Get("/login/acme").Want(200, "Continue to Acme &amp; Co?", "Continue with Acme &amp; Co")
	var begin string
	for _, link := range confirm.Links() {
		if strings.Contains(link, "begin=") {
			begin = strings.TrimPrefix(link, a.Prefix)
		}
	}
	b.atAcme(begin, code)
	b.Get("/login/acme?begin=made-up").Want(200, "Continue to Acme")
	b.Site = "same-origin"
	back := b.atAcme("/login/acme?next="+url.QueryEscape(a.Prefix+"/account?x=1"), code)
	b.fromAcme(back).WantRedirect("/account?x=1")
	b.Get("/account").Want(200, "fay@example.org", "Acme &amp; Co", "!Current password")
	b.fromAcme(back).WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account?x=1")) // once more
	b.Get("/account").Want(200, "used already")
	a.Edit(t, "fay@example.org", func(u *Account) { u.IsVerified = false }) // no mail logs in
	b.Get("/account").Submit("unlink-acme").Want(409, "your only way to log in")
	b.Get("/account").Submit("password", "password", "difference engine").WantRedirect("/account")
	b.Get("/account").Want(200, "Current password").Submit("unlink-acme").WantRedirect("/account")
	b.Get("/account").Want(200, "disconnected")
	b.fromAcme(b.atAcme("/login/acme/link", code)).WantRedirect("/account")
	b.Get("/account").Want(200, "Your account there is connected.")
	declined := strings.Replace(b.atAcme("/login/acme/link", code), "code=", "error=access_denied&x=", 1)
	b.fromAcme(declined).WantRedirect("/account")
	b.Get("/account").Want(200, "You have cancelled the login")
	posted := b.Do("POST", "/login/acme/callback", "application/x-www-form-urlencoded", "state=x&code=y",
		"Sec-Fetch-Site", "cross-site")
	if posted.Status != http.StatusSeeOther || !strings.HasPrefix(posted.Header.Get("Location"), "callback?") {
		t.Errorf("a provider's post: %d to %q", posted.Status, posted.Header.Get("Location"))
	}
	b.Get("/login/nobody").Want(404, "Page not found")
	b.Get("/login/done?error=PLEASE_CALL_555_0100").WantRedirect("/login")
	b.Get("/account").Want(200, "That did not work.", "!555")
}

func (a *App) factor(t *testing.T, b *Browser) {
	a.Add(t, "gil@example.org", func(u *Account) { u.Pin = "2468" })
	b.Get("/login/factor").WantRedirect("/login")
	b.Get("/login").Want(200, "Please log in again.")
	next := url.QueryEscape(a.Prefix + "/account?x=1")
	login := func() Page {
		return b.Get("/login?next="+next).Submit("login", "username", "gil@example.org", "password", Password)
	}
	sent := login()
	sent.WantRedirect("/login/factor?next=" + next)
	pending := b.Cookie("-pending")
	if pending == "" || strings.Contains(sent.Header.Get("Location"), pending) {
		t.Error("the login that waits is not in a cookie alone")
	}
	page := b.Get("/login/factor?next="+next).Want(200, "One more step", ">Pin</h2>", ">Digits", ">Trust", "!"+pending)
	page.Submit("pin").Want(400, "PIN_WRONG").Submit("pin", "pin", "1357", "digits", "4").Want(400, "PIN_WRONG")
	page.Submit("pin", "pin", "2468", "digits", "4", "method", "pages").WantRedirect("/login/factor?next=" + next)
	page.Submit("pin", "pin", "2468", "digits", "4", "trust", "on").WantRedirect("/account?x=1")
	if b.Cookie("-pending") != "" {
		t.Error("the login that waited is still there")
	}
	b.Get("/account").Want(200, "gil@example.org").Submit("password", "password", "a", "current_password", "b").Want(400)
	b.Post("/logout").WantRedirect("/login")
	login().WantRedirect("/login/factor?next=" + next)
	for range 5 {
		b.Get("/login/factor").Submit("pin", "pin", "1", "digits", "4").Want(400, "PIN_WRONG")
	}
	b.Post("/login/factor", "method", "pin", "pin", "2468", "digits", "4").WantRedirect("/login")
	b.Get("/login").Want(200, "Please log in again.")
}

func (a *App) administers(t *testing.T, b *Browser) {
	target := a.Add(t, "hal@example.org", nil)
	b.Get("/admin/users").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/admin/users"))
	b.Get("/login").Submit("login", "username", "hal@example.org", "password", Password).WantRedirect("/account")
	b.Get("/account").Want(200, "!>Users<")
	b.Get("/admin/users").Want(403, "Not allowed")
	b.Post("/admin/users/"+target.ID, "fields", "is_superuser", "is_superuser", "on").Want(403)
	b.Post("/admin/users/" + target.ID + "/delete").Want(403)
	a.Add(t, "root@example.org", func(u *Account) { u.IsSuperuser = true })
	b.Get("/login?again=1").Submit("login", "username", "root@example.org", "password", Password).WantRedirect("/account")
	b.Get("/account").Want(200, ">Users<")
	b.Get("/admin/users?email=hal").Want(200, "hal@example.org", "!root@example.org", `value="hal"`)
	b.Get("/admin/users?email=nobody").Want(200, "Nobody was found.")
	b.Get("/admin/users?cursor=nonsense").Want(422)
	b.Get("/admin/audit?action=refused").Want(200, "What happened", "A request was refused", target.ID)
	b.Get("/admin/audit?cursor=nonsense").Want(422)
	page := b.Get("/admin/users/"+target.ID).Want(200, "hal@example.org", "Full name", "Administrator")
	page.Submit("user").WantRedirect("/admin/users/" + target.ID)
	page.Submit("user", "full_name", "Hal", "email", "hal2@example.org", "is_verified", "on", "password",
		"difference engine").
		WantRedirect("/admin/users/" + target.ID)
	if u := a.Of(t, "hal2@example.org"); u.FullName != "Hal" || !u.IsActive || !u.IsVerified || u.IsSuperuser ||
		u.HashedPassword != "unhashed$difference engine" {
		t.Errorf("the user is %+v", u.Email)
	}
	b.Get("/admin/users/"+target.ID).Want(200, "Saved.").Submit("user", "email", "root@example.org", "full_name", "X").
		Want(400, "Another account has this address.", `value="X"`)
	b.Get("/admin/users/nobody").Want(404)
	b.Get("/admin/users/"+target.ID+"/delete").Want(200, "Delete hal2@example.org?", "cannot be undone").
		Submit("delete").WantRedirect("/admin/users")
	b.Get("/admin/users").Want(200, "The user is deleted.", "!hal2@example.org")
	root := a.Of(t, "root@example.org")
	b.Get("/admin/users/"+root.ID+"/delete").Submit("delete").Want(409, "You cannot do this to yourself.")
	page = b.Get("/admin/users/"+root.ID).Want(200, "!Suspend this user")
	page.Submit("user", "is_superuser", "").Want(409, "You cannot do this to yourself.")
	page.Submit("user", "is_active", "").Want(409, "the last administrator")
}

func (a *App) rest(t *testing.T, b *Browser) {
	b.Language = "de-AT, en;q=0.5"
	b.Get("/login").Want(200, `<html lang="de" dir="ltr">`, "Anmelden", "Passwort vergessen?",
		`aria-current="true">Deutsch`).
		Submit("login", "username", "nobody@example.org", "password", "x").Want(400,
		"Die Adresse oder das Passwort stimmt nicht.")
	b.Post("/language", "language", "en", "back", a.Prefix+"/register").WantRedirect("/register")
	b.Get("/login").Want(200, `<html lang="en"`)
	b.Post("/language", "language", "en", "back", "//evil.example").WantRedirect("/login")
	b.Post("/language", "language", "tlh").Want(422)
	for _, link := range b.Get("/login").Links() {
		if !strings.Contains(link, "/latchkey/") {
			continue
		}
		file := b.Get(strings.TrimPrefix(link, a.Prefix))
		if file.Status != 200 || !strings.Contains(file.Header.Get("Cache-Control"), "immutable") || file.Body == "" ||
			file.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", link, file.Status, file.Header)
		}
	}
	if old := b.Get("/latchkey/style.css?v=old"); old.Status != 200 || old.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("another version: %d %v", old.Status, old.Header)
	}
	b.Get("/latchkey/nothing.css").Want(404)
	if head := b.Do("HEAD", "/login", "", ""); head.Status != 200 || head.Body != "" ||
		head.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("HEAD: %d %v %q", head.Status, head.Header, head.Body)
	}
	b.Do("POST", "/login", "application/xml", "<a/>").Want(415)
	b.Post("/login", "username", "a", "username", "b", "password", "x").Want(422, "This was sent twice.")
}
