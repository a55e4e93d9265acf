package redisstore_test

import (
	"errors"
	"os"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
	"github.com/redis/rueidis"
)

// newAuth's body is in the README. Users, and the tokens of their mails, are in
// a database.
func newAuth(
	users core.UserStore[latchkey.User], tickets core.TicketStore, key jwt.Key,
) (*latchkey.Auth[latchkey.User], *redisstore.Store, error) {
	client, err := rueidis.ParseURL(os.Getenv("REDIS_URL")) // redis://user:password@host:6379/0, rediss:// for TLS
	if err != nil {
		return nil, nil, err
	}
	store, err := redisstore.New(client, redisstore.Options{}) // connects; store.Close() when the server has stopped
	if err != nil {
		return nil, nil, err
	}
	sessions, err1 := session.New(store.Sessions(), session.Options{})
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: store.Tickets()})
	cookies, err3 := cookie.New(cookie.Options{})
	auth, err4 := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{
			{Name: "web", Transport: cookies, Strategy: sessions},
			{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
		},
		Tickets: tickets, // with the users, in their database
		Limiter: store.Limiter(),
		BaseURL: "https://app.example.org",
	})
	return auth, store, errors.Join(err1, err2, err3, err4)
}

func TestReadme(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://"+server.Redis(t)+"/0")
	key, err := jwt.HS256("", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	if err != nil {
		t.Fatal(err)
	}
	_, store, err := newAuth(memstore.NewUsers[latchkey.User](), memstore.NewTickets(nil), key)
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
}
