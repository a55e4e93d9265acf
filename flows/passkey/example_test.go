package passkey_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is an application's user type.
type Account struct{ latchkey.User }

// A production application keeps users, credentials and tickets in one
// database: store.Credentials() and store.Tickets() of sqlstore, or of another.
func ExampleNew() {
	keys, err := passkey.New(passkey.Options{
		Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"), // 32 random bytes, the same on every node
		Name:   "Example",
	})
	if err != nil {
		panic(err)
	}
	cookies, err := cookie.New(cookie.Options{})
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Account](), latchkey.Options[Account]{
		Backends:    []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:       []latchkey.Flow{keys},
		Credentials: memstore.NewCredentials(nil),
		Tickets:     memstore.NewTickets(nil),
		BaseURL:     "https://app.example.org",
	})
	if err != nil {
		panic(err)
	}
	for _, route := range auth.Flow("passkey", "web") { // mounted at /auth/web
		fmt.Println(route.Method, route.Pattern)
	}
	// Output:
	// POST /login/passkey/options
	// POST /login/passkey
	// POST /passkey/options
	// POST /passkey
	// POST /prove/passkey/options
	// POST /prove/passkey
	// POST /passkeys/options
	// POST /passkeys
	// POST /login/passkeys/options
	// POST /login/passkeys
}
