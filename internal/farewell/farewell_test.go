package farewell_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/farewell"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// D10: who registers and deletes users without end floods nobody's mailbox, and
// takes no mail away from who has verified theirs.
func TestAttackD10Farewells(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	send := func(address string, verified bool, from string) (sent int) {
		before := len(s.Mails(t.Context()))
		u := s.Add(address, "")
		u.IsVerified = verified
		mail := core.Mail{User: u, Lang: "de", Client: core.Client{IP: servicetest.Addr(from)}}
		farewell.Send(s.Services, u.User, mail)
		return len(s.Mails(t.Context())) - before
	}
	all := 0
	for i := range 100 {
		n := send(fmt.Sprintf("ada+%d@example.org", i), false, fmt.Sprintf("198.51.100.%d", i/10))
		if all += n; n == 1 && i%10 >= 5 {
			t.Errorf("a sixth mail because of one network")
		}
	}
	if all != 30 {
		t.Errorf("%d mails to one mailbox, want 30", all)
	}
	if send("ada@example.org", true, "198.51.100.1") != 1 {
		t.Error("no mail to the verified address")
	}
	if send("eve@example.org", false, "198.51.100.99") != 1 {
		t.Error("no mail to another mailbox")
	}
	mails := s.Mails(t.Context())
	m := mails[len(mails)-1]
	if m.To != "eve@example.org" ||
		m.Kind != core.MailDeleted || m.Lang != "de" || m.User == nil || !m.Client.IP.IsValid() {
		t.Errorf("the mail is %s to %s", m.Kind, m.To)
	}
	s.Advance(time.Hour)
	if send("ada+again@example.org", false, "198.51.100.1") != 1 {
		t.Error("no mail an hour later")
	}
}

// failing is a Sender that fails once.
type failing struct {
	core.Sender
	done bool
}

func (f *failing) Send(ctx context.Context, m core.Mail) error {
	if !f.done {
		f.done = true
		return errors.New("the mail server is down")
	}
	return f.Sender.Send(ctx, m)
}

func TestSendCountsOnce(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Services.Jobs = again{s.Services.Jobs}
	for i := range 5 {
		s.Mail = &failing{Sender: s.Mail}
		farewell.Send(s.Services, s.Add(fmt.Sprintf("ada+%d@example.org", i), "").User, core.Mail{})
		if n := len(s.Mails(t.Context())); n != i+1 {
			t.Fatalf("%d mails, want %d", n, i+1)
		}
	}
	farewell.Send(s.Services, core.User{}, core.Mail{})
	s.Mail = nil
	farewell.Send(s.Services, s.Add("eve@example.org", "").User, core.Mail{})
	if n := len(s.Mails(t.Context())); n != 5 {
		t.Errorf("%d mails, of one without an address, or without a sender", n)
	}
}

// again are jobs that run once more after an error.
type again struct{ core.Jobs }

func (a again) EnqueueMail(name string, do func(context.Context) error) {
	a.Jobs.EnqueueMail(name, func(ctx context.Context) error {
		if do(ctx) == nil {
			return nil
		}
		return do(ctx)
	})
}
