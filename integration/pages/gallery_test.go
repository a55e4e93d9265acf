package pages_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// gallery is an application with people in it, who can show every page in each
// state that looks different.
type gallery struct {
	*app
	guest, member, admin *person
	second               *person // who adds an authenticator app, and a passkey
	device               authenticator
	stranger             *person // who is at another address of the pages
	ada                  *pagewalk.Account
}

func newGallery(t *testing.T, a *app, s setting) *gallery {
	t.Helper()
	b := chromium.Start(t)
	g := &gallery{app: a, guest: a.person(t, b, s), member: a.person(t, b, s), admin: a.person(t, b, s),
		second: a.person(t, b, s)}
	other := *a
	other.origin = strings.Replace(a.origin, "localhost", "127.0.0.1", 1)
	g.stranger = other.person(t, b, s)
	born := time.Date(1990, 5, 4, 0, 0, 0, 0, time.UTC)
	g.ada = a.Add(t, ada, func(u *pagewalk.Account) {
		u.FullName, u.Plan, u.Newsletter, u.Born = "Ada Lovelace", "gold", true, born
	})
	a.Add(t, "root@example.org", func(u *pagewalk.Account) { u.FullName, u.IsSuperuser = "Grace Hopper", true })
	a.Add(t, "pin@example.org", func(u *pagewalk.Account) { u.FullName, u.Pin = "Karen Jones", "2468" })
	for i, name := range []string{"alan", "barbara", "edsger", "frances", "john", "katherine"} {
		a.Add(t, name+"@example.org", func(u *pagewalk.Account) {
			u.FullName, u.IsVerified, u.IsActive = name, i%3 != 1, i != 4
		})
	}
	a.Add(t, "second@example.org", func(u *pagewalk.Account) { u.FullName = "Hedy Lamarr" })
	a.Add(t, pagewalk.Careful, nil)
	g.elsewhere(t)
	g.device = g.second.hasAuthenticator()
	g.second.logsIn("second@example.org")
	g.member.logsIn(ada)
	g.admin.logsIn("root@example.org")
	return g
}

func (p *person) logsIn(address string) {
	p.t.Helper()
	p.opens("/login?again=1")
	p.fills("login-username", address, "login-password", pagewalk.Password)
	p.presses("login")
}

// post sends a form to the API, without a browser.
func (g *gallery) post(t *testing.T, path, agent string, form url.Values) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.origin+g.Prefix+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", agent)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// elsewhere logs Ada in at two more devices, where she also asks for a new
// password, and makes the limit be reached for alan@example.org.
func (g *gallery) elsewhere(t *testing.T) {
	t.Helper()
	for _, agent := range []string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
	} {
		g.post(t, "/api/web/login", agent, url.Values{"username": {ada}, "password": {pagewalk.Password}})
	}
	g.post(t, "/forgot", "", url.Values{"email": {ada}})
	for range 5 {
		g.post(t, "/api/web/login", "", url.Values{"username": {"alan@example.org"}, "password": {"wrong"}})
	}
}

