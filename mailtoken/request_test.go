package mailtoken_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// asks is a flow with a route that asks for a mail.
type asks struct{ mailtoken.Kind }

func (asks) Name() string     { return "invite" }
func (asks) PerBackend() bool { return false }
func (a asks) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{Method: "POST", Pattern: "/invite", Handle: a.Request(svc, active, "invited")}}, a.Check(svc)
}

func body(address string) servicetest.Call {
	return servicetest.Call{Route: "POST /invite", JSON: fmt.Sprintf(`{"email": %q}`, address)}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		status  int
		part    string
		mails   int
	}{
		"a known user":                   {ada, 202, "null", 1},
		"another spelling":               {"ADA@Example.org", 202, "null", 1},
		"an unknown address":             {"nobody@example.org", 202, "null", 0},
		"an inactive user":               {"bob@example.org", 202, "null", 0},
		"what is no address":             {"ada", 422, "email", 0},
		"no address":                     {"", 422, "email", 0},
		"an address with a line's break": {"ada@example.org\nBcc: eve@example.org", 422, "email", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			s.Add(ada, "secret")
			bob := s.Add("bob@example.org", "secret")
			s.Set(bob.ID, func(a *servicetest.Account) { a.IsActive = false })
			s.Want(t.Context(), asks{invite}, body(c.address), c.status, c.part)
			if kinds := s.Happened(); len(kinds) != 0 {
				t.Errorf("before the answer: %v", kinds)
			}
			mails := s.Mails(t.Context())
			if len(mails) != c.mails || len(s.Happened()) != c.mails {
				t.Errorf("%d mails and %v, want %d", len(mails), s.Happened(), c.mails)
			}
			if c.mails > 0 && mails[0].To != ada {
				t.Errorf("the mail goes to %q, want the stored address", mails[0].To)
			}
		})
	}
}

func TestRequestWithoutAStore(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Store.Down = errors.New("down")
	s.Want(t.Context(), asks{invite}, body("nobody@example.org"), 503, core.CodeServiceUnavailable)
}

func TestRequestLimits(t *testing.T) {
	t.Parallel()
	kind := asks{mailtoken.New("invite", mailtoken.Options{
		RequestLimit: core.Limit{Events: 3, Window: time.Minute}, MailLimit: core.Limit{Events: 2, Window: time.Hour},
	})}
	s := servicetest.New(t)
	s.Add(ada, "secret")
	for range 3 {
		s.Want(t.Context(), kind, body(ada), 202, "null")
	}
	s.Want(t.Context(), kind, body(ada), 429, core.CodeRateLimited)
	s.Want(t.Context(), kind, body("nobody@example.org"), 429, core.CodeRateLimited)
	elsewhere := body(ada)
	elsewhere.From = "198.51.100.1"
	s.Want(t.Context(), kind, elsewhere, 202, "null")
	if n := len(s.Mails(t.Context())); n != 3 {
		t.Errorf("%d mails were sent to one address, want 2 that one network asked for, and 1", n)
	}
	s.Advance(time.Hour)
	s.Want(t.Context(), kind, body(ada), 202, "null")
	if n := len(s.Mails(t.Context())); n != 4 {
		t.Errorf("%d mails were sent after an hour, want 4", n)
	}
}

// A stranger does not use up the mails of an address, nor can many flood it.
func TestAttackQ15MailsOfAnAddress(t *testing.T) {
	t.Parallel()
	plenty := core.Limit{Events: 1000, Window: time.Hour}
	kind := mailtoken.New("invite", mailtoken.Options{RequestLimit: plenty})
	few := mailtoken.New("invite", mailtoken.Options{
		RequestLimit: plenty, AddressLimit: core.Limit{Events: 7, Window: time.Minute},
	})
	for name, c := range map[string]struct {
		kind     mailtoken.Kind
		networks int
		want     int // of a hundred requests, before the owner asks
		owner    int // mails that the owner gets
	}{
		"one stranger":             {kind, 1, 5, 5},
		"three strangers":          {kind, 3, 15, 5},
		"a hundred strangers":      {kind, 100, 30, 0},
		"two, and a limit of both": {few, 2, 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			ask := func(n int, from func(int) string) int {
				before := len(s.Mails(t.Context()))
				for i := range n {
					call := body(ada)
					call.From = from(i)
					s.Want(t.Context(), asks{c.kind}, call, 202, "null")
				}
				return len(s.Mails(t.Context())) - before
			}
			strangers := func(i int) string { return fmt.Sprintf("198.51.100.%d", i%c.networks) }
			if n := ask(100, strangers); n != c.want {
				t.Errorf("%d mails were sent, want %d", n, c.want)
			}
			if n := ask(6, func(int) string { return "192.0.2.1" }); n != c.owner {
				t.Errorf("the owner gets %d mails, want %d", n, c.owner)
			}
			before := len(s.Mails(t.Context()))
			for range 6 { // the application's own count, within that of all
				c.kind.Send(t.Context(), s.Services, u, active)
			}
			if n := len(s.Mails(t.Context())) - before; n != c.owner {
				t.Errorf("the application sends %d mails, want %d", n, c.owner)
			}
		})
	}
}

