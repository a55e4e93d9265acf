package latchkey_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// A suspension has an end and a reason, which the user reads.
func ExampleManager_Suspend() {
	ctx := context.Background()
	_, manager := exampleManager(ctx, nil)
	grace, err := manager.FindByEmail(ctx, "grace@example.org")
	if err != nil {
		panic(err)
	}
	week := time.Now().AddDate(0, 0, 7) // the zero time is for good
	if err := manager.Suspend(ctx, grace.ID, week, "Unpaid bills"); err != nil {
		panic(err)
	}
	_, err = manager.Authenticate(ctx, "grace@example.org", "a wrong password")
	fmt.Println(err)
	_, err = manager.Authenticate(ctx, "grace@example.org", "a password of grace")
	fmt.Println(err)
	if err := manager.Reinstate(ctx, grace.ID); err != nil {
		panic(err)
	}
	_, err = manager.Authenticate(ctx, "grace@example.org", "a password of grace")
	fmt.Println(err)
	// Output:
	// LOGIN_BAD_CREDENTIALS
	// LOGIN_USER_SUSPENDED
	// <nil>
}

func withImpersonation(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.Flows = append(o.Flows, impersonation.Flow{})
	return o
}

// orders answers a handler of the application's own.
func orders(w http.ResponseWriter, r *http.Request) {
	user, _ := latchkey.CurrentUser[Member](r.Context())
	if admin, ok := latchkey.Actor(r.Context()); ok {
		slog.InfoContext(r.Context(), "orders are looked at", "user", user.ID, "by", admin)
		_, _ = fmt.Fprintf(w, "somebody acts as %s", user.Email)
		return
	}
	_, _ = fmt.Fprint(w, user.Email)
}

// An administrator sees what a user sees, and comes back.
func ExampleActor() {
	ctx := context.Background()
	auth, err := latchkey.New(memstore.NewUsers[Member](), withImpersonation(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(), Tickets: memstore.NewTickets(nil),
		Log: slog.New(slog.DiscardHandler),
	}))
	if err != nil {
		panic(err)
	}
	root := &Member{User: latchkey.User{Email: "root@example.org", IsActive: true, IsSuperuser: true}}
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	for _, m := range []*Member{root, ada} {
		if err := auth.Manager().Create(ctx, m, "a long password"); err != nil {
			panic(err)
		}
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"), auth.Impersonation("web"))
	mux.Handle("GET /orders", httpauth.Require(auth)(http.HandlerFunc(orders)))
	// inviting others is nobody else's affair
	mux.Handle("POST /invitations", httpauth.Require(auth, latchkey.InPerson)(http.NotFoundHandler()))

	send := func(route, token, body string) (int, string) {
		method, path, _ := strings.Cut(route, " ")
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Token", token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	login, err := auth.Manager().Login(ctx, root.ID, "web", nil, core.Proof{Method: core.MethodPassword})
	if err != nil {
		panic(err)
	}
	_, body := send("POST /auth/impersonate", login.Token.Raw, `{"user_id": "`+ada.ID+`", "reason": "Ticket 7"}`)
	acting := answer{body: body}.member("token")
	fmt.Println(send("GET /orders", acting, ""))
	fmt.Println(send("POST /invitations", acting, ""))
	_, body = send("POST /auth/impersonate/end", acting, "")
	fmt.Println(send("GET /orders", answer{body: body}.member("token"), ""))
	// Output:
	// 200 somebody acts as ada@example.org
	// 403 {"detail":"Forbidden"}
	// 200 root@example.org
}
