package latchkey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// The functions of this file are blocks of docs/guides/api-keys.md.

func withAPIKeys(o latchkey.Options[Member], credentials core.CredentialStore) (latchkey.Options[Member], error) {
	// credentials is Credentials() of sqlstore, bunstore or another store.
	keys, err := apikey.New(credentials, apikey.Options{
		Backend: "keys", Prefix: "acme", Scopes: []string{"orders:read", "orders:write"},
	})
	if err != nil {
		return o, err
	}
	o.Backends = append(o.Backends, latchkey.Backend{
		Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys,
	})
	o.Flows = append(o.Flows, keys.Flow())
	o.Credentials = credentials
	return o, nil
}

func guardedByScopes(mux *http.ServeMux, auth *latchkey.Auth[Member], list, order, bill http.Handler) {
	mux.Handle("GET /orders", httpauth.Require(auth, latchkey.Scope("orders:read"))(list))
	mux.Handle("POST /orders", httpauth.Require(auth, latchkey.Scope("orders:write"))(order))
	mux.Handle("POST /bills", httpauth.Require(auth)(bill)) // no key: none names a scope
}

func openedToKeys(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.RouteScopes = map[string]string{"users:current_user": "profile:read"}
	return o
}

func limitedKeys(credentials core.CredentialStore, shared core.Limiter) (*apikey.Strategy, error) {
	return apikey.New(credentials, apikey.Options{
		Backend: "keys", Prefix: "acme", Scopes: []string{"orders:read"},
		Lifetime:      30 * 24 * time.Hour,                           // the longest, and the default
		PerUser:       10,                                            // keys of one user
		Limit:         core.Limit{Events: 1000, Window: time.Minute}, // requests with one key
		Limiter:       shared,
		LocalCacheTTL: 2 * time.Second, // of what was read of a key
	})
}

func keyForAProgram(ctx context.Context, auth *latchkey.Auth[Member]) (token string, err error) {
	robot := &Member{Nick: "nightly export"}
	if err := auth.Manager().CreateService(ctx, robot); err != nil {
		return "", err
	}
	token, _, err = auth.Manager().MakeAPIKey(ctx, robot.ID, apikey.Wanted{
		Name: "nightly export", Scopes: []string{"orders:read"},
	})
	return token, err
}

// A user makes a key, with which a program reads orders and changes none.
func ExampleAuth_APIKeys() {
	opts, err := withAPIKeys(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(),
	}, memstore.NewCredentials(nil))
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), opts)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"), auth.APIKeys())
	done := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	guardedByScopes(mux, auth, done, done, done)
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}

	token := logIn(mux, "ada@example.org", "analytical engine")
	answer := exchange(mux, "POST /auth/api-keys", token, `{"name": "ci", "scopes": ["orders:read"], "expires_in": 86400}`)
	var made struct{ Key string }
	_ = json.Unmarshal([]byte(answer[len("201 "):]), &made)

	program := func(method, path string) {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", "Bearer "+made.Key)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(method, path, w.Code, w.Header()["Www-Authenticate"])
	}
	program("GET", "/orders")
	program("POST", "/orders")
	program("GET", "/auth/api-keys")
	// Output:
	// GET /orders 200 []
	// POST /orders 403 [Bearer error="insufficient_scope", scope="orders:write"]
	// GET /auth/api-keys 403 [Bearer error="insufficient_scope"]
}

var _ = []any{openedToKeys, limitedKeys, keyForAProgram}
