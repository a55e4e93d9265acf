package mailtoken_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// D09: a mail that nobody can ask for reaches the owner of a verified address,
// although strangers ask for mails to it, and have users at its tags.
func TestAttackD09MailsOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	sent := func(do func()) int {
		before := len(s.Mails(t.Context()))
		do()
		return len(s.Mails(t.Context())) - before
	}
	own := func() { invite.Send(t.Context(), s.Services, s.Get(u.ID), active) }
	for i := range 40 {
		ip := servicetest.Addr(fmt.Sprintf("198.51.100.%d", i))
		invite.AskedBy(ip).Send(t.Context(), s.Services, s.Add(fmt.Sprintf("ada+%d@example.org", i), "secret"), active)
	}
	for i := range 10 {
		invite.Send(t.Context(), s.Services, s.Add(fmt.Sprintf("ada+own%d@example.org", i), "secret"), active)
	}
	if n := len(s.Mails(t.Context())); n != 30 {
		t.Fatalf("%d mails were sent to one mailbox, want 30", n)
	}
	if n := sent(own); n != 0 {
		t.Errorf("%d mails were sent to an address that may be anybody's", n)
	}
	s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = true })
	for want := range 2 { // the twin: who asks for it is counted as before
		if n := sent(func() {
			kind := invite
			if want == 0 {
				kind = kind.AskedBy(servicetest.Addr("192.0.2.1"))
			}
			kind.Send(t.Context(), s.Services, s.Get(u.ID), active)
		}); n != want {
			t.Errorf("%d mails were sent, want %d", n, want)
		}
	}
	if n := sent(func() {
		for range 10 {
			own()
		}
	}); n != 4 {
		t.Errorf("%d more mails of the user's own were sent, want 4", n)
	}
}
