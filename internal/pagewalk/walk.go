package pagewalk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Walk goes through all pages as people do, over the routes of a, which serve
// serves at a.Prefix.
func (a *App) Walk(t *testing.T, serve Serve) {
	browser := func(t *testing.T) *Browser { return NewBrowser(t, serve, a.Prefix) }
	t.Run("register, confirm, leave", func(t *testing.T) { a.registers(t, browser(t)) })
	t.Run("log in and come back", func(t *testing.T) { a.logsIn(t, browser(t)) })
	t.Run("a forgotten password", func(t *testing.T) { a.forgets(t, browser(t)) })
	t.Run("the account", func(t *testing.T) { a.account(t, browser(t)) })
	t.Run("a provider", func(t *testing.T) { a.social(t, browser(t)) })
	t.Run("another project's second factor", func(t *testing.T) { a.factor(t, browser(t)) })
	t.Run("an authenticator app", func(t *testing.T) { a.authenticator(t, browser(t)) })
	t.Run("a trusted browser", func(t *testing.T) { a.trusts(t, browser(t), browser(t)) })
	t.Run("API keys", func(t *testing.T) { a.keys(t, browser(t)) })
	t.Run("a device", func(t *testing.T) { a.device(t, browser(t), browser(t)) })
	t.Run("a second step that is required", func(t *testing.T) { a.required(t, browser(t)) })
	t.Run("a login by mail", func(t *testing.T) { a.byMail(t, browser(t), browser(t)) })
	t.Run("another address, undone, and good-bye", func(t *testing.T) { a.moves(t, browser(t), browser(t)) })
	t.Run("administration", func(t *testing.T) { a.administers(t, browser(t)) })
	t.Run("a suspension", func(t *testing.T) { a.suspends(t, browser(t), browser(t)) })
	t.Run("another's logins and password", func(t *testing.T) { a.oversees(t, browser(t), browser(t)) })
	t.Run("acting as another", func(t *testing.T) { a.acts(t, browser(t), browser(t)) })
	t.Run("languages, files, HEAD", func(t *testing.T) { a.rest(t, browser(t)) })
}

func (a *App) registers(t *testing.T, b *Browser) {
	form := b.Get("/register").Want(200, "Create an account", "Acme &lt;Ltd&gt;", "Full name",
		"Continue with Acme &amp; Co", "!Settings")
	form.Submit("register", "email", "bea@example.org", "password", Password).Want(422, "Please fill this in", "Error:",
		`value="bea@example.org"`, `aria-describedby="register-full_name-error"`, "!"+Password)
	form.Submit("register", "email", "bea", "password", Password, "full_name", "Bea").Want(422, "name@example.org")
	form.Submit("register", "email", "bea@example.org", "password", "short", "full_name", "Bea").
		Want(400, "at least 8 characters", "!short")
	form.Submit("register", "email", "bea@example.org", "password", Password, "full_name", `<b>"Bea"`,
		"newsletter", "on").
		WantRedirect("/account")
	b.Get("/account").Want(200, "bea@example.org", "not confirmed", `value="&lt;b&gt;&#34;Bea&#34;"`)
	if u := a.Of(t, "bea@example.org"); !u.Newsletter || u.FullName != `<b>"Bea"` || u.IsSuperuser {
		t.Errorf("the user is %+v", u.FullName)
	}
	link := a.Mail(t, core.MailVerify)
	page := b.Get(link).Want(200, "Confirm this address")
	if a.Of(t, "bea@example.org").IsVerified {
		t.Error("a GET has confirmed the address")
	}
	page.Submit("verify").WantRedirect("/account")
	b.Get("/account").Want(200, "Your address is confirmed.", "!not confirmed")
	b.Get("/account").Want(200, "!Your address is confirmed.")
	b.Get(link).Submit("verify").WantRedirect("/account") // once more
	b.Get("/verify?token=nonsense").Submit("verify").Want(400, "expired or was used", "Send me a link")
	b.Get("/logout").Want(200, "Log out?").Submit("logout").WantRedirect("/login")
	b.Get("/login").Want(200, "You are logged out.")
	b.Get("/register").Submit("register", "email", "Bea@example.org", "password", Password, "full_name", "B").
		Want(400, "There is an account with this address already.")
	if again := b.Post("/logout"); again.Status != http.StatusSeeOther {
		t.Errorf("logging out twice: %d", again.Status)
	}
}

func (a *App) logsIn(t *testing.T, b *Browser) {
	a.Add(t, "carl@example.org", nil)
	b.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	form := b.Get("/account").Follow().Want(200, `autocomplete="username"`, `autocomplete="current-password"`)
	form.Submit("login", "username", "carl@example.org", "password", "wrong one").
		Want(400, "The address or the password is not right.", `value="carl@example.org"`, "!wrong one")
	form.Submit("login", "username", "nobody@example.org", "password", Password).
		Want(400, "The address or the password is not right.")
	form.Submit("login", "username", "carl@example.org", "password", Password).WantRedirect("/account")
	b.Get("/login").WantRedirect("/account")
	b.Get("/login?next=//evil.example").WantRedirect("/account")
	b.Get("/login?next=" + url.QueryEscape(a.Prefix+"/account?x=1")).WantRedirect("/account?x=1")
	b.Get("/register").WantRedirect("/account")
	if b.Cookie("latchkey") == "" {
		t.Error("there is no session's cookie")
	}
}

