package bunstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

var idTypes = map[string]bunstore.IDType{"UUID": bunstore.UUID, "Text": bunstore.Text, "BigInt": bunstore.BigInt}

func TestUsers(t *testing.T) {
	for name, ids := range idTypes {
		t.Run(name, func(t *testing.T) {
			storetest.Users(t, func(t *testing.T) core.UserStore[storetest.Account] {
				_, us := users[storetest.Account](t, newDB(t), bunstore.Options{IDs: ids})
				return us
			})
		})
	}
}

func TestTransactions(t *testing.T) {
	for name, ids := range idTypes {
		t.Run(name, func(t *testing.T) {
			storetest.Transactions(t, func(t *testing.T) storetest.Database {
				store, us := users[storetest.Account](t, newDB(t), bunstore.Options{IDs: ids})
				return storetest.Database{Users: us, Transactor: store, Tickets: store.Tickets(), OAuthAccounts: store.OAuthAccounts()}
			})
		})
	}
}

func TestSessions(t *testing.T) {
	storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore { return migrated(t, now).Sessions() })
}

func TestTickets(t *testing.T) {
	storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore { return migrated(t, now).Tickets() })
}

func TestLimiter(t *testing.T) {
	storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter { return migrated(t, now).Limiter() })
}
