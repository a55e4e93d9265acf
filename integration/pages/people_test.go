package pages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// The walk of people, with and without scripts, at a phone and at a desk: each
// way once, and in full each with each, also on the framework that is least
// like net/http.
func TestPeopleInABrowser(t *testing.T) {
	t.Parallel()
	routers := []framework{frameworks[1]}
	if long.Run() {
		routers = append(routers, frameworks[3])
	}
	browser := chromium.Start(t)
	for _, f := range routers {
		for _, s := range []setting{
			{390, 844, true, true}, {1280, 900, false, false}, {390, 844, true, false}, {1280, 900, false, true},
		}[:long.Count(2, 4)] {
			t.Run(fmt.Sprintf("%s at %d pixels, scripts %v", f.name, s.width, s.scripts), func(t *testing.T) {
				t.Parallel()
				a := newApp(t, f.below, nested, nil)
				w, p := walk{a, browser, s}, a.person(t, browser, s)
				w.registers(p)
				w.forgets(p)
				w.changes(p)
				w.endsAnother(t, p)
				w.connects(p)
				w.needsAFactor(p)
				w.addsAnApp(p)
				w.isRobbed(t, p)
				w.administers(p)
			})
		}
	}
}

// walk is what people do, one after another, in one window.
type walk struct {
	*app
	browser *chromium.Browser
	setting setting
}

const (
	ada   = "ada@example.org"
	other = "difference engine"
)

// registers a user, with a wrong value first, and confirms the address.
func (w walk) registers(p *person) {
	p.t.Helper()
	p.opens("/account")
	p.reads("Log in")
	p.follows("Create an account")
	p.hasScripts(w.setting.scripts)
	p.hasFocus("register-email")
	p.fills("register-email", "ada", "register-password", pagewalk.Password, "register-full_name", "Ada Lovelace")
	p.presses("register")
	p.reads("Error: Create an account", "such as name@example.org", "Ada Lovelace", "!"+pagewalk.Password)
	p.hasFocus("register-email")
	p.fills("register-email", ada, "register-password", pagewalk.Password)
	p.presses("register")
	p.isAt("/account")
	p.reads("Your account", ada, "not confirmed")
	p.opens(w.Mail(p.t, core.MailVerify))
	p.reads("Confirm your address")
	p.presses("verify")
	p.isAt("/account")
	p.reads("Your address is confirmed.", "!not confirmed")
	p.clicks(`form[action$="/logout"] button`)
	p.isAt("/login")
	p.reads("You are logged out.")
}

// forgets the password.
func (w walk) forgets(p *person) {
	p.t.Helper()
	p.fills("login-username", ada, "login-password", "wrong one")
	p.presses("login")
	p.reads("Error: Log in", "The address or the password is not right.", ada)
	p.clicks(`button[formaction$="/forgot"]`)
	p.reads("Forgot your password?", ada)
	p.presses("forgot")
	p.reads("a mail with a link is on its way")
	p.opens(w.Mail(p.t, core.MailReset))
	p.fills("reset-password", "short")
	p.presses("reset")
	p.reads("at least 8 characters")
	p.hasFocus("reset-password")
	p.fills("reset-password", other)
	p.presses("reset")
	p.reads("Your new password is saved.")
	p.fills("login-username", ada, "login-password", other)
	p.presses("login")
	p.isAt("/account")
}

// changes the profile, the address and the password.
func (w walk) changes(p *person) {
	p.t.Helper()
	p.fills("profile-full_name", "Ada King", "profile-age", "old")
	p.do(chromedp.Click("#profile-newsletter", chromedp.ByQuery))
	p.presses("profile")
	p.reads("Please enter a whole number.")
	p.hasFocus("profile-age")
	p.fills("profile-age", "36")
	p.presses("profile")
	p.reads("Saved.")
	p.fills("email-email", "countess@example.org", "email-current_password", "wrong one")
	p.presses("email")
	p.reads("This is not your current password.", "countess@example.org")
	p.hasFocus("email-current_password")
	p.fills("email-current_password", other)
	p.presses("email")
	p.reads("A mail is on its way to the new address.", ada, "!countess@example.org")
	p.opens(w.MailTo(p.t, core.MailEmailChange, "countess@example.org"))
	p.reads("Confirm your new address")
	p.presses("email-confirm")
	p.isAt("/account")
	p.reads("Your new address is confirmed.", "countess@example.org", "!not confirmed")
	p.fills("password-password", pagewalk.Password, "password-current_password", other)
	p.presses("password")
	p.reads("Your password is changed.")
	if u := w.Of(p.t, "countess@example.org"); u.FullName != "Ada King" || *u.Age != 36 || !u.Newsletter {
		p.t.Errorf("the user is %+v", *u)
	}
}

