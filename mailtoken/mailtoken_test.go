package mailtoken_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

const ada = "ada@example.org"

// invite is the kind of an application's own flow.
var invite = mailtoken.New("invite", mailtoken.Options{})

func active(u *core.User) bool { return u.IsActive }

// send mails a token to the user, and returns it.
func send(t *testing.T, s *servicetest.Services, u core.AnyUser) string {
	t.Helper()
	invite.Send(t.Context(), s.Services, u, active)
	mails := s.Mails(t.Context())
	if len(mails) == 0 {
		t.Fatal("no mail was sent")
	}
	return mails[len(mails)-1].Token
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		options mailtoken.Options
		lacks   func(*core.Services)
	}{
		"":                        {},
		"needs Options.Tickets":   {lacks: func(svc *core.Services) { svc.Tickets = nil }},
		"needs Options.Sender":    {lacks: func(svc *core.Services) { svc.Mail = nil }},
		"needs Options.BaseURL":   {lacks: func(svc *core.Services) { svc.Env.BaseURL = nil }},
		"Lifetime is 1s":          {options: mailtoken.Options{Lifetime: time.Second}},
		"must hold {token} once":  {options: mailtoken.Options{Link: "/invite"}},
		"must be a path":          {options: mailtoken.Options{Link: "https://evil.example/{token}"}},
		"must be a path on":       {options: mailtoken.Options{Link: "//evil.example/{token}"}},
		"RequestLimit or":         {options: mailtoken.Options{RequestLimit: core.Limit{Events: -1, Window: time.Hour}}},
		"RequestLimit or MailLim": {options: mailtoken.Options{MailLimit: core.Limit{Events: 1, Window: -1}}},
		"AddressLimit":            {options: mailtoken.Options{AddressLimit: core.Limit{Events: 1, Window: -1}}},
		"AttemptLimit":            {options: mailtoken.Options{AttemptLimit: core.Limit{Events: 1, Window: -1}}},
	} {
		s := servicetest.New(t)
		if c.lacks != nil {
			c.lacks(s.Services)
		}
		err := mailtoken.New("invite", c.options).Check(s.Services)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: got %v", want, err)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	raw := send(t, s, u)
	mail := s.Mails(t.Context())[0]
	if mail.To != ada || mail.Kind != "invite" || mail.Lifetime != time.Hour ||
		mail.Link != "https://app.example.org/invite#token="+raw || len(raw) != core.SecretLen {
		t.Errorf("the mail is %+v", mail)
	}
	ticket, found, used, err := invite.Find(t.Context(), s.Services, raw)
	if err != nil || used || found == nil || found.Base().ID != u.ID || ticket.Email != ada {
		t.Errorf("got %+v of %v, %v, %v", ticket, found, used, err)
	}
}

func TestWhoGetsNoMail(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *servicetest.Services, u *servicetest.Account){
		"no more wanted": func(s *servicetest.Services, u *servicetest.Account) {
			s.Set(u.ID, func(a *servicetest.Account) { a.IsActive = false })
		},
		"deleted": func(s *servicetest.Services, u *servicetest.Account) { _ = s.Store.Delete(t.Context(), u.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			invite.Send(t.Context(), s.Services, u, active)
			change(s, u)
			if mails := s.Mails(t.Context()); len(mails) != 0 {
				t.Errorf("%d mails were sent", len(mails))
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	other := mailtoken.New("verify", mailtoken.Options{})
	for name, c := range map[string]struct {
		happens func(s *servicetest.Services, u *servicetest.Account, raw string)
		kind    mailtoken.Kind
		user    bool
		used    bool
	}{
		"living": {kind: invite, user: true},
		"a minute before its end": {func(s *servicetest.Services, _ *servicetest.Account, _ string) {
			s.Advance(time.Hour - time.Minute)
		}, invite, true, false},
		"expired":         {func(s *servicetest.Services, _ *servicetest.Account, _ string) { s.Advance(time.Hour) }, invite, false, false},
		"of another kind": {nil, other, false, false},
		"used": {func(s *servicetest.Services, _ *servicetest.Account, raw string) {
			_, _ = s.Tickets.Consume(t.Context(), "invite", core.Digest(raw))
		}, invite, true, true},
		"of a user who is gone": {func(s *servicetest.Services, u *servicetest.Account, _ string) {
			_ = s.Store.Delete(t.Context(), u.ID)
		}, invite, false, false},
		"replaced by a newer one": {func(s *servicetest.Services, u *servicetest.Account, _ string) {
			send(t, s, u)
		}, invite, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			raw := send(t, s, u)
			if c.happens != nil {
				c.happens(s, u, raw)
			}
			_, found, used, err := c.kind.Find(t.Context(), s.Services, raw)
			if err != nil || (found != nil) != c.user || used != c.used {
				t.Errorf("got user %v, used %v, %v; want %v, %v", found != nil, used, err, c.user, c.used)
			}
		})
	}
	t.Run("made up", func(t *testing.T) {
		t.Parallel()
		s := servicetest.New(t)
		if _, u, used, err := invite.Find(t.Context(), s.Services, strings.Repeat("A", core.SecretLen)); u != nil || used ||
			err != nil {
			t.Errorf("got %v, %v, %v", u, used, err)
		}
	})
	t.Run("the users cannot be read", func(t *testing.T) {
		t.Parallel()
		s := servicetest.New(t)
		raw := send(t, s, s.Add(ada, "secret"))
		s.Store.Down = errors.New("down")
		if _, _, _, err := invite.Find(t.Context(), s.Services, raw); !errors.Is(err, core.Unavailable(nil)) {
			t.Errorf("got %v, want a 503", err)
		}
	})
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	kind := mailtoken.New("invite", mailtoken.Options{AttemptLimit: core.Limit{Events: 2, Window: time.Minute}})
	r, there := &core.Request{}, &core.Request{}
	r.Remote, there.Remote = servicetest.Addr("192.0.2.1"), servicetest.Addr("198.51.100.1")
	for i, want := range []error{nil, nil, core.RateLimited(0)} {
		if err := kind.Admit(t.Context(), s.Services, r); !errors.Is(err, want) {
			t.Errorf("token %d: got %v, want %v", i, err, want)
		}
	}
	if err := kind.Admit(t.Context(), s.Services, there); err != nil {
		t.Errorf("another network: got %v", err)
	}
	s.Advance(time.Minute)
	if err := kind.Admit(t.Context(), s.Services, r); err != nil {
		t.Errorf("a minute later: got %v", err)
	}
}
