package harness

import (
	"testing"
	"time"
)

// ListedSession is a session as its owner sees it.
type ListedSession struct {
	ID        string    `json:"id"`
	Backend   string    `json:"backend"`
	Label     string    `json:"label"`
	IP        string    `json:"ip"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

// ListSessions returns the sessions of the user whose credential mine is.
func (a *App) ListSessions(t *testing.T, mine Option) (all []ListedSession) {
	t.Helper()
	got := a.Want(t, "GET /auth/sessions 200", mine)
	if !StrictJSON(got.Body, &all) || all == nil {
		t.Fatalf("got %s", got.Body)
	}
	return all
}
