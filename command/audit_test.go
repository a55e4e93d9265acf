package command_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("audit").want(5, "the flow audit is not in Options.Flows")
	s.flows = append(s.flows, audit.Flow{Store: memstore.NewAudit()})
	s.run("audit").want(0, "Nothing is recorded.")
	id := s.add("ada@example.org")["id"].(string)
	s.add("bob@example.org")
	s.login("ada@example.org")
	s.run("users", "delete", "ada@example.org", "--yes").want(0)

	table := s.run("audit").want(0, "TIME", "ACTION", "user.deleted", "login", "self", "system").out
	if n := strings.Count(table, "\n"); n != 5 || !strings.Contains(strings.Split(table, "\n")[1], "user.deleted") {
		t.Errorf("%d lines, want 5, the newest first:\n%s", n, table)
	}
	s.run("audit", "--limit", "2").want(0, "There are more")
	if out := s.run("audit", "--limit", "0").want(0).out; out != table {
		t.Errorf("got %s", out)
	}
	// Of a deleted user by the ID.
	lines := strings.Split(strings.TrimSpace(s.run("audit", "--user", id, "--oldest", "--json").want(0).out), "\n")
	var actions []string
	for _, line := range lines {
		var r struct {
			Action string
			UserID string `json:"user_id"`
			By     struct{ Kind string }
			Fields []string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.UserID != id || r.By.Kind == "" || r.Fields == nil {
			t.Errorf("%s: %v", line, err)
		}
		actions = append(actions, r.Action)
	}
	if got := strings.Join(actions, " "); got != "register login user.deleted" {
		t.Errorf("got %s", got)
	}
	if out := s.run("audit", "--user", "bob@example.org", "--json").want(0).out; strings.Count(out, "\n") != 1 {
		t.Errorf("bob's: %s", out)
	}
	ada := s.add("ada@example.org")["id"].(string)
	s.login("ada@example.org")
	for _, who := range []string{"ada@example.org", ada} {
		out := s.run("audit", "--by", who, "--json").want(0).out
		if strings.Count(out, "\n") != 1 || !strings.Contains(out, `"login"`) {
			t.Errorf("by %s: %s", who, out)
		}
	}
	s.run("audit", "--by", "bob@example.org").want(0, "Nothing is recorded.")
	s.run("audit", "--action", "login", "--from", "2020-01-01").want(0, "self")
	s.run("audit", "--before", "2020-01-01").want(0, "Nothing is recorded.")
	s.run("audit", "--from", "today").want(2, "--from")
	s.run("audit", "--limit", "-1").want(2, "--limit")
	s.run("audit", "ada@example.org").want(2, "too much")
}
