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
	all, _, err := p.audit.List(t.Context(), core.AuditQuery{User: u.ID, Limit: 100})
	if err != nil || len(all) == 0 || all[0].ID != id {
		t.Errorf("the newest of the records is not %s: %v, %v", id, all, err)
	}
	n, _ := strconv.Atoi(before) // none before there were records
	theirs, _, err := p.audit.List(t.Context(), core.AuditQuery{User: u.ID, To: now, Limit: 100})
	if err != nil || len(theirs) != n {
		t.Errorf("the records of the release before are %v, %v, want %d", theirs, err, n)
	}
}
