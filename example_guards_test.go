package latchkey_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// mountGuarded puts guards before handlers of the application.
func mountGuarded(mux *http.ServeMux, auth *latchkey.Auth[Member]) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "stranger"
		if member, ok := latchkey.CurrentUser[Member](r.Context()); ok {
			name = member.Nick
		}
		_, _ = io.WriteString(w, "Hello "+name)
	})
	paid := latchkey.Check(func(_ context.Context, m *Member) error {
		if m.Credits == 0 {
			return latchkey.Refuse("NO_CREDITS")
		}
		return nil
	})
	mux.Handle("GET /{$}", httpauth.Optional(auth)(hello))
	mux.Handle("GET /home", httpauth.Require(auth)(hello))
	mux.Handle("GET /post", httpauth.Require(auth, latchkey.Verified)(hello))
	mux.Handle("GET /admin", httpauth.Require(auth, latchkey.Superuser, latchkey.Fresh(10*time.Minute))(hello))
	mux.Handle("GET /print", httpauth.Require(auth, paid)(hello))
}

// Guards decide who reaches a handler; CurrentUser is who has.
func ExampleGuard() {
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"))
	mountGuarded(mux, auth)
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}, Nick: "Ada"}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	token := logIn(mux, "ada@example.org", "analytical engine")

	fmt.Println(exchange(mux, "GET /", "", ""))
	fmt.Println(exchange(mux, "GET /home", "", ""))
	for _, route := range []string{"GET /", "GET /home", "GET /post", "GET /admin", "GET /print"} {
		fmt.Println(route, exchange(mux, route, token, ""))
	}
	// Output:
	// 200 Hello stranger
	// 401 {"detail":"Unauthorized"}
	// GET / 200 Hello Ada
	// GET /home 200 Hello Ada
	// GET /post 200 Hello Ada
	// GET /admin 403 {"detail":"Forbidden"}
	// GET /print 400 {"detail":"NO_CREDITS"}
}
