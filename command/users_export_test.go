package command_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestUsersExport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add("ada@example.org")
	s.run("users", "export", "nobody@example.org").want(3, "there is no user")
	o := s.run("users", "export", "ada@example.org").want(0, "\n  \"user\": {\n")
	var all struct{ User struct{ Email string } }
	if err := json.Unmarshal([]byte(o.out), &all); err != nil || all.User.Email != "ada@example.org" {
		t.Errorf("got %s, %v", o.out, err)
	}
	line := s.run("users", "export", "ada@example.org", "--json").want(0)
	got := line.object()["user"].(map[string]any)["email"]
	if got != "ada@example.org" || strings.Count(line.out, "\n") != 1 {
		t.Errorf("got %s", line.out)
	}
}
