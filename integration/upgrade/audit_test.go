package upgrade_test

import (
	"crypto/rand"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// wantAudit checks that a migrated database keeps audit records of users of
// before, of which there are none yet.
func wantAudit(t *testing.T, p parts, emailKey string) {
	t.Helper()
	u, err := p.users.Find(t.Context(), core.ByEmail(emailKey))
	if err != nil {
		t.Fatal(err)
	}
	id, err := core.NewRecordID(now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := core.Record{ID: id, At: now, Action: core.EventUpdated, Subject: u.ID}
	if err := p.audit.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	all, _, err := p.audit.List(t.Context(), core.AuditQuery{User: u.ID, Limit: 10})
	if err != nil || len(all) != 1 || all[0].ID != id {
		t.Errorf("the records are %v, %v", all, err)
	}
}
