package mongostore_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// lacks is what the tests' server does not have.
func lacks() []storetest.Lack {
	if external != "" {
		return nil
	}
	return []storetest.Lack{storetest.NoAtomicUpdates}
}

var idTypes = map[string]mongostore.IDType{"ObjectID": mongostore.ObjectID, "UUID": mongostore.UUID,
	"Text": mongostore.Text}

func TestUsers(t *testing.T) {
	for name, ids := range idTypes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) core.UserStore[storetest.Account] {
				_, _, us := open[storetest.Account](t, mongostore.Options{IDs: ids})
				return us
			}, userCases(ids), lacks()...)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	storetest.Names(t, func(t *testing.T) core.UserStore[storetest.NamedAccount] {
		_, _, us := open[storetest.NamedAccount](t, mongostore.Options{})
		return us
	}, lacks()...)
}

// userCases returns all cases for IDs of the default type, and for any type on
// your own server. FerretDB is slow under the race detector: there the other
// types run the cases in which a type could make a difference.
func userCases(ids mongostore.IDType) []storetest.Case[core.UserStore[storetest.Account]] {
	if ids == mongostore.ObjectID || external != "" {
		return storetest.UserCases()
	}
	return slices.DeleteFunc(storetest.UserCases(), func(c storetest.Case[core.UserStore[storetest.Account]]) bool {
		return strings.Contains(c.Rule, "oncurrent") || !strings.Contains(c.Rule, "ID") &&
			!strings.Contains(c.Rule, "while others come and go")
	})
}

// TestOAuthAccounts links users whose IDs are UUIDs, as the kit's are;
// TestTransactions has IDs of every type.
func TestOAuthAccounts(t *testing.T) {
	t.Parallel()
	storetest.OAuthAccounts(t, func(t *testing.T) core.OAuthAccountStore {
		_, store, _ := open[core.User](t, mongostore.Options{IDs: mongostore.UUID})
		return store.OAuthAccounts()
	}, lacks()...)
}

// TestCredentials has owners whose ids are UUIDs, as the kit's are;
// TestTransactions has ids of every type.
func TestCredentials(t *testing.T) {
	t.Parallel()
	storetest.Credentials(t, func(t *testing.T, now func() time.Time) core.CredentialStore {
		_, store, _ := open[core.User](t, mongostore.Options{IDs: mongostore.UUID, Now: now})
		return store.Credentials()
	}, lacks()...)
}

func TestAudit(t *testing.T) {
	t.Parallel()
	storetest.Audit(t, func(t *testing.T) core.AuditStore { return at(t, time.Now).Audit() }, lacks()...)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Clocked[core.SessionStore] {
		clock := storetest.NewClock()
		return storetest.Clocked[core.SessionStore]{Store: at(t, clock.Now).Sessions(), Clock: clock}
	}, sessionCases(), lacks()...)
}

func TestTickets(t *testing.T) {
	t.Parallel()
	storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore { return at(t, now).Tickets() },
		lacks()...)
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter { return at(t, now).Limiter() }, lacks()...)
}

// TestTransactions runs, on FerretDB, the cases that need no transactions, and
// but for make long with IDs of one type.
func TestTransactions(t *testing.T) {
	t.Parallel()
	types := idTypes
	if external == "" && os.Getenv("LATCHKEY_TEST_LONG") != "1" {
		types = map[string]mongostore.IDType{"UUID": mongostore.UUID}
	}
	for name, ids := range types {
		t.Run(name, func(t *testing.T) {
			storetest.Transactions(t, func(t *testing.T) storetest.Database {
				_, store, us := open[storetest.Account](t, mongostore.Options{IDs: ids})
				transactor, _ := core.As[core.Transactor](us)
				return storetest.Database{
					Users: us, Transactor: transactor, Sessions: store.Sessions(), Tickets: store.Tickets(),
					OAuthAccounts: store.OAuthAccounts(), Credentials: store.Credentials(), Audit: store.Audit(),
				}
			}, lacks()...)
		})
	}
}
