package pagewalk

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// MailTo returns the path of the link of the newest mail of a kind to an
// address, below Prefix.
func (a *App) MailTo(t testing.TB, kind, address string) string {
	t.Helper()
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	link := ""
	for _, m := range a.Box.Mails() {
		if m.Kind == kind && m.To == address {
			_, link, _ = strings.Cut(m.Text, a.origin+a.Prefix)
			link, _, _ = strings.Cut(link, "\n")
		}
	}
	if link == "" {
		t.Fatalf("there is no %s mail to %s", kind, address)
	}
	return strings.TrimSpace(link)
}

// moves changes an address, which b is logged in to, and undoes that from the
// mailbox before, at a browser where nobody is logged in.
func (a *App) moves(t *testing.T, b, mailbox *Browser) {
	a.Add(t, "ida@example.org", nil)
	b.Get("/login").Submit("login", "username", "ida@example.org", "password", Password).WantRedirect("/account")
	ask := func() {
		t.Helper()
		b.Get("/account").Want(200, "keeps the present one", "Send a mail to the new address").
			Submit("email", "email", "thief@example.org", "current_password", Password).WantRedirect("/account")
		b.Get("/account").Want(200, "A mail is on its way to the new address.", "ida@example.org", "!thief@example.org")
	}
	ask()
	link := a.MailTo(t, core.MailEmailChange, "thief@example.org")
	page := mailbox.Get(link).Want(200, "Confirm your new address", "Use this address")
	b.fromAcme(b.atAcme("/login/acme/link", identity("ida", "ida@acme.example"))).WantRedirect("/account")
	page.Submit("email-confirm").WantRedirect("/login") // it may be another person's
	mailbox.Get("/login").Want(200, "Please log in to the account whose address you have changed")
	if a.Of(t, "ida@example.org").Email != "ida@example.org" {
		t.Error("the address has changed")
	}
	b.Get(link).Submit("email-confirm").WantRedirect("/account")
	b.Get("/account").Want(200, "Your new address is confirmed.", "thief@example.org", "!not confirmed")
	b.Get(link).Submit("email-confirm").Want(400, "has expired or was used")
	b.Get("/email/confirm").WantRedirect("/account")

	undo := a.MailTo(t, core.MailEmailUndo, "ida@example.org")
	page = mailbox.Get(undo).Want(200, "Undo the change of your address", "Undo the change")
	a.Add(t, "ida@example.org", func(u *Account) { u.IsVerified = true })
	page.Submit("email-undo").Want(400, "Another account has this address.")
	a.Edit(t, "ida@example.org", func(u *Account) { u.IsVerified = false })
	page.Submit("email-undo").WantRedirect("/login")
	mailbox.Get("/login").Want(200, "Your account has its former address again.")
	b.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	page.Submit("email-undo").Want(400, "has expired or was used")
	mailbox.Get("/email/undo").WantRedirect("/login")
	mailbox.Get(a.MailTo(t, core.MailReset, "ida@example.org")).
		Submit("reset", "password", "difference engine").WantRedirect("/login")
	mailbox.Get("/login").Submit("login", "username", "ida@example.org", "password", "difference engine").
		WantRedirect("/account")
	mailbox.Get("/account").Want(200, "ida@example.org", "Acme &amp; Co")
	a.leaves(t, mailbox)
}

// leaves deletes the account that b is logged in to.
func (a *App) leaves(t *testing.T, b *Browser) {
	b.Get("/account").Want(200, "Delete my account", `href="`+a.Prefix+`/account/delete"`)
	b.Get("/account/delete").Want(200, "Delete your account?", "cannot be undone").Submit("leave").WantRedirect("/login")
	b.Get("/login").Want(200, "Your account is deleted.")
	b.Get("/account").WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/account"))
	if _, err := a.Users.Find(t.Context(), core.ByEmail("ida@example.org")); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("the user is still there: %v", err)
	}
	b.Post("/account/delete").WantRedirect("/login")
}
