package sqlstore_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestCreatedOrderReadsAlongItsIndex: nothing is sorted, on the first page and
// on a later one, in both directions.
func TestCreatedOrderReadsAlongItsIndex(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, statements := d.recorded(t, d.address(t))
		db.SetMaxOpenConns(1)
		_, us := users[core.User](t, db, sqlstore.Options{})
		populate(t, db)
		at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		for i := range 3 * pageLen {
			u := &core.User{
				Email: "new@example.org", EmailKey: fmt.Sprintf("new%d@example.org", i), IsActive: true,
				CreatedAt: at.Add(time.Duration(i/2) * time.Hour), UpdatedAt: at,
			}
			if err := us.Create(ctx, u); err != nil {
				t.Fatal(err)
			}
		}
		if db.kind != sqlstore.MariaDB {
			run(t, db, "ANALYZE")
		} else {
			run(t, db, "ANALYZE TABLE latchkey_users")
		}
		for _, descending := range []bool{false, true} {
			q := core.Query{Sort: core.SortCreated, Descending: descending, Limit: pageLen - 1}
			for page := range 2 {
				statements.Texts()
				_, next, err := us.List(ctx, q)
				if err != nil || next == "" {
					t.Fatalf("next %q, %v", next, err)
				}
				q.Cursor = next
				for _, text := range statements.Texts() {
					if !strings.Contains(text, "ORDER BY created_at") {
						continue
					}
					plan := explained(t, db, text)
					if !strings.Contains(plan, "latchkey_users_created") || sorts.MatchString(plan) {
						t.Errorf("descending %t, page %d: the plan is\n%s", descending, page+1, plan)
					}
				}
			}
		}
	})
}

var sorts = regexp.MustCompile(`(?i)sort|temp b-tree`)

// explained returns the plan of a statement whose arguments are a time, twice,
// an ID and a limit, or a limit alone, or none.
func explained(t *testing.T, db *handle, text string) string {
	t.Helper()
	at, id := "'2024-03-01 12:00:00'", "'00000000-0000-0000-0000-000000000001'"
	place := regexp.MustCompile(`\?|\$\d`)
	literals := []string{at, at, id, fmt.Sprint(pageLen)}
	if n := len(place.FindAllString(text, -1)); n < len(literals) {
		literals = literals[len(literals)-n:]
	}
	text = place.ReplaceAllStringFunc(text, func(string) string {
		literal := literals[0]
		literals = literals[1:]
		return literal
	})
	switch db.kind {
	case sqlstore.PostgreSQL:
		return lines(t, db, "EXPLAIN "+text)
	case sqlstore.MariaDB:
		return lines(t, db, "ANALYZE FORMAT=JSON "+text)
	default:
		return queryPlan(t, db, text)
	}
}
