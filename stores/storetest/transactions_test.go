package storetest_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestTransactions(t *testing.T) {
	storetest.Transactions(t, func(*testing.T) storetest.Database {
		d := newDatabase()
		return storetest.Database{Users: txUsers{d}, Transactor: d, Sessions: txSessions{d}, Tickets: txTickets{d},
			OAuthAccounts: txAccounts{d}, Credentials: txCredentials{d}, Audit: txAudit{d}}
	})
}

func TestBrokenTransactions(t *testing.T) {
	t.Parallel()
	open := func(d *database) storetest.Database {
		return storetest.Database{Users: txUsers{d}, Transactor: d, Sessions: txSessions{d}, Tickets: txTickets{d},
			OAuthAccounts: txAccounts{d}, Credentials: txCredentials{d}, Audit: txAudit{d}}
	}
	for name, fake := range map[string]struct {
		breaks func(d *database)
		rules  []string
	}{
		"none":                         {func(*database) {}, nil},
		"an error does not undo":       {func(d *database) { d.keepsErrors = true }, []string{"An error of do", "Transact nests: what the inner", "A user and a ticket", "A user and an account", "A user and a credential", "A user and their sessions", "E01", "Of concurrent transactions that make", "Delete of a user and", "F01 a transaction", "What a transaction has not", "Rotator: a Rotate is undone"}},
		"an error in a wrapping":       {func(d *database) { d.wraps = true }, []string{"An error of do", "Transact nests: what the inner"}},
		"a panic does not undo":        {func(d *database) { d.keepsPanics = true }, []string{"A panic of do"}},
		"a panic ends here":            {func(d *database) { d.swallowsPanics = true }, []string{"A panic of do"}},
		"the inner one commits":        {func(d *database) { d.commitsInner = true }, []string{"Transact nests: what the inner"}},
		"a refusal spoils it":          {func(d *database) { d.spoils = true }, []string{"A refusal (ErrTaken", "A refusal of a ticket", "A refusal of an account", "A refusal of a credential", "A refusal of a session", "A refusal of a record", "A user and their sessions", "Locker: Lock of an ID"}},
		"failures are undone":          {func(d *database) { d.failsInside = true }, []string{"M04"}},
		"nothing is committed":         {func(d *database) { d.neverCommits = true }, []string{"A transaction without", "Transact nests: both", "A refusal", "K04", "F10", "F01", "E01", "A user and", "Of concurrent transactions that make", "R01", "M07", "Locker: Lock of an ID", "Locker: an Update", "Locker: no change", "Rotator: a Rotate is undone"}},
		"links of their own":           {func(d *database) { d.linksOutside = true }, []string{"A user and an account"}},
		"links stay":                   {func(d *database) { d.linksStay = true }, []string{"Delete of a user and", "Delete of a user removes their accounts"}},
		"all links go":                 {func(d *database) { d.linksGo = true }, []string{"Delete of a user removes their accounts"}},
		"credentials of their own":     {func(d *database) { d.credentialsOutside = true }, []string{"A user and a credential"}},
		"credentials stay":             {func(d *database) { d.credentialsStay = true }, []string{"Delete of a user and of their credentials", "Delete of a user removes their credentials"}},
		"all credentials go":           {func(d *database) { d.allCredentialsGo = true }, []string{"Delete of a user removes their credentials"}},
		"records of their own":         {func(d *database) { d.auditOutside = true }, []string{"E01"}},
		"records go":                   {func(d *database) { d.auditGoes = true }, []string{"The audit records", "E01 the deletion"}},
		"sessions of their own":        {func(d *database) { d.sessionsOutside = true }, []string{"A user and their sessions"}},
		"sessions stay":                {func(d *database) { d.sessionsStay = true }, []string{"Delete of a user removes their sessions"}},
		"rotations of their own":       {func(d *database) { d.rotationsOutside = true }, []string{"Rotator: a Rotate is undone"}},
		"tickets stay":                 {func(d *database) { d.ticketsStay = true }, []string{"Delete of a user removes their tickets"}},
		"dirty reads":                  {func(d *database) { d.dirty = true }, []string{"What a transaction has not"}},
		"failures count twice":         {func(d *database) { d.failsTwice = true }, []string{"M04"}},
		"a lock is a mark":             {func(d *database) { d.marksLocked = true }, []string{"Locker: Lock returns the whole", "Locker: outside", "Locker: an Update", "Locker: no change", "Locker: transactions"}},
		"anybody can be locked":        {func(d *database) { d.locksAbsent = true }, []string{"Locker: Lock of an ID"}},
		"half is kept of what is late": {func(d *database) { d.halvesLate = true }, []string{"F01 a transaction"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			broken(t, storetest.TransactionCases(), func() storetest.Database {
				d := newDatabase()
				fake.breaks(d)
				return open(d)
			}, fake.rules...)
		})
	}
	t.Run("half is kept of what ends in a deadlock", func(t *testing.T) {
		broken(t, rule(storetest.TransactionCases(), "F10"), func() storetest.Database {
			d := newDatabase()
			d.deadlocks = true
			return open(d)
		}, "F10")
	})
	t.Run("a lock keeps nobody waiting", func(t *testing.T) {
		broken(t, rule(storetest.TransactionCases(), "Locker"), func() storetest.Database {
			d := newDatabase()
			d.interleaves = true
			return open(d)
		}, "Locker: an Update", "Locker: a locked user", "?Locker: no change")
	})
	t.Run("no transactions at all", func(t *testing.T) {
		broken(t, storetest.TransactionCases(), func() storetest.Database {
			return storetest.Database{
				Users: memstore.NewUsers[account](), Transactor: none{}, Sessions: memstore.NewSessions(nil),
				Tickets: memstore.NewTickets(nil), OAuthAccounts: memstore.NewOAuthAccounts(),
				Credentials: memstore.NewCredentials(nil), Audit: memstore.NewAudit(),
			}
		}, "An error of do", "A panic of do", "Transact nests: what the inner", "What a transaction", "F01 a transaction",
			"E01", "A user and", "Of concurrent transactions that make", "Delete of a user", "Rotator: a Rotate is undone")
	})
}

// none only runs do.
type none struct{}

func (none) Transact(ctx context.Context, do func(context.Context) error) error { return do(ctx) }