// Addresses with tags, of which anybody makes up any number, are one mailbox.
func TestAttackQ13AddressesWithTags(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	ip := servicetest.Addr("198.51.100.1")
	for i := range 10 {
		invite.AskedBy(ip).Send(t.Context(), s.Services, s.Add(fmt.Sprintf("ada+%d@example.org", i), "secret"), active)
	}
	if n := len(s.Mails(t.Context())); n != 5 {
		t.Errorf("%d mails were sent to one mailbox, want 5", n)
	}
	for i := range 10 { // the twin
		invite.AskedBy(ip).Send(t.Context(), s.Services, s.Add(fmt.Sprintf("ada-%d@example.org", i), "secret"), active)
	}
	if n := len(s.Mails(t.Context())); n != 15 {
		t.Errorf("%d mails were sent, want 10 more to 10 mailboxes", n)
	}
}

// failing is a Sender that fails as often as it says.
type failing struct {
	core.Sender
	times int
}

func (f *failing) Send(ctx context.Context, m core.Mail) error {
	if f.times--; f.times >= 0 {
		return errors.New("the mail server is down")
	}
	return f.Sender.Send(ctx, m)
}

// An attempt after the first sends the same ticket, counts no second mail, and
// raises nothing again; after a change of the address it sends nothing.
func TestAJobThatIsRunAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(s *servicetest.Services, u *servicetest.Account)
		mails     int
		byID      bool
	}{
		"the same ticket": {func(*servicetest.Services, *servicetest.Account) {}, 1, false},
		"another address": {func(s *servicetest.Services, u *servicetest.Account) {
			s.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = "eve@example.org", "eve@example.org" })
		}, 0, true},
		"a newer ticket": {func(s *servicetest.Services, u *servicetest.Account) {
			_ = s.Tickets.Put(t.Context(), core.Ticket{Purpose: "invite", UserID: u.ID, Expires: s.Now().Add(time.Hour)}, true)
		}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			var job func(context.Context) error
			s.Services.Jobs = capture{&job}
			s.Mail = &failing{s.Mail, 2}
			kind := mailtoken.New("invite", mailtoken.Options{MailLimit: core.Limit{Events: 1, Window: time.Hour}})
			want := 1
			if c.byID {
				kind.Send(t.Context(), s.Services, u, active)
				want = 0
			} else if err := kind.Ask(t.Context(), s.Services, ada, active, "invited"); err != nil {
				t.Fatal(err)
			}
			if job(t.Context()) == nil || job(t.Context()) == nil {
				t.Fatal("the job has succeeded without a mail server")
			}
			c.meanwhile(s, u)
			if err := job(t.Context()); err != nil {
				t.Errorf("the third attempt: %v", err)
			}
			if n := len(s.Mails(t.Context())); n != c.mails {
				t.Errorf("%d mails were sent, want %d", n, c.mails)
			}
			if kinds := s.Happened(); len(kinds) != want {
				t.Errorf("raised %v, want %d", kinds, want)
			}
		})
	}
}

// capture keeps the job that is queued.
type capture struct{ job *func(context.Context) error }

func (c capture) Enqueue(_ string, do func(context.Context) error)     { *c.job = do }
func (c capture) EnqueueMail(_ string, do func(context.Context) error) { *c.job = do }
