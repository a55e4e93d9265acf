package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// auditBegin is the time of the first of the records of fillAudit, which are a
// second apart.
var auditBegin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fillAudit stores records of 500 users, of which one in 1,000 is no login.
func fillAudit(t *testing.T, db *handle, n int) {
	t.Helper()
	const each = 500
	for first := 0; first < n; first += each {
		rows := make([]string, each)
		for i := range rows {
			at, action := auditBegin.Add(time.Duration(first+i)*time.Second).UnixMicro(), "login"
			if (first+i)%1000 == 0 {
				action = "user.deleted"
			}
			rows[i] = fmt.Sprintf("('%016x%016x', %d, '%s', '', 'user', '', '', '', 'user-%d', '', '', '', '', '', '', '', '')", at, i, at,
				action, i)
		}
		run(t, db, "INSERT INTO latchkey_audit (id, at, action, code, by_kind, by_user, by_session, by_actor, subject, target, "+
			"route, backend, method, ip, label, fields, reason) VALUES "+strings.Join(rows, ", "))
	}
	if db.kind != sqlstore.MariaDB {
		run(t, db, "ANALYZE")
	} else {
		run(t, db, "ANALYZE TABLE latchkey_audit")
	}
}

// TestAuditReadsAlongItsIndexes: lists and sweeps read what they return, and
// nothing is sorted.
func TestAuditReadsAlongItsIndexes(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db, statements := d.recorded(t, d.address(t))
		db.SetMaxOpenConns(1)
		store, _ := users[core.User](t, db, sqlstore.Options{})
		n := long.Rows()
		fillAudit(t, db, n)
		records, primary := store.Audit(), map[sqlstore.Dialect]string{
			sqlstore.SQLite: "sqlite_autoindex_latchkey_audit_1", sqlstore.PostgreSQL: "latchkey_audit_pkey",
		}[d.dialect]
		if primary == "" {
			primary = "PRIMARY"
		}
		const user, action = "user-77", "user.deleted"
		for _, c := range []struct {
			q     core.AuditQuery
			index string
			args  []any
		}{
			{core.AuditQuery{}, primary, nil},
			{core.AuditQuery{User: user}, "latchkey_audit_subject", []any{user}},
			{core.AuditQuery{Action: action}, "latchkey_audit_action", []any{action}},
			{core.AuditQuery{User: user, Action: action}, "latchkey_audit_", []any{user, action}},
		} {
			for _, c.q.Oldest = range []bool{false, true} {
				c.q.Limit = 5
				statements.Texts()
				if _, _, err := records.List(t.Context(), c.q); err != nil {
					t.Fatal(err)
				}
				args := append(append([]any{"", "g"}, c.args...), 6)
				for _, text := range statements.Texts() {
					if plan := explain(t, d, db, text, args); !strings.Contains(plan, c.index) || sorts.MatchString(plan) {
						t.Errorf("%+v: the plan of %s is\n%s", c.q, text, plan)
					}
				}
			}
		}
		before := auditBegin.Add(time.Duration(n/2) * time.Second)
		statements.Texts()
		if swept, err := records.Prune(t.Context(), before); swept != n/2 || err != nil {
			t.Errorf("swept %d of %d, %v", swept, n, err)
		}
		texts := statements.Statements()
		if len(texts) < max(2, n/2/20_000) {
			t.Errorf("%d statements swept %d records", len(texts), n/2)
		}
		for _, text := range texts[:1] {
			args := []any{fmt.Sprintf("%016x", before.UnixMicro()), 1000}
			if plan := explain(t, d, db, text, args); !strings.Contains(plan, primary) || !strings.Contains(text, "LIMIT") {
				t.Errorf("the plan of %s is\n%s", text, plan)
			}
		}
		if left := count(t, db, "SELECT COUNT(*) FROM latchkey_audit"); left != n-n/2 {
			t.Errorf("%d records are left, want %d", left, n-n/2)
		}
	})
}
