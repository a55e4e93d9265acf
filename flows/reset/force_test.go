package reset_test

import (
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestForce(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add("ada@example.org", "a password of ada's")
	if err := (reset.Flow{}).Force(t.Context(), s.Services, u, nil); err != nil {
		t.Fatal(err)
	}
	got := s.Get(u.ID)
	if got.HashedPassword != "" || got.TokenEpoch != u.TokenEpoch+1 {
		t.Errorf("got %+v", got.User)
	}
	if e := s.Last(); e.Kind != core.EventResetForced || e.Was.HashedPassword == "" || e.Keep != nil {
		t.Errorf("the event is %+v", e)
	}
	mails := s.Mails(t.Context())
	if len(mails) != 1 || mails[0].Kind != core.MailReset || mails[0].To != "ada@example.org" {
		t.Fatalf("got the mails %v", mails)
	}
	if _, err := (reset.Flow{}).Reset(t.Context(), s.Services, mails[0].Token, "another password", nil); err != nil {
		t.Errorf("the mail's link: %v", err)
	}

	blocked := s.Add("bob@example.org", "a password of bob's")
	s.Set(blocked.ID, func(a *servicetest.Account) { a.SuspendedUntil = core.ForGood() })
	if err := (reset.Flow{}).Force(t.Context(), s.Services, blocked, nil); err != nil {
		t.Error(err)
	}
	if n := len(s.Mails(t.Context())); n != 1 || s.Get(blocked.ID).HashedPassword != "" {
		t.Errorf("%d mails, the password is %q", n, string(s.Get(blocked.ID).HashedPassword))
	}
	ghost := &servicetest.Account{User: core.User{ID: "nobody"}}
	if err := (reset.Flow{}).Force(t.Context(), s.Services, ghost, nil); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("somebody who is gone: %v", err)
	}
	s.Refuse = core.Refuse("NOT_NOW")
	if err := (reset.Flow{}).Force(t.Context(), s.Services, got, nil); !errors.Is(err, s.Refuse) {
		t.Errorf("a decider's refusal: %v", err)
	}
}
