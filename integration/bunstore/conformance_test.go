package bunstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
)

var idTypes = map[string]bunstore.IDType{"UUID": bunstore.UUID, "Text": bunstore.Text, "BigInt": bunstore.BigInt}

// withIDs runs a test on each kind of database with ids of each type, in one database that new empties.
func withIDs(t *testing.T, test func(t *testing.T, ids bunstore.IDType, db *emptied)) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) { test(t, ids, &emptied{d.new(t)}) })
		}
	})
}

// emptied is a database that the cases of a kit have one after the other. (To make tables takes longer than most cases.)
type emptied struct{ db *bun.DB }

// users gives the stores of an empty database.
func (e *emptied) users(t *testing.T, opts bunstore.Options) (*bunstore.Store, *bunstore.UserStore[storetest.Account]) {
	t.Helper()
	store, us := users[storetest.Account](t, e.db, opts)
	for _, table := range []string{"sessions", "floors", "tickets", "limits", "oauth_accounts", "users"} {
		run(t, e.db, "DELETE FROM latchkey_"+table)
	}
	return store, us
}

func TestUsers(t *testing.T) {
	withIDs(t, func(t *testing.T, ids bunstore.IDType, db *emptied) {
		storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
			_, us := db.users(t, bunstore.Options{IDs: ids})
			return us
		})
	})
}

func TestTransactions(t *testing.T) {
	withIDs(t, func(t *testing.T, ids bunstore.IDType, db *emptied) {
		storetest.Transactions(t, func(t *testing.T) storetest.Database {
			store, us := db.users(t, bunstore.Options{IDs: ids})
			return storetest.Database{Users: us, Transactor: store, Tickets: store.Tickets(), OAuthAccounts: store.OAuthAccounts()}
		})
	})
}

// withClock runs a test on each kind of database; open gives the stores of an empty one at the time of now.
func withClock(t *testing.T, test func(t *testing.T, open func(t *testing.T, now func() time.Time) *bunstore.Store)) {
	everywhere(t, func(t *testing.T, d database) {
		db := &emptied{d.new(t)}
		test(t, func(t *testing.T, now func() time.Time) *bunstore.Store {
			store, _ := db.users(t, bunstore.Options{Now: now})
			return store
		})
	})
}

type opener = func(t *testing.T, now func() time.Time) *bunstore.Store

func TestSessions(t *testing.T) {
	withClock(t, func(t *testing.T, open opener) {
		storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore { return open(t, now).Sessions() })
	})
}

func TestTickets(t *testing.T) {
	withClock(t, func(t *testing.T, open opener) {
		storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore { return open(t, now).Tickets() })
	})
}

func TestLimiter(t *testing.T) {
	withClock(t, func(t *testing.T, open opener) {
		storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter { return open(t, now).Limiter() })
	})
}

// TestOAuthAccounts: the kit's users have UUIDs, which are texts too. TestTransactions links users with ids of every type, and
// TestAdoptedOAuthAccounts runs the kit in place of FastAPI Users' table.
func TestOAuthAccounts(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range map[string]bunstore.IDType{"UUID": bunstore.UUID, "Text": bunstore.Text} {
			t.Run(name, func(t *testing.T) {
				db := &emptied{d.new(t)}
				storetest.OAuthAccounts(t, func(t *testing.T) core.OAuthAccountStore {
					store, _ := db.users(t, bunstore.Options{IDs: ids})
					return store.OAuthAccounts()
				})
			})
		}
	})
}
