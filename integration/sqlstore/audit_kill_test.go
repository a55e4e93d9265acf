package sqlstore_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// auditKills is how many processes are killed: 5, or 200 in full.
func auditKills() int { return long.Count(5, 200) }

// TestAttackE01KilledBetweenChangeAndRecord kills processes that register and
// change users as fast as they can: every user has the record of their
// registration and of the change, if and only if they were changed.
func TestAttackE01KilledBetweenChangeAndRecord(t *testing.T) {
	if name := os.Getenv(victimName); name != "" {
		changeForever(t, databases[name], os.Getenv(victimAddress), os.Getenv(victimNumber))
	}
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := d.address(t)
			acknowledged := map[string]bool{}
			for run := range auditKills() {
				made := kill(t, "TestAttackE01KilledBetweenChangeAndRecord", name, address, run, 20+run*37%80)
				if len(made) == 0 {
					t.Fatal("the process has not begun")
				}
				for _, line := range made {
					acknowledged[line] = true
				}
			}
			db := d.open(t, address)
			for _, half := range []struct{ what, query string }{
				{"users without the record of their registration", `SELECT u.email_key FROM latchkey_users AS u
					WHERE NOT EXISTS (SELECT 1 FROM latchkey_audit AS a WHERE a.subject = u.id AND a.action = 'register')`},
				{"records without their user", `SELECT a.id FROM latchkey_audit AS a
					WHERE NOT EXISTS (SELECT 1 FROM latchkey_users AS u WHERE u.id = a.subject)`},
				{"changes without their record", `SELECT u.email_key FROM latchkey_users AS u WHERE u.email_key LIKE 'changed-%'
					AND NOT EXISTS (SELECT 1 FROM latchkey_audit AS a WHERE a.subject = u.id AND a.action = 'user.updated')`},
				{"records without their change", `SELECT u.email_key FROM latchkey_users AS u WHERE u.email_key NOT LIKE 'changed-%'
					AND EXISTS (SELECT 1 FROM latchkey_audit AS a WHERE a.subject = u.id AND a.action = 'user.updated')`},
			} {
				if left := strings.TrimSpace(lines(t, db, half.query)); left != "" {
					t.Errorf("E01 %s: %s", half.what, left)
				}
			}
			for line := range acknowledged {
				verb, key, _ := strings.Cut(line, " ")
				if verb == "changed" {
					key = "changed-" + key
				} else if acknowledged["changed "+key] || verb != "made" {
					continue
				}
				found := "SELECT COUNT(*) FROM latchkey_users WHERE email_key IN ('" + key + "', 'changed-" + key + "')"
				if count(t, db, found) != 1 {
					t.Errorf("E01: %s was acknowledged and is not there", line)
				}
			}
			if n := count(t, db, "SELECT COUNT(*) FROM latchkey_audit"); n < auditKills()*20 {
				t.Errorf("E01: only %d records", n)
			}
		})
	}
}

// changeForever registers users and changes their address in several
// goroutines, and prints what has been acknowledged.
func changeForever(t *testing.T, d database, address, run string) {
	store, us := users[core.User](t, d.open(t, address), sqlstore.Options{IDs: sqlstore.Text})
	sessions, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(us, latchkey.Options[core.User]{
		Backends: []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{audit.Flow{Store: store.Audit()}}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s-%d-%d@example.org", run, worker, i)
				u := &core.User{Email: key, IsActive: true}
				if err := auth.Manager().Create(t.Context(), u, ""); err != nil {
					panic(err)
				}
				fmt.Println("made " + key)
				changed := "changed-" + key
				if _, err := auth.Manager().Update(t.Context(), u.ID, latchkey.Changes[core.User]{Email: &changed}); err != nil {
					panic(err)
				}
				fmt.Println("changed " + key)
			}
		})
	}
	all.Wait()
}
