package routes_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// A person finds which of their sessions a login has begun.
func TestAuditNamesTheSessionOfALogin(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogIn(t, "session", u)
		a.LogIn(t, "cookie", u)
		a.LogIn(t, "jwt", u)
		var listed []string
		for _, s := range a.ListSessions(t, mine) {
			listed = append(listed, s.ID)
		}
		var records []struct {
			Action    string
			SessionID string `json:"session_id"`
		}
		got := a.Want(t, "GET /auth/audit/me 200", mine)
		if err := json.Unmarshal([]byte(got.Body), &records); err != nil {
			t.Fatal(err)
		}
		var begun []string
		for _, r := range records {
			if r.Action == "login" && r.SessionID != "" && !slices.Contains(begun, r.SessionID) {
				begun = append(begun, r.SessionID)
			}
		}
		if len(begun) != 3 || len(listed) < 2 {
			t.Errorf("the logins are of %q, and the sessions %q", begun, listed)
		}
		for _, id := range listed {
			if !slices.Contains(begun, id) {
				t.Errorf("no login has begun %s: %q", id, begun)
			}
		}
	})
}
