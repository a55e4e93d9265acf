package emailchange_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// wants lets a user ask for another address from a client's address, and
// returns the mails that it causes, by kind and recipient.
func wants(t *testing.T, s *servicetest.Services, u *servicetest.Account, to, from string) map[string]int {
	t.Helper()
	before := len(s.Mails(t.Context()))
	was, planned := s.Get(u.ID).User, *s.Get(u.ID)
	planned.Email = to
	e := &core.Event{
		Kind: core.EventUpdated, At: s.Now(), Route: "users:patch_current_user", User: &planned, Was: &was,
		Client: core.Client{IP: servicetest.Addr(from)},
	}
	f := emailchange.Flow{Confirm: true}
	if err := f.Decide(t.Context(), s.Services, e); err != nil {
		t.Fatal(err)
	}
	e.User = s.Get(u.ID)
	f.On(t.Context(), s.Services, *e)
	mails := map[string]int{}
	for _, m := range s.Mails(t.Context())[before:] {
		mails[m.Kind+" "+m.To]++
	}
	return mails
}

// D09: strangers who ask for the address of a user take neither the mail away
// that warns its owner of a thief, nor the one that confirms it.
func TestAttackD09StrangersWhoWantTheAddress(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	ada, bob := s.Add("ada@example.org", "secret"), s.Add("bob@example.org", "secret")
	s.Set(ada.ID, func(a *servicetest.Account) { a.IsVerified = true })
	eve := s.Add("eve@example.org", "secret")
	for _, address := range []string{"ada@example.org", "wanted@example.org"} {
		for range 6 {
			wants(t, s, eve, address, "198.51.100.1")
		}
	}
	if got := wants(t, s, ada, "thief@example.org", "198.51.100.1"); got["email-change-asked ada@example.org"] != 1 {
		t.Errorf("the owner of an address is not warned: %v", got)
	}
	if got := wants(t, s, bob, "wanted@example.org", "192.0.2.1"); got["email-change wanted@example.org"] != 1 {
		t.Errorf("who wants an address cannot confirm it: %v", got)
	}
	for range 3 {
		wants(t, s, ada, "thief@example.org", "198.51.100.1")
	}
	for want := 1; want >= 0; want-- { // the fifth, and one too many
		if got := wants(t, s, ada, "last@example.org", "192.0.2.1"); got["email-change-asked ada@example.org"] != want {
			t.Errorf("got %v, want %d warnings", got, want)
		}
	}
}

// D10: addresses with tags are one mailbox.
func TestAttackD10WantedAddresses(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	eve := s.Add("eve@example.org", "secret")
	count := func(format string, n int, from func(int) string) (mails int) {
		for i := range n {
			address := fmt.Sprintf(format, i)
			mails += wants(t, s, eve, address, from(i))["email-change "+address]
		}
		return mails
	}
	one := func(int) string { return "198.51.100.1" }
	many := func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }
	if n := count("ada+%d@example.org", 10, one); n != 5 {
		t.Errorf("%d mails to one mailbox because of one network, want 5", n)
	}
	if n := count("ada+%d@example.org", 100, many); n != 25 {
		t.Errorf("%d more because of many, want 25", n)
	}
	if n := count("ada-%d@example.org", 10, one); n != 10 { // the twin
		t.Errorf("%d mails to 10 mailboxes", n)
	}
}
