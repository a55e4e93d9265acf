package account_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// D10: users without end, at addresses that nobody has verified, delete
// themselves.
func TestAttackD10DeletedAtOnce(t *testing.T) {
	t.Parallel()
	s, leaving := servicetest.New(t), users
	leaving.SelfDelete = true
	s.Set(s.Add("admin@example.org", password).ID, func(a *servicetest.Account) { a.IsSuperuser = true })
	leave := func(n int, verified bool) (mails int) {
		before := len(s.Mails(t.Context()))
		for i := range n {
			u := s.Add(fmt.Sprintf("ada+%v%d@example.org", verified, i), password)
			s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = verified })
			s.Want(t.Context(), leaving, servicetest.Call{Route: "DELETE /me", As: s.Get(u.ID)}, 204, "")
		}
		return len(s.Mails(t.Context())) - before
	}
	if n := leave(10, false); n != 5 {
		t.Errorf("%d mails to one mailbox, want 5", n)
	}
	if n := leave(10, true); n != 10 { // the twin
		t.Errorf("%d mails to those who have verified it, want 10", n)
	}
}
