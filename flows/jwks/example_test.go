package jwks_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// Other services fetch the public keys and verify the tokens themselves.
func ExampleFlow() {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	key, err := jwt.EdDSA("2026-01", private)
	if err != nil {
		panic(err)
	}
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{ // it installs the flow
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: tokens}},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Keys())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/jwks.json", nil))
	var set struct {
		Keys []struct{ Kid, Kty, Alg, D string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		panic(err)
	}
	fmt.Printf("%+v\n", set.Keys) // D, the private part, never appears
	// Output: [{Kid:2026-01 Kty:OKP Alg:EdDSA D:}]
}
