package benchmarks

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkKeys is a GET through a chi router with an API key that is in
// memory, and with such a session. Both load the user.
func BenchmarkKeys(b *testing.B) {
	const kept = 5 * time.Second
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{LocalCacheTTL: kept})
	check(b, err)
	rounds(b,
		onChi("session", ours(newApp(b, sessions))),
		onChi("API key", ours(keyed(b, kept), latchkey.Scope("read"))),
	)
}

// keyed is an application with a key of a user.
func keyed(b *testing.B, ttl time.Duration) app {
	b.Helper()
	credentials := memstore.NewCredentials(nil)
	keys, err := apikey.New(credentials, apikey.Options{
		Backend: "one", Prefix: "acme", Scopes: []string{"read", "write"}, LocalCacheTTL: ttl,
	})
	check(b, err)
	users := memstore.NewUsers[latchkey.User]()
	ada := &latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true}
	check(b, users.Create(b.Context(), ada))
	auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends:    []latchkey.Backend{{Name: "one", Transport: bearer.New(bearer.Options{}), Strategy: keys}},
		Flows:       []core.Flow{keys.Flow()},
		Credentials: credentials,
		EpochTTL:    5 * time.Second,
	})
	check(b, err)
	token, _, err := auth.Manager().MakeAPIKey(b.Context(), ada.ID, apikey.Wanted{Name: "ci", Scopes: []string{"read"}})
	check(b, err)
	return app{auth, token}
}
