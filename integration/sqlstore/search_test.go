package sqlstore_test

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/integration/recorder"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// pageLen is how many rows a page of the test reads: ten users, and one more to
// see whether there is a next page.
const pageLen = 11

// TestSearchReadsNoMoreThanThePage: it reads only along the index, whatever the
// prefix and however deep the page.
func TestSearchReadsNoMoreThanThePage(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, statements := d.recorded(t, d.address(t))
		db.SetMaxOpenConns(1) // settings and counters are a connection's
		_, us := users[core.User](t, db, sqlstore.Options{})
		populate(t, db)
		for _, prefix := range []string{"a", "ab", "abc", "7"} {
			statements.Texts()
			first, next, err := us.List(ctx, core.Query{Email: prefix, Limit: pageLen - 1})
			if err != nil || len(first) == 0 {
				t.Fatalf("%s: %d users, %v", prefix, len(first), err)
			}
			checkPlan(t, db, searchOf(t, statements), prefix, prefix+"\U0010ffff")
			if next == "" {
				continue
			}
			statements.Texts()
			if _, _, err := us.List(ctx, core.Query{Email: prefix, Cursor: next, Limit: pageLen - 1}); err != nil {
				t.Fatal(err)
			}
			checkPlan(t, db, searchOf(t, statements), first[len(first)-1].EmailKey, prefix+"\U0010ffff")
		}
	})
}

// populate makes users whose keys have nothing to do with their IDs.
func populate(t *testing.T, db *handle) {
	t.Helper()
	const together = 500 // in one statement
	for batch := range long.Rows() / together {
		var rows []string
		for i := range together {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d", batch*together+i))
			rows = append(rows, fmt.Sprintf("('%x-%x-%x-%x-%x', '%x', '%x@example.org', '', TRUE, FALSE, FALSE)",
				sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16], sum[16:], sum[16:]))
		}
		run(t, db, "INSERT INTO latchkey_users (id, email, email_key, hashed_password, is_active, is_superuser, is_verified) VALUES "+strings.Join(rows, ", "))
	}
	if db.kind != sqlstore.MariaDB {
		run(t, db, "ANALYZE")
	}
}

// searchOf returns the statement of the search that was run.
func searchOf(t *testing.T, statements *recorder.Recorder) string {
	t.Helper()
	for _, text := range statements.Texts() {
		if strings.Contains(text, "ORDER BY email_key") {
			return text
		}
	}
	t.Fatal("there was no search")
	return ""
}

var rowsRead = regexp.MustCompile(`rows=(\d+) loops`)

func checkPlan(t *testing.T, db *handle, search, begin, end string) {
	t.Helper()
	switch db.kind {
	case sqlstore.PostgreSQL:
		run(t, db, "PREPARE search AS "+search)
		for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
			run(t, db, "SET plan_cache_mode = "+mode)
			plan := lines(t, db, fmt.Sprintf("EXPLAIN (ANALYZE, TIMING OFF) EXECUTE search ('%s', '%s', %d)", begin, end,
				pageLen))
			read := rowsRead.FindAllStringSubmatch(plan, -1)
			most, _ := strconv.Atoi(read[len(read)-1][1])
			if !strings.Contains(plan, "Index Scan using latchkey_users_email_key") || strings.Contains(plan, "Sort") ||
				strings.Contains(plan, "Removed by Filter") || most > pageLen {
				t.Errorf("%q, %s: the plan is\n%s", begin, mode, plan)
			}
		}
		run(t, db, "DEALLOCATE search")
	case sqlstore.MariaDB:
		run(t, db, "FLUSH STATUS")
		rows, err := db.DB.QueryContext(t.Context(), search, begin, end, pageLen)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		read := lines(t, db, `SELECT CONCAT(variable_name, ' ', variable_value) FROM information_schema.session_status
			WHERE variable_name IN ('HANDLER_READ_KEY', 'HANDLER_READ_NEXT', 'HANDLER_READ_RND', 'HANDLER_READ_RND_NEXT', 'SORT_ROWS', 'SORT_SCAN') ORDER BY 1`)
		total := 0
		for _, word := range strings.Fields(read) {
			n, _ := strconv.Atoi(word)
			total += n
		}
		if total > pageLen+1 {
			t.Errorf("%q: the search read\n%s", begin, read)
		}
	default:
		search = strings.NewReplacer("email_key > ?", "email_key > '"+begin+"'", "email_key >= ?", "email_key >= '"+begin+"'",
			"email_key < ?", "email_key < '"+end+"'", "LIMIT ?", "LIMIT 11").Replace(search)
		plan := queryPlan(t, db, search)
		if strings.TrimSpace(plan) != "SEARCH latchkey_users USING INDEX latchkey_users_email_key (email_key>? AND email_key<?)" {
			t.Errorf("%q: the plan is\n%s", begin, plan)
		}
	}
}

// queryPlan returns SQLite's plan of a statement without arguments.
func queryPlan(t *testing.T, db *handle, text string) (plan string) {
	t.Helper()
	rows, err := db.DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
