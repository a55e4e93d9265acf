package upgrade_test

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// wantMarks checks that a migrated database keeps what sessions and users of
// before do not have: scopes and their kind, and suspensions.
func wantMarks(t *testing.T, p parts, emailKey string) {
	t.Helper()
	ctx, sessions := t.Context(), p.sessions
	u, err := p.users.Find(ctx, core.ByEmail(emailKey))
	if err != nil || !u.SuspendedUntil.IsZero() || u.SuspendedFor != "" {
		t.Fatalf("the user of before is %+v, %v", u, err)
	}
	one := core.Session{
		ID: "scoped", UserID: u.ID, Backend: "web", Epoch: u.TokenEpoch, Created: now,
		LastSeen: now, Expires: now.Add(time.Hour), Scopes: []string{"read"}, Organization: "acme", Brief: true,
	}
	if err := sessions.Create(ctx, core.Digest("scoped"), one); err != nil {
		t.Fatal(err)
	}
	found, err := sessions.Find(ctx, core.Digest("scoped"))
	if err != nil || !slices.Equal(found.Scopes, one.Scopes) || found.Organization != "acme" || !found.Brief {
		t.Errorf("the session with scopes is %+v, %v", found.Session, err)
	}
	until := now.Add(time.Hour).Truncate(time.Microsecond)
	if _, err = p.users.Update(ctx, u.ID, func(u *account) error {
		u.SuspendedUntil, u.SuspendedFor = until, "spam"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	u, err = p.users.Find(ctx, core.ByID(u.ID))
	if err != nil || !u.SuspendedUntil.Equal(until) || u.SuspendedFor != "spam" {
		t.Errorf("the suspended user is %+v, %v", u, err)
	}
}
