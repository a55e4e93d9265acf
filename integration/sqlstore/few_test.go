package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestFewAmongMany: a list of those of whom there are few reads their index,
// in whatever order, and not all users.
func TestFewAmongMany(t *testing.T) {
	few := strings.Repeat("f", long.Count(3, 4)) // 2 of 10^4, 15 of 10^6
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	everywhere(t, func(t *testing.T, d database) {
		db, statements := d.recorded(t, d.address(t))
		_, us := users[core.User](t, db, sqlstore.Options{})
		populate(t, db)
		run(t, db, "UPDATE latchkey_users SET is_verified = TRUE, created_at = '2024-02-01 00:00:00'")
		lists := map[string]struct {
			column, value string
			query         core.Query
		}{
			"superusers": {"is_superuser", "TRUE", core.Query{Superuser: new(true)}},
			"inactive":   {"is_active", "FALSE", core.Query{Active: new(false)}},
			"unverified": {"is_verified", "FALSE", core.Query{Verified: new(false)}},
			"suspended":  {"suspended_until", "'2024-03-02 00:00:00'", core.Query{Suspended: new(true), Now: now}},
		}
		for _, f := range lists {
			run(t, db, "UPDATE latchkey_users SET "+f.column+" = "+f.value+" WHERE email_key LIKE '"+few+"%'")
		}
		if db.kind == sqlstore.MariaDB {
			run(t, db, "ANALYZE TABLE latchkey_users")
		} else {
			run(t, db, "ANALYZE")
		}
		for name, f := range lists {
			f.query.Limit = 1
			statements.Texts()
			found, next, err := us.List(t.Context(), f.query)
			if err != nil || len(found) != 1 || next == "" {
				t.Fatalf("%s: %d users, next %q, %v", name, len(found), next, err)
			}
			text, _, _ := strings.Cut(statements.Texts()[0], " LIMIT ")
			text = strings.NewReplacer("suspended_until > ?", "suspended_until > '2024-02-29 12:00:00'",
				"suspended_until > $1", "suspended_until > '2024-02-29 12:00:00'").Replace(text) + " LIMIT 2"
			if plan := explained(t, db, text); !strings.Contains(plan, "latchkey_users_"+name) {
				t.Errorf("%s: the plan of %s is\n%s", name, text, plan)
			}
		}
	})
}
