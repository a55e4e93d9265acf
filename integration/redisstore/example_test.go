package redisstore_test

import (
	"context"
	"log"
	"os"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
	"github.com/redis/rueidis"
)

// Users and their mails' tokens are in SQL, sessions, limits and the JWTs' deny list in Redis.
func ExampleNew() {
	newAuth := func(users core.UserStore[latchkey.User], tickets core.TicketStore, key jwt.Key) (*latchkey.Auth[latchkey.User], error) {
		client, err := rueidis.ParseURL(os.Getenv("REDIS_URL")) // redis://user:password@host:6379/0, rediss:// for TLS
		if err != nil {
			return nil, err
		}
		store, err := redisstore.New(client, redisstore.Options{})
		if err != nil {
			return nil, err
		}
		sessions, err := session.New(store.Sessions(), session.Options{})
		if err != nil {
			return nil, err
		}
		tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: store.Tickets()})
		if err != nil {
			return nil, err
		}
		cookies, err := cookie.New(cookie.Options{})
		if err != nil {
			return nil, err
		}
		return latchkey.New(users, latchkey.Options[latchkey.User]{
			Backends: []latchkey.Backend{
				{Name: "web", Transport: cookies, Strategy: sessions},
				{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
			},
			Tickets: tickets,
			Limiter: store.Limiter(),
			BaseURL: "https://app.example.org",
		})
	}
	_ = newAuth
}

func ExampleStore_Sessions() {
	store, err := redisstore.New(rueidis.ClientOption{InitAddress: []string{"127.0.0.1:6379"}}, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	all, err := store.Sessions().List(context.Background(), "ada")
	log.Println(len(all), err)
}