func (a *App) forgets(t *testing.T, b *Browser) {
	a.Add(t, "dora@example.org", nil)
	b.Get("/login").Want(200, "Forgot your password?", `formaction="`+a.Prefix+`/forgot"`)
	form := b.Post("/forgot", "from", "login", "username", "dora@example.org", "password", "x").Want(200,
		`value="dora@example.org"`)
	form.Submit("forgot", "email", "").Want(422, "Please enter an e-mail address")
	form.Submit("forgot").WantRedirect("/login")
	b.Get("/login").Want(200, "a mail with a link is on its way")
	link := a.Mail(t, core.MailReset)
	page := b.Get(link).Want(200, "Choose a new password", `autocomplete="new-password"`)
	page.Submit("reset", "password", "short").Want(400, "at least 8 characters").
		Submit("reset", "password", "difference engine").WantRedirect("/login")
	b.Get("/login").Want(200, "Your new password is saved.").
		Submit("login", "username", "dora@example.org", "password", "difference engine").WantRedirect("/account")
	page.Submit("reset", "password", "another engine").Want(400, "expired or was used", "Send me a link")
	b.Get("/reset").WantRedirect("/forgot")
}

func (a *App) account(t *testing.T, b *Browser) {
	age := 30
	a.Add(t, "eva@example.org", func(u *Account) {
		u.Age, u.Tags, u.Plan, u.Internal, u.Newsletter = &age, []string{"a", "b"}, "gold", "canary", true
	})
	other := NewBrowser(t, b.serve, b.base)
	for _, who := range []*Browser{other, b} {
		who.Get("/login").Submit("login", "username", "eva@example.org", "password", Password).WantRedirect("/account")
	}
	page := b.Get("/account").Want(200, `value="30"`, "\na\nb</textarea>", `<option value="gold" selected>`,
		"!canary", "!Settings",
		"Firefox on Linux", "this device", "Log out everywhere else")
	page.Submit("profile").WantRedirect("/account") // nothing changes
	if u := a.Of(t, "eva@example.org"); *u.Age != 30 || len(u.Tags) != 2 || u.Plan != "gold" || !u.Newsletter ||
		u.Nick != nil {
		t.Errorf("a form that nobody touched has changed the user: %v %v %v", *u.Age, u.Tags, u.Nick)
	}
	page.Submit("profile", "age", "31", "tags", "c\r\nd", "newsletter", "", "plan", "", "full_name", "Eva", "nick", "E",
		"born", "1990-05-04").WantRedirect("/account")
	u := a.Of(t, "eva@example.org")
	if *u.Age != 31 || strings.Join(u.Tags, ",") != "c,d" || u.Newsletter || u.Plan != "" ||
		u.FullName != "Eva" || *u.Nick != "E" ||
		u.Born.Format("2006-01-02") != "1990-05-04" || u.Internal != "canary" {
		t.Errorf("the user is %+v", *u)
	}
	page = b.Get("/account").Want(200, "Saved.")
	page.Submit("profile", "age", "old").Want(422, "Please enter a whole number.", `value="old"`,
		`id="profile-age-error"`)
	page.Submit("profile", "age", "").Want(422, "Please enter a whole number.") // which cannot be taken back
	page.Submit("email", "email", "eva2@example.org", "current_password", "wrong one").
		Want(400, "This is not your current password.", `value="eva2@example.org"`)
	page.Submit("email", "email", "Eva@example.org", "current_password", Password).WantRedirect("/account")
	b.Get("/account").Want(200, "Your address is changed.", "Eva@example.org")
	page.Submit("email", "email", "carl@example.org", "current_password", Password).WantRedirect("/account")
	b.Get("/account").Want(200, "A mail is on its way to the new address.")
	page.Submit("email", "email", "eva2@example.org", "current_password", Password).WantRedirect("/account")
	b.Get(a.MailTo(t, core.MailEmailChange, "eva2@example.org")).Submit("email-confirm").WantRedirect("/account")
	a.MailTo(t, core.MailEmailUndo, "Eva@example.org")
	a.Edit(t, "eva2@example.org", func(u *Account) { u.IsVerified = false })
	b.Get("/account").Want(200, "eva2@example.org", "not confirmed").Submit("verify").WantRedirect("/account")
	a.Mail(t, core.MailVerify)
	page.Submit("password", "password", "short", "current_password", Password).Want(400, "at least 8 characters")
	page.Submit("password", "password", "difference engine", "current_password", Password).WantRedirect("/account")
	other.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	other.Get("/login").Submit("login", "username", "eva2@example.org", "password",
		"difference engine").WantRedirect("/account")
	b.Get("/account").Submit("sessions").WantRedirect("/account")
	other.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	b.Get("/account").Want(200, "You are logged out everywhere else.", "!Log out everywhere else")
	b.Get("/account/email").WantRedirect("/account#email")
	b.Post("/account/sessions/nonsense").Want(404, "Page not found")
	a.oneSession(t, b, other)
}

// oneSession ends a single login by its button.
func (a *App) oneSession(t *testing.T, b, other *Browser) {
	other.Get("/login").Submit("login", "username", "eva2@example.org", "password",
		"difference engine").WantRedirect("/account")
	_, id, _ := strings.Cut(b.Get("/account").Body, `id="session-`)
	id, _, _ = strings.Cut(id, `"`)
	b.Get("/account").Submit("session-" + id).WantRedirect("/account")
	other.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	b.Get("/account").Want(200, "That device is logged out.")
	if t.Failed() {
		return
	}
	// A login that follows another one in a browser ends it.
	b.Get("/login?again=1").Want(200, "Confirm that it is you").
		Submit("login", "username", "eva2@example.org", "password", "difference engine").WantRedirect("/account")
	b.Get("/account").Want(200, "!Log out everywhere else")
}
