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

// fillAudit stores records of 500 users, of which one in 1,000 is no login, but
// what an administrator has done, every other time as the user.
func fillAudit(t *testing.T, db *handle, n int) {
	t.Helper()
	const each = 500
	for first := 0; first < n; first += each {
		rows := make([]string, each)
		for i := range rows {
			at, action := auditBegin.Add(time.Duration(first+i)*time.Second).UnixMicro(), "login"
			user, by, actor := fmt.Sprintf("user-%d", i), fmt.Sprintf("user-%d", i), ""
			switch (first + i) % 2000 {
			case 0:
				action, by = "user.deleted", "root"
			case 1000:
				action, actor = "user.deleted", "root"
			}
			rows[i] = fmt.Sprintf("('%016x%016x', %d, '%s', '', 'user', '%s', '', '%s', '%s', '', '', '', '', '', '', '', '')", at, i, at,
				action, by, actor, user)
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
		// A machine that does something else takes its time for 10^6.
		store, _ := users[core.User](t, db, sqlstore.Options{Patience: time.Minute})
		n, begun := long.Rows(), time.Now()
		fillAudit(t, db, n)
		t.Logf("%d records were stored in %s", n, time.Since(begun))
		records, primary := store.Audit(), map[sqlstore.Dialect]string{
			sqlstore.SQLite: "sqlite_autoindex_latchkey_audit_1", sqlstore.PostgreSQL: "latchkey_audit_pkey",
		}[d.dialect]
		if primary == "" {
			primary = "PRIMARY"
		}
		// How often a database sorts the rows of both parts, of which
		// each has no more than a page.
		few := map[sqlstore.Dialect]int{sqlstore.SQLite: 2, sqlstore.MariaDB: 1}
		const user, action, root = "user-77", "user.deleted", "root"
		for _, c := range []struct {
			q       core.AuditQuery
			indexes []string
			args    []any
		}{
			{core.AuditQuery{}, []string{primary}, nil},
			{core.AuditQuery{User: user}, []string{"latchkey_audit_subject"}, []any{user}},
			{core.AuditQuery{Action: action}, []string{"latchkey_audit_action"}, []any{action}},
			{core.AuditQuery{User: user, Action: action}, []string{"latchkey_audit_"}, []any{user, action}},
			{core.AuditQuery{By: root}, []string{"latchkey_audit_by_user", "latchkey_audit_by_actor"}, []any{root}},
			{core.AuditQuery{By: user}, []string{"latchkey_audit_by_user", "latchkey_audit_by_actor"}, []any{user}},
		} {
			for _, c.q.Oldest = range []bool{false, true} {
				c.q.Limit = 5
				statements.Texts()
				begun = time.Now()
				page, _, err := records.List(t.Context(), c.q)
				t.Logf("a page of %+v was read in %s", c.q, time.Since(begun))
				if err != nil || len(page) != 5 && n >= 10_000 && c.q.Action == "" {
					t.Fatalf("%+v: %d records, %v", c.q, len(page), err)
				}
				args := append(append([]any{"", "g"}, c.args...), 6)
				if c.q.By != "" {
					args = append(append(args, args...), 6)
				}
				for _, text := range statements.Texts() {
					plan := explain(t, d, db, text, args)
					sorted := len(sorts.FindAllString(strings.ReplaceAll(plan, "Sort Key", ""), -1)) // of Merge Append
					if c.q.By != "" {
						sorted -= few[d.dialect]
					}
					for _, index := range c.indexes {
						if !strings.Contains(plan, index) || sorted > 0 {
							t.Errorf("%+v: the plan of %s is\n%s", c.q, text, plan)
						}
					}
				}
			}
		}
		before := auditBegin.Add(time.Duration(n/2) * time.Second)
		statements.Texts()
		begun = time.Now()
		if swept, err := records.Prune(t.Context(), before); swept != n/2 || err != nil {
			t.Errorf("swept %d of %d, %v", swept, n, err)
		}
		texts := statements.Statements()
		t.Logf("%d records were swept in %s", n/2, time.Since(begun))
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
