package bunstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
)

// emptied are stores that the cases of a kit have one after the other, each of
// them empty: to make tables takes longer than most cases.
type emptied struct {
	db    *bun.DB
	store *bunstore.Store
	users *sqlstore.UserStore[storetest.Account]
}

func (d database) emptied(t *testing.T) *emptied {
	t.Helper()
	e := &emptied{db: d.new(t)}
	// A patience for the kit's crowds on a busy machine.
	e.store, e.users = users[storetest.Account](t, e.db, bunstore.Options{IDs: d.ids, Patience: 30 * time.Second})
	return e
}

func (e *emptied) empty(t *testing.T) {
	t.Helper()
	for _, table := range []string{
		"sessions", "floors", "tickets", "limits", "oauth_accounts", "credentials", "audit", "users",
	} {
		run(t, e.db, "DELETE FROM latchkey_"+table)
	}
}

func TestUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		e := d.emptied(t)
		storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
			e.empty(t)
			return e.users
		})
	})
}

func TestNames(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		_, us := users[storetest.NamedAccount](t, db, bunstore.Options{IDs: d.ids, Patience: 30 * time.Second})
		storetest.Names(t, func(t *testing.T) core.UserStore[storetest.NamedAccount] {
			run(t, db, "DELETE FROM latchkey_users")
			return us
		})
	})
}

// rules are the kit's two rules of an application, in SQL. SQLite adds no
// constraint to a table that is there.
func (d database) rules() []string {
	const (
		nick   = "CREATE UNIQUE INDEX one_nick ON latchkey_users "
		check  = "ALTER TABLE latchkey_users ADD CHECK (credits >= 0)"
		refuse = " ON latchkey_users WHEN NEW.credits < 0 BEGIN SELECT RAISE(ABORT, 'too few credits'); END"
	)
	switch d.driver {
	case onSQLite.driver:
		return []string{nick + "(nick)", "CREATE TRIGGER credits_1 BEFORE INSERT" + refuse,
			"CREATE TRIGGER credits_2 BEFORE UPDATE" + refuse}
	case onPostgres.driver:
		return []string{nick + "(nick)", check}
	}
	return []string{nick + "(nick(100))", check}
}

// TestUsersWithRules: what a refusal is of is sqlstore's concern; the field is
// bun's.
func TestUsersWithRules(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		e := d.emptied(t)
		for _, rule := range d.rules() {
			run(t, e.db, rule)
		}
		storetest.UsersWithRules(t, func(t *testing.T) core.UserStore[storetest.Account] {
			e.empty(t)
			return e.users
		})
	})
}

func TestTransactions(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		e := d.emptied(t)
		storetest.Transactions(t, func(t *testing.T) storetest.Database {
			e.empty(t)
			return storetest.Database{Users: e.users, Transactor: e.store, Sessions: e.store.Sessions(),
				Tickets: e.store.Tickets(), OAuthAccounts: e.store.OAuthAccounts(),
				Credentials: e.store.Credentials(), Audit: e.store.Audit()}
		})
	})
}
