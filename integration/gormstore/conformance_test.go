package gormstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"gorm.io/gorm"
)

// withIDs runs a test on each kind of database, with IDs of its type, and on
// SQLite with those of each, in one database that new empties.
func withIDs(t *testing.T, test func(t *testing.T, ids sqlstore.IDType, db *emptied)) {
	everywhere(t, func(t *testing.T, d database) {
		types := map[string]sqlstore.IDType{"": d.ids}
		if d.driver == "sqlite" {
			types = map[string]sqlstore.IDType{"UUID": gormstore.UUID, "Text": gormstore.Text, "BigInt": gormstore.BigInt}
		}
		for name, ids := range types {
			t.Run(name, func(t *testing.T) { test(t, ids, &emptied{d.new(t)}) })
		}
	})
}

// emptied is a database that the cases of a kit use one after another.
// (Creating tables takes longer than most cases.)
type emptied struct{ db *gorm.DB }

// users returns the stores of an empty database.
func (e *emptied) users(
	t *testing.T, opts gormstore.Options,
) (*gormstore.Store, *sqlstore.UserStore[storetest.Account]) {
	t.Helper()
	opts.Patience = 30 * time.Second // for the kit's crowds on a busy machine
	store, us := users[storetest.Account](t, e.db, opts)
	for _, table := range []string{
		"sessions", "floors", "tickets", "limits", "oauth_accounts", "credentials", "audit", "users",
	} {
		if err := e.db.Exec("DELETE FROM latchkey_" + table).Error; err != nil {
			t.Fatal(err)
		}
	}
	return store, us
}

func TestUsers(t *testing.T) {
	withIDs(t, func(t *testing.T, ids sqlstore.IDType, db *emptied) {
		storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
			_, us := db.users(t, gormstore.Options{IDs: ids})
			return us
		})
	})
}

func TestNames(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		_, us := users[storetest.NamedAccount](t, db, gormstore.Options{IDs: d.ids, Patience: 30 * time.Second})
		storetest.Names(t, func(t *testing.T) core.UserStore[storetest.NamedAccount] {
			if err := db.Exec("DELETE FROM latchkey_users").Error; err != nil {
				t.Fatal(err)
			}
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

// TestUsersWithRules: GORM's own translation of errors makes no difference.
func TestUsersWithRules(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := &emptied{d.overGORM(t, d.open(t), gorm.Config{TranslateError: true})}
		db.users(t, gormstore.Options{IDs: d.ids})
		for _, rule := range d.rules() {
			if err := db.db.Exec(rule).Error; err != nil {
				t.Fatal(err)
			}
		}
		storetest.UsersWithRules(t, func(t *testing.T) core.UserStore[storetest.Account] {
			_, us := db.users(t, gormstore.Options{IDs: d.ids})
			return us
		})
	})
}

// storesOf are what the kit of transactions asks for.
func storesOf(store *gormstore.Store, us *sqlstore.UserStore[storetest.Account]) storetest.Database {
	return storetest.Database{Users: us, Transactor: store, Sessions: store.Sessions(), Tickets: store.Tickets(),
		OAuthAccounts: store.OAuthAccounts(), Credentials: store.Credentials(), Audit: store.Audit()}
}

func TestTransactions(t *testing.T) {
	withIDs(t, func(t *testing.T, ids sqlstore.IDType, db *emptied) {
		storetest.Transactions(t, func(t *testing.T) storetest.Database {
			return storesOf(db.users(t, gormstore.Options{IDs: ids}))
		})
	})
}

// TestTransactionsOfPreparedStatements: GORM puts its statement cache between a
// transaction and database/sql.
func TestTransactionsOfPreparedStatements(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := &emptied{d.overGORM(t, d.open(t), gorm.Config{PrepareStmt: true, TranslateError: true})}
		storetest.Transactions(t, func(t *testing.T) storetest.Database {
			return storesOf(db.users(t, gormstore.Options{IDs: d.ids}))
		})
	})
}
