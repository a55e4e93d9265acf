package latchkey_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Hooks refuse what is about to happen, edit a new user, and act on what has
// happened.
func ExampleHooks() {
	ctx := context.Background()
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()},
		Hashers:  cheap(),
		Hooks: latchkey.Hooks[Member]{
			BeforeRegister: func(_ context.Context, e *latchkey.Event[Member]) error {
				if !strings.HasSuffix(e.User.EmailKey, "@example.org") {
					return latchkey.Refuse("MEMBERS_ONLY") // the answer, as it is
				}
				e.User.Credits = 10 // stored with the user
				return nil
			},
			AfterRegister: func(_ context.Context, e latchkey.Event[Member]) {
				address := e.User.Email
				e.Enqueue("newsletter", func(context.Context) error { // slow work, after the answer
					fmt.Println("newsletter for", address)
					return nil
				})
			},
			AfterFailedLogin: func(_ context.Context, e latchkey.Event[Member]) {
				if e.User != nil { // else it is nobody's address
					fmt.Println(e.Kind, e.Code, "for", e.User.Email)
				}
			},
		},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"))

	fmt.Println(exchange(mux, "POST /auth/register", "", `{"email": "eve@example.com", "password": "a long secret"}`))
	exchange(mux, "POST /auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`)
	if err := auth.Wait(ctx); err != nil {
		panic(err)
	}
	logIn(mux, "ada@example.org", "a wrong password")
	ada, err := auth.Manager().FindByEmail(ctx, "ada@example.org")
	fmt.Println(ada.Credits, "credits", err)
	// Output:
	// 400 {"detail":"MEMBERS_ONLY"}
	// newsletter for ada@example.org
	// login.refused LOGIN_BAD_CREDENTIALS for ada@example.org
	// 10 credits <nil>
}
