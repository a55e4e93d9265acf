package memstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestUsersConform(t *testing.T) {
	storetest.Users(t, func(*testing.T) core.UserStore[storetest.Account] {
		return memstore.NewUsers[storetest.Account]()
	})
}

func TestNamesConform(t *testing.T) {
	storetest.Names(t, func(*testing.T) core.UserStore[storetest.NamedAccount] {
		return memstore.NewUsers[storetest.NamedAccount]()
	})
}

func TestSessionsConform(t *testing.T) {
	storetest.Sessions(t, func(_ *testing.T, now func() time.Time) core.SessionStore { return memstore.NewSessions(now) })
}

func TestTicketsConform(t *testing.T) {
	storetest.Tickets(t, func(_ *testing.T, now func() time.Time) core.TicketStore { return memstore.NewTickets(now) })
}

func TestLimiterConforms(t *testing.T) {
	storetest.Limiter(t, func(_ *testing.T, now func() time.Time) core.Limiter {
		return memstore.NewLimiter(memstore.LimiterOptions{Now: now})
	})
}

func TestOAuthAccountsConform(t *testing.T) {
	storetest.OAuthAccounts(t, func(*testing.T) core.OAuthAccountStore { return memstore.NewOAuthAccounts() })
}

func TestCredentialsConform(t *testing.T) {
	storetest.Credentials(t, func(_ *testing.T, now func() time.Time) core.CredentialStore {
		return memstore.NewCredentials(now)
	})
}

func TestAuditConforms(t *testing.T) {
	storetest.Audit(t, func(*testing.T) core.AuditStore { return memstore.NewAudit() })
}
