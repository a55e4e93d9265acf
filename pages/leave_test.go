package pages_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// leavable is an application whose users leave after a while, and get copies of
// their data; and Ada's browser, who is logged in.
func leavable(t *testing.T) (a *pagewalk.App, serve pagewalk.Serve, b *pagewalk.Browser) {
	t.Helper()
	a = pagewalk.New(t, "", func(o *pagewalk.Options) { o.Flows, o.SelfExport = append(o.Flows, leaving.Flow{}), true })
	a.Add(t, "ada@example.org", nil)
	serve = served(a)
	b = pagewalk.NewBrowser(t, serve, "")
	logsIn(b)
	return a, serve, b
}

// logsIn logs Ada in.
func logsIn(b *pagewalk.Browser) {
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	a, serve, b := leavable(t)
	day := time.Now().Add(14 * 24 * time.Hour).UTC().Format(time.DateOnly)
	b.Get("/account/delete").Want(200, "We mail you a link by which you can keep it").Submit("leave").
		WantRedirect("/login")
	b.Get("/login").Want(200, "Your account will be removed on "+day)
	b.Get("/account").WantRedirect("/login?next=%2Faccount")

	other := pagewalk.NewBrowser(t, serve, "")
	other.Post("/login", "username", "ada@example.org", "password", pagewalk.Password).
		Want(400, "You can keep it by the link in our mail about it")
	link := a.MailTo(t, core.MailLeaving, "ada@example.org")
	if !strings.HasPrefix(link, "/leaving/undo?token=") {
		t.Fatalf("the link is %s", link)
	}
	page := other.Get(link).Want(200, "Keep your account?")
	other.Get(link).Want(200, "Keep your account?") // what opens links in mails uses nothing up
	page.Submit("leaving-undo").WantRedirect("/login")
	other.Get("/login").Want(200, "Your account is not deleted. Please log in.")
	page.Submit("leaving-undo").Want(400, "has expired or was used")
	other.Get("/leaving/undo").WantRedirect("/login")
	logsIn(b)
}

// Whose mailbox has had its share leaves later, as the form says.
func TestLeavingTooOften(t *testing.T) {
	t.Parallel()
	a, serve, _ := leavable(t)
	for n := range 6 {
		address := fmt.Sprintf("eve+%d@example.org", n)
		a.Add(t, address, func(u *pagewalk.Account) { u.IsVerified = false })
		b := pagewalk.NewBrowser(t, serve, "")
		b.Post("/login", "username", address, "password", pagewalk.Password).WantRedirect("/account")
		got := b.Get("/account/delete").Submit("leave")
		if n < 5 {
			got.WantRedirect("/login")
			continue
		}
		got.Want(429, "There were too many attempts", `action="/account/delete"`)
		b.Get("/account").Want(200, "eve")
	}
}

// A notice has a day, and nobody's words.
func TestANoticeWithADayHasNothingElse(t *testing.T) {
	t.Parallel()
	_, serve, _ := leavable(t)
	for value, text := range map[string]string{
		"notice.leaving:2026-12-24": "removed on 2026-12-24", "notice.leaving:soon": "!removed on",
		"notice.leaving:":                    "!removed on",
		"notice.leaving:2026-12-24-or-never": "!removed on",
	} {
		b := pagewalk.NewBrowser(t, serve, "")
		b.Do("GET", "/login", "", "", "Cookie", "__Host-latchkey-notice="+value).Want(200, text)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	_, _, b := leavable(t)
	page := b.Get("/account").Want(200, "Download my data", `id="export-title"`)
	for range 3 {
		file := page.Submit("export").WantJSON(200, `"email": "ada@example.org"`)
		if got := file.Header.Get("Content-Disposition"); got != `attachment; filename="account.json"` ||
			!json.Valid([]byte(file.Body)) {
			t.Errorf("got %v", file.Header)
		}
	}
	page.Submit("export").Want(429, "Download my data")
	b.Get("/account/export").WantRedirect("/account#export-title")
	b.Do("GET", "/account", "", "", "Accept-Language", "de").Want(200, "Meine Daten herunterladen")
}
