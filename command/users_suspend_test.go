package command_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestUsersSuspend(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.add("ada@example.org")["id"].(string)
	s.login("ada@example.org")
	s.run("users", "suspend", id).want(2, "--reason is missing")
	s.run("users", "suspend", id, "--reason", "x", "--until", "soon").want(2, "2026-12-31")
	s.run("users", "suspend", id, "--reason", "x", "--until", "2001-01-01").want(4, "in the future")
	s.run("users", "suspend", id, "--reason", core.SuspendedForLeaving).want(4, "users who leave")
	s.run("users", "suspend", "nobody@example.org", "--reason", "x").want(3)
	s.run("users", "suspend", "ada@example.org", "--reason", "Spam").want(0, "ada@example.org", "is suspended")
	if u := s.get("ada@example.org"); !u.SuspendedUntil.Equal(core.ForGood()) || u.SuspendedFor != "Spam" {
		t.Errorf("got %+v", u.User)
	}
	s.run("sessions", "list", id).want(0, "is not logged in")
	_, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.org", password)
	if !errors.Is(err, core.Refuse(core.CodeLoginUserSuspended)) {
		t.Errorf("a login: %v", err)
	}
	s.run("users", "show", id).want(0, "until 9999-12-31 23:59 Spam")
	until := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	shown := s.run("users", "suspend", id, "--reason", "Spam", "--until", until.Format(time.RFC3339), "--json").
		want(0).object()
	if shown["suspended_until"] != until.Format(time.RFC3339) || shown["suspended_for"] != "Spam" {
		t.Errorf("got %v", shown)
	}
	s.run("users", "list", "--suspended").want(0, "ada@example.org")
	s.run("users", "suspend", id, "--reason", "Spam", "--until", until.Format(time.DateOnly)).want(0)
	s.run("users", "reinstate", id).want(0, "is not suspended")
	s.run("users", "reinstate", id).want(0, "is not suspended")
	if _, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.org", password); err != nil {
		t.Errorf("reinstated: %v", err)
	}
	s.run("users", "reinstate", "nobody@example.org").want(3)
}

func TestUsersResetPassword(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.add("ada@example.org")["id"].(string)
	s.login("ada@example.org")
	s.run("users", "reset-password", "nobody@example.org").want(3)
	s.run("users", "reset-password", "ada@example.org").want(0, "has no password any more")
	if u := s.get("ada@example.org"); u.HashedPassword != "" {
		t.Errorf("got %+v", u.User)
	}
	mails := s.box.Mails()
	if len(mails) != 1 || mails[0].Kind != core.MailReset {
		t.Fatalf("got the mails %v", mails)
	}
	if _, err := s.auth.Manager().ResetPassword(t.Context(), mails[0].Token, "another analytical engine"); err != nil {
		t.Error(err)
	}
	s.run("sessions", "list", id).want(0, "is not logged in")
	s.flows = nil
	s.run("users", "reset-password", id).want(1, "reset.Flow")
}
