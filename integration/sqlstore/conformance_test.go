package sqlstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

var idTypes = map[string]sqlstore.IDType{"UUID": sqlstore.UUID, "Text": sqlstore.Text, "BigInt": sqlstore.BigInt}

// crowded is a patience for the kit's crowds on a busy machine.
const crowded = 30 * time.Second

// shared are stores that the cases of a kit have one after the other, each of
// them empty: to make tables takes longer than most cases.
type shared struct {
	db    *handle
	store *sqlstore.Store
	users *sqlstore.UserStore[storetest.Account]
	now   func() time.Time
}

func (d database) shared(t *testing.T, ids sqlstore.IDType) *shared {
	t.Helper()
	s := &shared{db: d.new(t), now: time.Now}
	s.store, s.users = users[storetest.Account](t, s.db,
		sqlstore.Options{IDs: ids, Patience: crowded, Now: func() time.Time { return s.now() }})
	return s
}

// empty makes the stores ready for a case, which has a clock of its own.
func (s *shared) empty(t *testing.T, now func() time.Time) {
	t.Helper()
	s.now = now
	for _, table := range []string{
		"sessions", "floors", "tickets", "limits", "oauth_accounts", "credentials", "audit", "users",
	} {
		run(t, s.db, "DELETE FROM latchkey_"+table)
	}
}

// withIDs runs cases on each kind of database with ids of each type, as far as
// a type could make a difference; see casesOf.
func withIDs[S any](t *testing.T, cases func() []storetest.Case[S], of func(s *shared) S) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				open := func(t *testing.T) S {
					s.empty(t, time.Now)
					return of(s)
				}
				storetest.Run(t, open, casesOf(cases(), ids))
			})
		}
	})
}

// casesOf leaves out, of ids that are not UUIDs, what takes long and is the
// same with these: races, but for those between numbers in make long, and
// whether texts are stored byte for byte.
func casesOf[S any](cases []storetest.Case[S], ids sqlstore.IDType) []storetest.Case[S] {
	races := ids == sqlstore.UUID || ids == sqlstore.BigInt && long.Run()
	texts := ids == sqlstore.UUID || long.Run()
	return slices.DeleteFunc(cases, func(c storetest.Case[S]) bool {
		race := strings.Contains(c.Rule, "oncurrent") || strings.Contains(c.Rule, "in opposite orders")
		return race && !races || strings.Contains(c.Rule, "byte for byte") && !texts
	})
}

func TestUsers(t *testing.T) {
	withIDs(t, storetest.UserCases, func(s *shared) core.UserStore[storetest.Account] { return s.users })
}

// TestNames: a table has the columns of names, and their index, where a type
// has them.
func TestNames(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		_, us := users[storetest.NamedAccount](t, db, sqlstore.Options{Patience: crowded})
		storetest.Names(t, func(t *testing.T) core.UserStore[storetest.NamedAccount] {
			run(t, db, "DELETE FROM latchkey_users")
			return us
		})
	})
}

// rulesOf are the kit's two rules of an application, in SQL. SQLite adds no
// constraint to a table that is there.
func rulesOf(d sqlstore.Dialect) []string {
	const table = "latchkey_users"
	switch d {
	case sqlstore.SQLite:
		const refuse = " WHEN NEW.credits < 0 BEGIN SELECT RAISE(ABORT, 'too few credits'); END"
		return []string{"CREATE UNIQUE INDEX one_nick ON " + table + " (nick)",
			"CREATE TRIGGER credits_1 BEFORE INSERT ON " + table + refuse, "CREATE TRIGGER credits_2 BEFORE UPDATE ON " + table + refuse}
	case sqlstore.PostgreSQL:
		return []string{"CREATE UNIQUE INDEX one_nick ON " + table + " (lower(nick))",
			"ALTER TABLE " + table + " ADD CHECK (credits >= 0)"}
	}
	return []string{"CREATE UNIQUE INDEX one_nick ON " + table + " (nick(100))",
		"ALTER TABLE " + table + " ADD CONSTRAINT some_credits CHECK (credits >= 0)"}
}

func TestUsersWithRules(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range idTypes {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				for _, rule := range rulesOf(d.dialect) {
					run(t, s.db, rule)
				}
				storetest.UsersWithRules(t, func(t *testing.T) core.UserStore[storetest.Account] {
					s.empty(t, time.Now)
					return s.users
				})
			})
		}
	})
}

func TestTransactions(t *testing.T) {
	withIDs(t, storetest.TransactionCases, func(s *shared) storetest.Database {
		return storetest.Database{Users: s.users, Transactor: s.store, Sessions: s.store.Sessions(),
			Tickets: s.store.Tickets(), OAuthAccounts: s.store.OAuthAccounts(), Credentials: s.store.Credentials(),
			Audit: s.store.Audit()}
	})
}

// TestOAuthAccounts: the kit's users have UUIDs, which are texts too.
// TestTransactions links users with ids of every type, and
// TestAdoptedOAuthAccounts runs the kit in place of FastAPI Users' table.
func TestOAuthAccounts(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range map[string]sqlstore.IDType{"UUID": sqlstore.UUID, "Text": sqlstore.Text} {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				storetest.Run(t, func(t *testing.T) core.OAuthAccountStore {
					s.empty(t, time.Now)
					return s.store.OAuthAccounts()
				}, casesOf(storetest.OAuthAccountCases(), ids))
			})
		}
	})
}

// TestCredentials: the kit's owners have UUIDs, which are texts too;
// TestTransactions has ids of every type.
func TestCredentials(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		for name, ids := range map[string]sqlstore.IDType{"UUID": sqlstore.UUID, "Text": sqlstore.Text} {
			t.Run(name, func(t *testing.T) {
				s := d.shared(t, ids)
				storetest.Run(t, func(t *testing.T) storetest.Clocked[core.CredentialStore] {
					clock := storetest.NewClock()
					s.empty(t, clock.Now)
					return storetest.Clocked[core.CredentialStore]{Store: s.store.Credentials(), Clock: clock}
				}, casesOf(storetest.CredentialCases(), ids))
			})
		}
	})
}

func TestAudit(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		s := d.shared(t, sqlstore.UUID)
		storetest.Audit(t, func(t *testing.T) core.AuditStore {
			s.empty(t, time.Now)
			return s.store.Audit()
		})
	})
}

func TestSessions(t *testing.T) { everywhere(t, sessionsKit) }

func sessionsKit(t *testing.T, d database) {
	s := d.shared(t, sqlstore.UUID)
	storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore {
		s.empty(t, now)
		return s.store.Sessions()
	})
}

func TestTickets(t *testing.T) { everywhere(t, ticketsKit) }

func ticketsKit(t *testing.T, d database) {
	s := d.shared(t, sqlstore.UUID)
	storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore {
		s.empty(t, now)
		return s.store.Tickets()
	})
}

func TestLimiter(t *testing.T) { everywhere(t, limiterKit) }

func limiterKit(t *testing.T, d database) {
	s := d.shared(t, sqlstore.UUID)
	storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter {
		s.empty(t, now)
		return s.store.Limiter()
	})
}
