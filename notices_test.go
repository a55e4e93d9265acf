package latchkey_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/senders/outbox"
)

// A provider that is connected, in the account or by a login, is the user's own
// doing, or that of somebody in their place.
func TestNoticesOfProviders(t *testing.T) {
	t.Parallel()
	box, err := outbox.New(outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	byEmail := func(p *oauth.Provider) { p.AssociateByEmail, p.VerifiedByDefault = true, true }
	a := newOAuthAppAt(t, nil, byEmail, func(o *latchkey.Options[Member]) {
		o.Flows, o.Sender = append(o.Flows, notices.Flow{}), box
	})
	var told int
	want := func(subject string) {
		t.Helper()
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		mails := box.Mails()
		if told++; len(mails) != told || mails[told-1].To != "ada@example.org" || mails[told-1].Subject != subject ||
			!strings.Contains(mails[told-1].Text, "From: Go, address 127.0.0.1") ||
			strings.Contains(mails[told-1].Text, "administrator") {
			last := mails[len(mails)-1]
			t.Errorf("got %d mails, want %q: %s\n%s", len(mails), subject, last.Subject, last.Text)
		}
	}
	id := a.register("ada@example.org").member("id")
	a.edit(id, func(m *Member) { m.IsVerified = true })
	b := a.browser()
	b.token = a.login("ada@example.org", password).member("token")
	b.through("/auth/associate/other", identity("id-9", "other-address@example.org")).expect(t, 200, "ada")
	want("A new way to log in: other")
	b.send("DELETE", "/auth/associate/other", "", "").expect(t, 204, "")
	want("Disconnected: other")
	a.browser().through(web, identity("id-1", "ada@example.org", true)).expect(t, 200, "token")
	want("A new way to log in: acme")

	// Who registers at a provider has nothing to be warned of.
	a.browser().through(web, identity("id-2", "bob@example.org", true)).expect(t, 200, "token")
	if err := a.Wait(t.Context()); err != nil || len(box.Mails()) != told {
		t.Errorf("%d mails, %v", len(box.Mails()), err)
	}
}