// endsAnother ends the login of another browser.
func (w walk) endsAnother(t *testing.T, p *person) {
	t.Helper()
	elsewhere := w.person(t, w.browser, w.setting)
	elsewhere.opens("/login")
	elsewhere.fills("login-username", "countess@example.org", "login-password", pagewalk.Password)
	elsewhere.presses("login")
	elsewhere.isAt("/account")
	p.opens("/account")
	p.reads("this device", "Log out everywhere else")
	p.clicks(`form[id^="session-"] button`)
	p.reads("That device is logged out.", "!Log out everywhere else")
	elsewhere.opens("/account")
	elsewhere.reads("Log in", "!countess@example.org")
}

// connects an account at a provider, logs in with it, and disconnects it.
func (w walk) connects(p *person) {
	p.t.Helper()
	p.follows("Connect")
	p.saysWho("countess@example.org")
	p.isAt("/account")
	p.reads("Your account there is connected.")
	p.clicks(`form[action$="/logout"] button`)
	p.follows("Continue with the local provider")
	p.clicks(`button[value="deny"]`)
	p.isAt("/login")
	p.reads("You have cancelled the login")
	p.follows("Continue with the local provider")
	p.saysWho("countess@example.org")
	p.isAt("/account")
	p.presses("unlink-local")
	p.reads("Your account there is disconnected.")
	p.clicks(`form[action$="/logout"] button`)
}

// saysWho answers the provider's page.
func (p *person) saysWho(address string) {
	p.t.Helper()
	p.do(chromedp.SetValue(`input[name="email"]`, address, chromedp.ByQuery))
	p.clicks(`button[value="allow"]`)
}

// needsAFactor logs in with a second factor that has no code in pages.
func (w walk) needsAFactor(p *person) {
	p.t.Helper()
	w.Add(p.t, "gil@example.org", func(u *pagewalk.Account) { u.Pin = "2468" })
	p.fills("login-username", "gil@example.org", "login-password", pagewalk.Password)
	p.presses("login")
	p.isAt("/login/factor")
	p.reads("One more step", "Pin", "Digits")
	p.hasFocus("pin-pin")
	p.fills("pin-pin", "1357", "pin-digits", "4")
	p.presses("pin")
	p.reads("PIN_WRONG")
	p.fills("pin-pin", "2468", "pin-digits", "4")
	p.presses("pin")
	p.isAt("/account")
	p.reads("gil@example.org")
	p.clicks(`form[action$="/logout"] button`)
}

// administers finds a user, changes and deletes them.
func (w walk) administers(p *person) {
	p.t.Helper()
	hal := w.Add(p.t, "hal@example.org", nil)
	w.Add(p.t, "root@example.org", func(u *pagewalk.Account) { u.IsSuperuser = true })
	p.opens("/admin/users")
	p.fills("login-username", "root@example.org", "login-password", pagewalk.Password)
	p.presses("login")
	p.isAt("/admin/users")
	p.reads("hal@example.org", "countess@example.org")
	p.fills("find-email", "hal")
	p.clicks(".lk-search button")
	p.reads("hal@example.org", "!countess@example.org")
	p.follows("hal@example.org")
	p.do(chromedp.Click("#user-is_active", chromedp.ByQuery))
	p.presses("user")
	p.reads("Saved.")
	if u := w.Of(p.t, "hal@example.org"); u.IsActive || !u.IsVerified || u.IsSuperuser {
		p.t.Errorf("the user is %+v", *u)
	}
	p.clicks(`a[href$="/` + hal.ID + `/delete"]`)
	p.reads("Delete hal@example.org?", "cannot be undone")
	p.presses("delete")
	p.isAt("/admin/users")
	p.reads("The user is deleted.", "!hal@example.org")
	p.opens("/logout")
	p.presses("logout")
	p.reads("You are logged out.")
	for range 2 { // to the question, and to the users
		p.loads("back", chromedp.NavigateBack())
		p.reads("Log in", "!countess@example.org")
	}
}

