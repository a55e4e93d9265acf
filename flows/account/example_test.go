package account_test

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// newAuth returns an application in memory.
func newAuth() (*latchkey.Auth[member], error) {
	strategy, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		return nil, err
	}
	cheap, err := bcrypt.New(bcrypt.Options{Cost: 10})
	if err != nil {
		return nil, err
	}
	return latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		Hashers:  []core.Hasher{cheap},
	})
}

// A flow of an application's own creates users as POST /register does: the same
// checks, hooks and events, in its own way of asking.
func ExampleCreate() {
	auth, err := newAuth()
	if err != nil {
		panic(err)
	}
	ctx, svc := context.Background(), auth.Services()
	u := svc.Users.New()
	u.Base().Email, u.Base().IsActive = "Ada@Example.org", true
	err = account.Create(ctx, svc, u, "analytical engine", nil, nil)
	fmt.Println(u.Base().Email, u.Base().EmailKey, err)

	again := svc.Users.New()
	again.Base().Email = "ada@example.org"
	fmt.Println(account.Create(ctx, svc, again, "another password", nil, nil))
	// Output:
	// Ada@Example.org ada@example.org <nil>
	// REGISTER_USER_ALREADY_EXISTS
}
