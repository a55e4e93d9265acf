package upgrade_test

import (
	"crypto/rand"
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// wantAudit checks that a migrated database keeps audit records of users of
// before, of whom an earlier release has written a number of them.
func wantAudit(t *testing.T, p parts, emailKey, before string) {
	t.Helper()
	u, err := p.users.Find(t.Context(), core.ByEmail(emailKey))
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(time.Second) // than what the tests did
	id, err := core.NewRecordID(later, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := core.Record{ID: id, At: later, Action: core.EventUpdated, Subject: u.ID}
	if err := p.audit.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(before) // none before there were records
	all, _, err := p.audit.List(t.Context(), core.AuditQuery{User: u.ID, Limit: 100})
	if err != nil || len(all) < n+1 || all[0].ID != id {
		t.Errorf("the records are %v, %v, want %d more", all, err, n)
	}
	logins, _, err := p.audit.List(t.Context(), core.AuditQuery{User: u.ID, Action: core.EventLoggedIn, Limit: 100})
	if err != nil || n > 0 && len(logins) == 0 {
		t.Errorf("the records of logins are %v, %v", logins, err)
	}
}
