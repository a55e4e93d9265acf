package storetest_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// Stores with only the required methods pass, and so do IDs that are not UUIDs.
func TestOptionalFeatures(t *testing.T) {
	t.Parallel()
	t.Run("Users", func(t *testing.T) {
		storetest.Users(t, func(*testing.T) core.UserStore[account] { return numbered() })
	})
	t.Run("Sessions", func(t *testing.T) {
		storetest.Sessions(t, func(_ *testing.T, now func() time.Time) core.SessionStore {
			return struct{ core.SessionStore }{memstore.NewSessions(now)}
		})
	})
	t.Run("Tickets", func(t *testing.T) {
		storetest.Tickets(t, func(_ *testing.T, now func() time.Time) core.TicketStore {
			return struct{ core.TicketStore }{memstore.NewTickets(now)}
		})
	})
	t.Run("Limiter", func(t *testing.T) {
		storetest.Limiter(t, func(_ *testing.T, now func() time.Time) core.Limiter {
			return struct{ core.Limiter }{limiter(now)}
		})
	})
	t.Run("Credentials", func(t *testing.T) {
		storetest.Credentials(t, func(_ *testing.T, now func() time.Time) core.CredentialStore {
			return struct{ core.CredentialStore }{memstore.NewCredentials(now)}
		})
	})
	t.Run("Transactions without tickets, accounts, credentials and sessions", func(t *testing.T) {
		storetest.Transactions(t, func(*testing.T) storetest.Database {
			d := newDatabase()
			return storetest.Database{Users: txUsers{d}, Transactor: d}
		})
	})
	t.Run("a database without transactions", func(t *testing.T) {
		storetest.Transactions(t, func(*testing.T) storetest.Database {
			d := newDatabase()
			return storetest.Database{Users: txUsers{d}, Sessions: txSessions{d}, Tickets: txTickets{d},
				OAuthAccounts: txAccounts{d}, Credentials: txCredentials{d}}
		})
	})
}

// numbered returns a store of users without any optional interface, whose IDs
// are numbers.
func numbered() core.UserStore[account] {
	s := newUserStore()
	var last atomic.Int64
	s.create = func(ctx context.Context, u *account) error {
		c := *u
		if c.ID == "" {
			c.ID = strconv.FormatInt(last.Add(1), 10)
		}
		err := s.Users.Create(ctx, &c)
		if err == nil {
			u.ID = c.ID
		}
		return err
	}
	return struct{ core.UserStore[account] }{s}
}

// decorated hides its store's optional interfaces from type assertions, not
// from core.As.
type decorated struct {
	core.UserStore[account]
	inner any
}

func (d decorated) Unwrap() any { return d.inner }

func TestOptionalFeaturesOfDecoratedStores(t *testing.T) {
	broken(t, storetest.UserCases(), func() core.UserStore[account] {
		s := newUserStore()
		s.epoch = func(context.Context, string) (int64, error) { return 1, nil }
		return decorated{s, s}
	}, "EpochStore")
}
