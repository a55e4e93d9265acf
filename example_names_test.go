package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// The functions and the type of this file are blocks of
// docs/guides/user-names.md.

// Player is a user with a name, who need not have an address.
type Player struct {
	latchkey.User
	latchkey.Named
	Level int `json:"level"`
}

func withoutAddresses(o latchkey.Options[Player]) latchkey.Options[Player] {
	o.EmailOptional = true
	return o
}

var reservedNames = []string{"admin", "root", "support"}

func withReservedNames(o latchkey.Options[Player]) latchkey.Options[Player] {
	o.Identify = func(typed string) (latchkey.Key, error) {
		key, err := latchkey.Identify(typed)
		if key.Kind == "username" && slices.Contains(reservedNames, key.Value) {
			return latchkey.Key{}, errors.New("This name is reserved") // what a client is told
		}
		return key, err
	}
	return o
}

func withNamesRequired(o latchkey.Options[Player]) latchkey.Options[Player] {
	o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Player]) error {
		if e.User.Username == "" && e.Identity == nil { // a provider's newcomers choose one later
			return core.Invalid(core.Missing("username"))
		}
		return nil
	}
	return o
}

// nameAll names the users who had another column for it.
func nameAll(ctx context.Context, auth *latchkey.Auth[Player], former func(*Player) string) error {
	m := auth.Manager()
	for q := (core.Query{Limit: 100}); ; {
		users, next, err := m.List(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range users {
			name := former(u)
			if name == "" || u.Username != "" {
				continue
			}
			_, err := m.Update(ctx, u.ID, latchkey.Changes[Player]{Username: &name})
			var refusal *latchkey.Error // taken, or no name: ask its owner
			if err != nil && !errors.As(err, &refusal) {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// A player registers by a name alone, and logs in with it in any spelling.
func ExampleNamed() {
	auth, err := latchkey.New(memstore.NewUsers[Player](), withReservedNames(withoutAddresses(latchkey.Options[Player]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
	})))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"))
	post := func(path, body string) {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if fmt.Print(w.Code); w.Code >= 400 {
			fmt.Print(" ", strings.TrimSpace(w.Body.String()))
		}
		fmt.Println()
	}
	post("/auth/register", `{"username": "Admin", "password": "analytical engine"}`)
	post("/auth/register", `{"username": "Ada", "password": "analytical engine"}`)
	post("/auth/register", `{"username": "ADA", "password": "analytical engine"}`)
	post("/auth/login", `{"username": "ada", "password": "analytical engine"}`)
	ada, err := auth.Manager().FindByUsername(context.Background(), "ada")
	fmt.Println(ada.Username, ada.Email == "", err)
	// Output:
	// 422 {"detail":[{"loc":["body","username"],"msg":"Value error, This name is reserved","type":"value_error"}]}
	// 201
	// 400 {"detail":"REGISTER_USERNAME_ALREADY_EXISTS"}
	// 200
	// Ada true <nil>
}
