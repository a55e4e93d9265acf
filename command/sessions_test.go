package command_test

import (
	"strings"
	"testing"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.add("ada@example.org")["id"].(string)
	s.add("bob@example.org")
	s.run("sessions", "list", "ada@example.org").want(0, "is not logged in")
	first, second, other := s.login("ada@example.org"), s.login("ada@example.org"), s.login("bob@example.org")
	if first.ID == second.ID {
		second = first
	}
	table := s.run("sessions", "list", "ada@example.org").want(0, "BACKEND", first.ID[:12]).out
	if n := strings.Count(table, "\n"); n != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, table)
	}
	if strings.Contains(table, other.ID[:12]) {
		t.Error("another user's session is shown")
	}
	out := s.run("sessions", "list", id, "--json").want(0, first.ID).out
	if strings.Count(out, "\n") != 2 {
		t.Errorf("got %s", out)
	}
	s.run("sessions", "revoke", id, other.ID).want(3, "has no session")
	s.run("sessions", "revoke", id, first.ID[:7]).want(3)
	s.run("sessions", "revoke", id).want(2, "--all")
	s.run("sessions", "revoke", id, first.ID, "--all").want(2)
	s.run("sessions", "revoke", "nobody@example.org", first.ID).want(3)
	s.run("sessions", "revoke", id, first.ID[:12]).want(0, "logged out")
	s.run("sessions", "revoke", id, first.ID).want(3)
	if out := s.run("sessions", "list", id, "--json").want(0).out; strings.Count(out, "\n") != 1 {
		t.Errorf("after one was revoked: %s", out)
	}
	s.run("sessions", "revoke", id, "--all").want(0, "everywhere")
	s.run("sessions", "list", id).want(0, "is not logged in")
	s.run("sessions", "list", "bob@example.org").want(0, other.ID[:12])
}
