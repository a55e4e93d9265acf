package latchkey_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// addressRules are hooks with one rule for every address: at registration, by
// PATCH /me, by PATCH /{id} and by Manager.Update.
func addressRules() latchkey.Hooks[Member] {
	rule := func(_ context.Context, e *latchkey.Event[Member]) error {
		if strings.HasSuffix(e.User.EmailKey, "@spam.example") {
			return latchkey.Refuse("ADDRESS_NOT_WELCOME") // 400 {"detail": "ADDRESS_NOT_WELCOME"}
		}
		e.User.Email = strings.Replace(e.User.Email, "+newsletter@", "@", 1) // stored, with its canonical form
		return nil
	}
	return latchkey.Hooks[Member]{BeforeRegister: rule, BeforeUpdate: rule}
}

// changeLog is a hook that says what a change changes.
func changeLog(say func(string)) func(context.Context, *latchkey.Event[Member]) error {
	return func(_ context.Context, e *latchkey.Event[Member]) error {
		say(fmt.Sprintf("%s %v: %s, was %s", e.Actor.Kind, e.Fields, e.User.Email, e.Was.Email))
		return nil
	}
}

// One rule holds wherever an address is set, by any route.
func ExampleHooks_addresses() {
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(), Hooks: addressRules(),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"))
	httpauth.Mount(mux, "/users", auth.Users())
	const password = "analytical engine"

	fmt.Println(exchange(mux, "POST /auth/register", "", `{"email": "eve@spam.example", "password": "`+password+`"}`))
	exchange(mux, "POST /auth/register", "", `{"email": "ada+newsletter@example.org", "password": "`+password+`"}`)
	token := logIn(mux, "ada@example.org", password)
	change := `{"email": "ada@spam.example", "current_password": "` + password + `"}`
	fmt.Println(exchange(mux, "PATCH /users/me", token, change))

	ctx := context.Background()
	ada, err := auth.Manager().FindByEmail(ctx, "ada@example.org")
	if err != nil {
		panic(err)
	}
	spam := "ada@spam.example"
	_, err = auth.Manager().Update(ctx, ada.ID, latchkey.Changes[Member]{Email: &spam})
	fmt.Println(ada.Email, err)
	// Output:
	// 400 {"detail":"ADDRESS_NOT_WELCOME"}
	// 400 {"detail":"ADDRESS_NOT_WELCOME"}
	// ada@example.org ADDRESS_NOT_WELCOME
}

// BeforeUpdate has what changes.
func ExampleHooks_changes() {
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
		Hooks: latchkey.Hooks[Member]{BeforeUpdate: changeLog(func(line string) { fmt.Println(line) })},
	})
	if err != nil {
		panic(err)
	}
	ctx, m := context.Background(), auth.Manager()
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := m.Create(ctx, ada, "analytical engine"); err != nil {
		panic(err)
	}
	address, next := "countess@example.org", "a difference engine"
	_, err = m.Update(ctx, ada.ID, latchkey.Changes[Member]{
		Email: &address, Password: &next, Edit: func(u *Member) error { u.Nick = "Countess"; return nil },
	})
	fmt.Println(err)
	// Output:
	// system [email nick password]: countess@example.org, was ada@example.org
	// <nil>
}

// mountPerTenant puts a guard that depends on the path before a handler.
func mountPerTenant(mux *http.ServeMux, auth *latchkey.Auth[Member], memberOf func(userID, tenant string) bool) {
	ofTenant := latchkey.Guard{Name: "member of the tenant", NeedsUser: true,
		CheckRequest: func(_ context.Context, h core.Head, c *core.Current) error {
			if tenant, ok := core.PathValue(h, "tenant"); !ok || !memberOf(c.User.Base().ID, tenant) {
				return latchkey.Forbidden()
			}
			return nil
		}}
	mux.Handle("GET /tenants/{tenant}/bills", httpauth.Require(auth, ofTenant)(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, "bills of ", r.PathValue("tenant")) })))
}

// A guard may depend on the path.
func ExampleGuard_path() {
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"))
	mountPerTenant(mux, auth, func(_, tenant string) bool { return tenant == "acme" })
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	token := logIn(mux, "ada@example.org", "analytical engine")
	fmt.Println(exchange(mux, "GET /tenants/acme/bills", token, ""))
	fmt.Println(exchange(mux, "GET /tenants/globex/bills", token, ""))
	// Output:
	// 200 bills of acme
	// 403 {"detail":"Forbidden"}
}
