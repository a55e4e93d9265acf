package pagewalk

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
)

var (
	secretShown = regexp.MustCompile(`<p class="lk-code" translate="no">([A-Z2-7 ]+)</p>`)
	codeShown   = regexp.MustCompile(`<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>`)
	factorID    = regexp.MustCompile(`id="(factor-[^"]+)"`)
)

// Secret is that of the authenticator app which a page adds.
func (p Page) Secret() string {
	p.b.t.Helper()
	found := secretShown.FindStringSubmatch(p.Body)
	if found == nil || !strings.Contains(p.Body, "<svg") {
		p.b.t.Fatalf("%s: there is no secret\n%s", p.path, p.Body)
	}
	return strings.ReplaceAll(found[1], " ", "")
}

// codeOf is the code that an app shows, or will show after some time: one that
// is 30 seconds ahead is accepted, and is another one than that of now.
func codeOf(t *testing.T, secret string, ahead time.Duration) string {
	t.Helper()
	code, err := totp.Code(secret, time.Now().Add(ahead))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (a *App) authenticator(t *testing.T, b *Browser) {
	a.Add(t, "ivy@example.org", nil)
	login := func() Page {
		return b.Get("/login").Submit("login", "username", "ivy@example.org", "password", Password)
	}
	login().WantRedirect("/account")
	page := b.Get("/account").Want(200, "Second step", "!Recovery", "!New recovery codes").Submit("add-totp").
		Want(200, "Scan this picture", `role="img"`)
	secret := page.Secret()
	wrong := page.Submit("totp", "code", "12345", "label", "the <blue> phone").
		Want(400, "That code is not right", `value="the &lt;blue&gt; phone"`, `aria-describedby="totp-code-error"`)
	if wrong.Secret() != secret {
		t.Error("a wrong code shows another picture")
	}
	wrong.Submit("totp", "code", codeOf(t, secret, 0)).WantRedirect("/account/recovery-codes")
	made := b.Get("/account/recovery-codes").Want(200, "The app is added", "A recovery code lets you log in").
		Submit("codes").Want(200, "not shown again")
	codes := codeShown.FindAllStringSubmatch(made.Body, -1)
	if len(codes) != 10 {
		t.Fatalf("%d codes are shown\n%s", len(codes), made.Body)
	}
	b.Get("/account").Want(200, "the &lt;blue&gt; phone", "10 left", "New recovery codes", "!add-totp", "!"+secret)
	b.Post("/account/totp").Want(409, "You have added an app already")
	rename := "/account/factors/" + strings.TrimPrefix(factorID.FindStringSubmatch(b.Get("/account").Body)[1], "factor-")
	page = b.Get(rename).Want(200, "Name it", `value="the &lt;blue&gt; phone"`)
	page.Submit("rename", "label", strings.Repeat("x", 201)).Want(422, "Please choose a shorter name.", "xxx")
	page.Submit("rename", "label", "the red phone").WantRedirect("/account#factors")
	b.Get("/account").Want(200, "Saved.", "the red phone", "!blue")
	b.Get(rename + "0").Want(404)
	b.Post(rename+"0/name", "label", "x").Want(404)

	b.Post("/logout").WantRedirect("/login")
	login().WantRedirect("/login/factor")
	page = b.Get("/login/factor").Want(200, "Authenticator app", "Code of the app", "Recovery code", `inputmode="numeric"`)
	page.Submit("totp", "code", "000000").Want(400, "That code is not right")
	page.Submit("totp", "code", codeOf(t, secret, 30*time.Second)).WantRedirect("/account")

	b.Post("/logout").WantRedirect("/login")
	login().WantRedirect("/login/factor")
	b.Get("/login/factor").Submit("recovery", "code", codes[0][1]).WantRedirect("/account")
	page = b.Get("/account").Want(200, "9 left")
	app := factorID.FindStringSubmatch(page.Body)[1]
	page.Submit(app).WantRedirect("/account")
	b.Get("/account").Want(200, "It is removed", "add-totp", "!9 left", "!New recovery codes")
	b.Post("/account/recovery-codes").Want(409, "Please add a second step first")
	b.Get("/account/totp").WantRedirect("/account#factors")
	b.Post("/logout").WantRedirect("/login")
	login().WantRedirect("/account")
}

func (a *App) required(t *testing.T, b *Browser) {
	a.Add(t, Careful, nil)
	b.Post("/login/enrol").WantRedirect("/login")
	b.Get("/login").Submit("login", "username", Careful, "password", Password).WantRedirect("/login/factor")
	b.Get("/account").Follow().Want(200, "Log in")
	page := b.Get("/login/factor").Want(200, "One more step").Submit("enrol").
		Want(200, "Scan this picture", "Use another account")
	secret := page.Secret()
	page.Submit("totp", "code", "").Want(400, "That code is not right")
	page.Submit("totp", "code", "000000").Want(400, "That code is not right")
	b.Get("/login/enrol/confirm").WantRedirect("/login/factor")
	page.Submit("totp", "enrolment", "of another login", "code", codeOf(t, secret, 0)).WantRedirect("/login/factor")
	page = b.Get("/login/factor").Want(200, "That took too long").Submit("enrol")
	page.Submit("totp", "code", codeOf(t, page.Secret(), 0)).WantRedirect("/account")
	b.Get("/account").Want(200, "Authenticator app", Careful)
	b.Post("/account/totp").Want(409)
}

func (a *App) byMail(t *testing.T, b, other *Browser) {
	a.Add(t, "kim@example.org", nil)
	next := "?next=" + url.QueryEscape(a.Prefix+"/account?x=1")
	ask := func() {
		b.Get("/login"+next).Want(200, `href="`+a.Prefix+`/login/mail?next=`)
		b.Get("/login/mail"+next).Want(200, "You need no password").Submit("mail", "email", "kim@example.org").
			WantRedirect("/login/mail" + next + "&sent=1")
	}
	b.Get("/login/mail").Submit("mail", "email", "kim").Want(422, "such as name@example.org", `value="kim"`)
	ask()
	page := b.Get("/login/mail"+next+"&sent=1").Want(200, "a mail is on its way", `inputmode="numeric"`)
	page.Submit("mail-code", "code", "00000000").Want(400, "This does not work, or no more")
	link := a.Mail(t, core.MailLogin)

	// A link that is opened elsewhere is refused there, and not used up.
	other.Get(link).Want(400, "where the mail was asked for", "Send me a mail", "!kim@example.org")
	_, token, _ := strings.Cut(link, "?token=")
	other.Post("/login/mail/confirm", "token", token).Want(400, "where the mail was asked for", "Send me a mail")
	other.Get("/account").Follow().Want(200, "Log in")
	b.Get(link).Want(200, "one click away: this logs you in as kim@example.org").Submit("mail-link").
		WantRedirect("/account")
	b.Get("/account").Want(200, "kim@example.org")
	b.Get(link).Want(400, "This does not work")

	b.Post("/logout").WantRedirect("/login")
	ask()
	page.Submit("mail-code", "code", a.Code(t)).WantRedirect("/account?x=1")

	// An address that nobody has signs up.
	b.Post("/logout").WantRedirect("/login")
	b.Get("/login/mail").Submit("mail", "email", "new@example.org").WantRedirect("/login/mail?sent=1")
	b.Get(a.Mail(t, core.MailLogin)).Submit("mail-link").WantRedirect("/account")
	if u := a.Of(t, "new@example.org"); !u.IsVerified || u.HashedPassword != "" {
		t.Errorf("the new user is %+v", u)
	}
}
