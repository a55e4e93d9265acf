package benchmarks

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

var secret = sha256.Sum256([]byte("benchmark"))

// app is an application with one backend, and somebody who is logged in.
type app struct {
	*latchkey.Auth[latchkey.User]
	token string
}

// newApp logs ada in by a strategy.
func newApp(b *testing.B, strategy core.Strategy) app {
	b.Helper()
	users := memstore.NewUsers[latchkey.User]()
	ada := &latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true}
	check(b, users.Create(b.Context(), ada))
	auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{Name: "one", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		EpochTTL: 5 * time.Second,
	})
	check(b, err)
	token, err := strategy.Issue(b.Context(), core.Login{User: ada, Session: core.Session{UserID: ada.ID, Backend: "one"}})
	check(b, err)
	return app{auth, token.Raw}
}

func newSessions(b *testing.B, store core.SessionStore) *session.Strategy {
	b.Helper()
	s, err := session.New(store, session.Options{})
	check(b, err)
	return s
}

// newJWT is a strategy of HS256, whose tokens the peers can read too, with a
// cache of so many tokens (negative: none).
func newJWT(b *testing.B, cache int) *jwt.Strategy {
	b.Helper()
	key, err := jwt.HS256("", secret[:])
	check(b, err)
	s, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Cache: cache})
	check(b, err)
	return s
}
