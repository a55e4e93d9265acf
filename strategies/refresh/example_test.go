package refresh_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
)

func Example() {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // of a configuration, in an application
	key, err := jwt.HS256("2026-01", secret)
	if err != nil {
		panic(err)
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute})
	if err != nil {
		panic(err)
	}
	strategy, err := refresh.New(memstore.NewSessions(nil), access, refresh.Options{})
	if err != nil {
		panic(err)
	}

	// What the front door does at a login, and at POST /refresh.
	ctx := context.Background()
	login, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "mobile"}})
	found, _ := strategy.Renewable(ctx, login.Refresh)
	renewed, _ := strategy.Renew(ctx, login.Refresh, core.Login{Session: *found.Session})
	again, _ := strategy.Renew(ctx, login.Refresh, core.Login{Session: *found.Session}) // the answer got lost

	fmt.Println(login.Refresh[:4], len(login.Refresh), len(renewed.Refresh))
	fmt.Println(renewed.Refresh == again.Refresh)
	// Output:
	// lkr_ 47 90
	// true
}