// deviceLink begins the login of a device, and returns where it leads.
func (g *gallery) deviceLink(t *testing.T) string {
	t.Helper()
	body := strings.NewReader(url.Values{"label": {"acme-cli on Ada's laptop"}}.Encode())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.origin+g.Prefix+"/api/cli/device/authorize", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var begun struct {
		Link string `json:"verification_uri_complete"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&begun); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(begun.Link, g.origin+g.Prefix)
}

// stop is a page in one of its states. shows brings somebody's window there.
type stop struct {
	name  string
	shows func(g *gallery) *person
}

// stops are all pages.
func stops() []stop {
	return append(append(loginStops, mailStops...), userStops...)
}

var loginStops = []stop{
	{"login", func(g *gallery) *person { return g.guest.at("/login") }},
	{"login-wrong", func(g *gallery) *person {
		return g.guest.at("/login").sends("login", "login-username", ada, "login-password", "wrong one")
	}},
	{"login-limited", func(g *gallery) *person {
		return g.guest.at("/login").sends("login", "login-username", "alan@example.org", "login-password", "wrong one")
	}},
	{"login-again", func(g *gallery) *person { return g.member.at("/login?again=1") }},
	{"register", func(g *gallery) *person { return g.guest.at("/register") }},
	{"register-wrong", func(g *gallery) *person {
		return g.guest.at("/register").sends("register", "register-email", "ada", "register-password", "short")
	}},
	{"register-taken", func(g *gallery) *person {
		return g.guest.at("/register").sends("register", "register-email", ada, "register-password", pagewalk.Password,
			"register-full_name", "Ada")
	}},
	{"factor", func(g *gallery) *person {
		return g.guest.at("/login").sends("login", "login-username", "pin@example.org", "login-password",
			pagewalk.Password)
	}},
	{"factor-wrong", func(g *gallery) *person {
		return g.guest.at("/login/factor").sends("pin", "pin-pin", "1", "pin-digits", "many")
	}},
	{"factor-enrol", func(g *gallery) *person {
		g.guest.logsIn(pagewalk.Careful)
		return g.guest.sends("enrol")
	}},
	{"begin", func(g *gallery) *person {
		g.guest.loads("the provider", chromedp.Navigate(g.provider+"/style.css"))
		g.guest.loads("a link there", chromedp.Evaluate(fmt.Sprintf("location.href = %q",
			g.origin+g.Prefix+"/login/local"), nil))
		return g.guest
	}},
	{"logout", func(g *gallery) *person { return g.member.at("/logout") }},
}

var mailStops = []stop{
	{"forgot", func(g *gallery) *person { return g.guest.at("/forgot") }},
	{"forgot-wrong", func(g *gallery) *person { return g.guest.at("/forgot").sends("forgot", "forgot-email", "ada") }},
	{"forgot-sent", func(g *gallery) *person { return g.guest.at("/forgot").sends("forgot", "forgot-email", ada) }},
	{"reset", func(g *gallery) *person { return g.guest.at(g.Mail(g.guest.t, core.MailReset)) }},
	{"reset-wrong", func(g *gallery) *person {
		return g.guest.at(g.Mail(g.guest.t, core.MailReset)).sends("reset", "reset-password", "short")
	}},
	{"reset-expired", func(g *gallery) *person {
		return g.guest.at("/reset?token=old").sends("reset", "reset-password", other)
	}},
	{"verify", func(g *gallery) *person { return g.guest.at("/verify?token=some") }},
	{"verify-expired", func(g *gallery) *person { return g.guest.at("/verify?token=old").sends("verify") }},
	{"email-confirm", func(g *gallery) *person { return g.guest.at("/email/confirm?token=some") }},
	{"email-undo", func(g *gallery) *person { return g.guest.at("/email/undo?token=some") }},
	{"email-undo-expired", func(g *gallery) *person { return g.guest.at("/email/undo?token=old").sends("email-undo") }},
	{"verify-again", func(g *gallery) *person { return g.guest.at("/verify") }},
}

var userStops = []stop{
	{"account", func(g *gallery) *person { return g.member.at("/account") }},
	{"account-wrong", func(g *gallery) *person {
		return g.member.at("/account").sends("email", "email-email", "grace", "email-current_password", "wrong one")
	}},
	{"account-saved", func(g *gallery) *person {
		g.member.at("/account").do(chromedp.Click("#profile-newsletter", chromedp.ByQuery))
		return g.member.sends("profile")
	}},
	{"account-unverified", func(g *gallery) *person {
		g.admin.at("/admin/users/" + g.ada.ID).do(chromedp.Click("#user-is_verified", chromedp.ByQuery))
		g.admin.presses("user")
		return g.member.at("/account")
	}},
	{"leave", func(g *gallery) *person { return g.member.at("/account/delete") }},
	{"key", func(g *gallery) *person { return g.member.at("/account/api-keys") }},
	{"key-wrong", func(g *gallery) *person { return g.member.sends("key", "key-name", "nightly export") }},
	{"key-made", func(g *gallery) *person {
		g.member.clicksHere(`input[name="scope:orders:read"]`)
		return g.member.sends("key")
	}},
	{"device", func(g *gallery) *person { return g.member.at("/device") }},
	{"device-wrong", func(g *gallery) *person { return g.member.sends("device", "device-user_code", "BBBB-BBBB") }},
	{"device-asks", func(g *gallery) *person { return g.member.at(g.deviceLink(g.member.t)).sends("device") }},
	{"account-keys", func(g *gallery) *person { return g.member.at("/account") }},
	{"totp", func(g *gallery) *person { return g.second.at("/account").sends("add-totp") }},
	{"totp-wrong", func(g *gallery) *person { return g.second.sends("totp", "totp-code", "12345") }},
	{"codes", func(g *gallery) *person {
		return g.second.sends("totp", "totp-code", appCode(g.second.t, g.second.secret(), 0), "totp-label", "the blue phone")
	}},
	{"codes-made", func(g *gallery) *person { return g.second.sends("codes") }},
	{"passkey", func(g *gallery) *person { return g.second.at("/account/passkeys") }},
	{"passkey-refused", func(g *gallery) *person {
		g.second.do(webauthn.SetUserVerified(g.device.id, false))
		g.second.clicksHere(byPasskey)
		g.second.do(g.device.decides())
		g.second.waitsFor("No passkey was used")
		g.second.do(webauthn.SetUserVerified(g.device.id, true), g.device.says(false))
		return g.second
	}},
	{"account-factors", func(g *gallery) *person {
		g.second.addsPasskey(g.device, "the red phone")
		return g.second.at("/account")
	}},
	{"rename", func(g *gallery) *person {
		g.second.clicks(`a[href*="/account/factors/"]`)
		return g.second
	}},
	{"prove", func(g *gallery) *person { return g.second.at("/prove?next=/account") }},
	{"prove-wrong", func(g *gallery) *person { return g.second.sends("password", "password-password", "wrong one") }},
	{"login-without-passkeys", func(g *gallery) *person {
		g.stranger.at("/login").waitsFor("Passkeys do not work at this address.")
		return g.stranger
	}},
	{"factor-codes", func(g *gallery) *person {
		g.guest.logsIn("second@example.org")
		return g.guest
	}},
	{"admin-users", func(g *gallery) *person { return g.admin.at("/admin/users") }},
	{"admin-filters", func(g *gallery) *person {
		return g.admin.at("/admin/users?active=true&verified=true&sort=-created")
	}},
	{"admin-filters-wrong", func(g *gallery) *person { return g.admin.at("/admin/users?email=a&sort=created") }},
	{"admin-audit", func(g *gallery) *person { return g.admin.at("/admin/audit?action=login") }},
	{"admin-nobody", func(g *gallery) *person { return g.admin.at("/admin/users?email=nobody") }},
	{"admin-user", func(g *gallery) *person { return g.admin.at("/admin/users/" + g.ada.ID) }},
	{"admin-user-wrong", func(g *gallery) *person {
		return g.admin.at("/admin/users/"+g.ada.ID).sends("user", "user-email", "root@example.org")
	}},
	{"admin-delete", func(g *gallery) *person { return g.admin.at("/admin/users/" + g.ada.ID + "/delete") }},
	{"admin-delete-refused", func(g *gallery) *person {
		return g.admin.at("/admin/users/" + g.Of(g.admin.t, "root@example.org").ID + "/delete").sends("delete")
	}},
	{"error-403", func(g *gallery) *person { return g.member.at("/admin/users") }},
	{"error-404", func(g *gallery) *person { return g.guest.at("/login/nobody") }},
}

func (p *person) at(path string) *person {
	p.t.Helper()
	p.opens(path)
	return p
}

// sends a form, with fields filled in.
func (p *person) sends(form string, pairs ...string) *person {
	p.t.Helper()
	p.fills(pairs...)
	p.presses(form)
	return p
}
