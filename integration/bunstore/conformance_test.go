package bunstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
)

var idTypes = map[string]bunstore.IDType{"UUID": bunstore.UUID, "Text": bunstore.Text, "BigInt": bunstore.BigInt}

// crowded is a patience that suits the kit's crowds on a busy machine.
const crowded = 30 * time.Second

// shared holds stores that the cases of a kit use one after another, each of
// them emptied first: creating tables takes longer than most cases.
type shared struct {
	db    *bun.DB
	store *bunstore.Store
	users *bunstore.UserStore[storetest.Account]
	now   func() time.Time
}

func (d database) shared(t *testing.T, ids bunstore.IDType) *shared {
	t.Helper()
	s := &shared{db: d.new(t), now: time.Now}
	s.store, s.users = users[storetest.Account](t, s.db,
		bunstore.Options{IDs: ids, Patience: crowded, Now: func() time.Time { return s.now() }})
	return s
}

// empty prepares the stores for a case, which has a clock of its own.
func (s *shared) empty(t *testing.T, now func() time.Time) {
	t.Helper()
	s.now = now
	for _, table := range []string{"sessions", "floors", "tickets", "limits", "oauth_accounts", "users"} {
		run(t, s.db, "DELETE FROM latchkey_"+table)
	}
}

// withIDs runs cases on each kind of database with IDs of each type. Races
// between text IDs are left out: they are decided as those between UUIDs.
func withIDs[S any](t *testing.T, cases func() []storetest.Case[S], of func(s *shared) S) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				open := func(t *testing.T) S {
					s.empty(t, time.Now)
					return of(s)
				}
				storetest.Run(t, open, slices.DeleteFunc(cases(), func(c storetest.Case[S]) bool {
					return ids == bunstore.Text && strings.Contains(c.Rule, "concurrent")
				}))
			})
		}
	})
}

func TestUsers(t *testing.T) {
	withIDs(t, storetest.UserCases, func(s *shared) core.UserStore[storetest.Account] { return s.users })
}

func TestTransactions(t *testing.T) {
	withIDs(t, storetest.TransactionCases, func(s *shared) storetest.Database {
		return storetest.Database{Users: s.users, Transactor: s.store, Tickets: s.store.Tickets(),
			OAuthAccounts: s.store.OAuthAccounts()}
	})
}

// TestOAuthAccounts only needs one type of ID: the kit's users have UUIDs,
// which are texts too. TestTransactions links users with IDs of every type, and
// TestAdoptedOAuthAccounts runs the kit on FastAPI Users' table.
func TestOAuthAccounts(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range map[string]bunstore.IDType{"UUID": bunstore.UUID, "Text": bunstore.Text} {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				storetest.OAuthAccounts(t, func(t *testing.T) core.OAuthAccountStore {
					s.empty(t, time.Now)
					return s.store.OAuthAccounts()
				})
			})
		}
	})
}

func TestSessions(t *testing.T) { everywhere(t, sessionsKit) }

func sessionsKit(t *testing.T, d database) {
	s := d.shared(t, bunstore.UUID)
	storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore {
		s.empty(t, now)
		return s.store.Sessions()
	})
}

func TestTickets(t *testing.T) { everywhere(t, ticketsKit) }

func ticketsKit(t *testing.T, d database) {
	s := d.shared(t, bunstore.UUID)
	storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore {
		s.empty(t, now)
		return s.store.Tickets()
	})
}

func TestLimiter(t *testing.T) { everywhere(t, limiterKit) }

func limiterKit(t *testing.T, d database) {
	s := d.shared(t, bunstore.UUID)
	storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter {
		s.empty(t, now)
		return s.store.Limiter()
	})
}