// addsAnApp protects an account by an authenticator app, loses it, and comes
// back by a recovery code.
func (w walk) addsAnApp(p *person) {
	p.t.Helper()
	const protected = "protected@example.org"
	w.Add(p.t, protected, nil)
	p.logsIn(protected)
	p.presses("add-totp")
	p.reads("Scan this picture with an authenticator app")
	p.hasFocus("totp-code")
	secret := p.secret()
	p.fills("totp-code", "000000", "totp-label", "the blue phone")
	p.presses("totp")
	p.reads("That code is not right", "!Saved")
	p.hasFocus("totp-code")
	p.fills("totp-code", appCode(p.t, secret, 0))
	p.presses("totp")
	p.isAt("/account/recovery-codes")
	p.reads("The app is added")
	p.presses("codes")
	p.reads("not shown again")
	var code string
	p.do(chromedp.Text(".lk-codes li", &code, chromedp.ByQuery))
	p.opens("/account")
	p.reads("the blue phone", "10 left")

	p.logsIn(protected)
	p.isAt("/login/factor")
	p.hasFocus("totp-code")
	p.fills("totp-code", appCode(p.t, secret, 30*time.Second))
	p.presses("totp")
	p.isAt("/account")

	p.logsIn(protected)
	p.fills("recovery-code", strings.ToLower(code))
	p.presses("recovery")
	p.isAt("/account")
	p.reads("9 left")
	p.clicks(`form[id^="factor-"] button`)
	p.reads("It is removed.", "!9 left")
	p.clicks(`form[action$="/logout"] button`)
}

// isRobbed has a stranger in the account, who changes its address and adds an
// app; the owner undoes that from the mailbox before, and leaves.
func (w walk) isRobbed(t *testing.T, p *person) {
	t.Helper()
	const owner, thief = "owner@example.org", "thief@example.org"
	w.Add(t, owner, nil)
	stranger := w.person(t, w.browser, w.setting)
	stranger.logsIn(owner)
	stranger.fills("email-email", thief, "email-current_password", pagewalk.Password)
	stranger.presses("email")
	stranger.opens(w.MailTo(t, core.MailEmailChange, thief))
	stranger.presses("email-confirm")
	stranger.reads("Your new address is confirmed.", thief)
	stranger.presses("add-totp")
	stranger.fills("totp-code", appCode(t, stranger.secret(), 0))
	stranger.presses("totp")
	stranger.isAt("/account/recovery-codes")

	p.opens(w.MailTo(t, core.MailEmailUndo, owner))
	p.reads("Undo the change of your address", "Your password and all logins end")
	p.presses("email-undo")
	p.isAt("/login")
	p.reads("Your account has its former address again.")
	stranger.opens("/account")
	stranger.reads("Log in", "!"+thief)
	p.opens(w.MailTo(t, core.MailReset, owner))
	p.fills("reset-password", other)
	p.presses("reset")
	p.fills("login-username", owner, "login-password", other)
	p.presses("login")
	p.isAt("/account")
	p.reads(owner, "Add an authenticator app")
	p.follows("Delete my account …")
	p.reads("Delete your account?", "cannot be undone")
	p.presses("leave")
	p.isAt("/login")
	p.reads("Your account is deleted.")
}

// secret is what a page shows beside the QR code.
func (p *person) secret() (secret string) {
	p.t.Helper()
	p.do(chromedp.Text(".lk-code", &secret, chromedp.ByQuery))
	return strings.ReplaceAll(secret, " ", "")
}

// appCode is what an authenticator app shows, or will show after some time.
func appCode(t *testing.T, secret string, ahead time.Duration) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now().Add(ahead))
	if err != nil {
		t.Fatal(err)
	}
	return code
}
