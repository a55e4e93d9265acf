package command_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("users", "create-service").want(1, "has no API keys")
	keys := s.withKeys(stored{s.factors})
	s.run("users", "create-service", "robot@example.org").want(2, "too much")
	s.run("users", "create-service", "--set", "no_such=1").want(2, "no such column")
	out := s.run("users", "create-service").want(0, "The service account ").out
	id := strings.Fields(out)[3]
	s.run("users", "show", id).want(0, id)
	out = s.run("keys", "make", id, "--name", "nightly", "--scope", "read").want(0, "acts for "+id).out
	found, err := keys.Verify(t.Context(), strings.TrimSpace(strings.Split(out, "\n")[1]))
	if err != nil || found.UserID != id {
		t.Errorf("the key is %+v, %v", found.Session, err)
	}
	if err := keys.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var made map[string]any
	out = s.run("users", "create-service", "--superuser", "--json").want(0).out
	if err := json.Unmarshal([]byte(out), &made); err != nil || made["is_superuser"] != true ||
		made["is_active"] != true ||
		made["has_password"] != false || made["email"] != "" {
		t.Errorf("%s, %v", out, err)
	}
	s.run("users", "list", "--limit", "0").want(0, id)
}
