package routes_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestKeysOfASecret(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		if got := a.Want(t, "GET /auth/jwks.json 200 (a secret is no public key)"); got.Body != `{"keys":[]}` {
			t.Errorf("got %s", got.Body)
		}
	})
}

func TestKeys(t *testing.T) {
	_, edwards, err1 := ed25519.GenerateKey(rand.Reader)
	curve, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	modulus, err3 := rsa.GenerateKey(rand.Reader, 2048)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	asymmetric := func(a *harness.App, o *harness.Options) {
		first, err1 := jwt.EdDSA("first", edwards)
		second, err2 := jwt.ES256("second", curve)
		third, err3 := jwt.RS256("third", modulus)
		tokens, err4 := jwt.New(jwt.Options{Keys: []jwt.Key{first, second, third}, Audience: "services", Now: a.Now})
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(err1, err2, err3, err4)
		}
		o.Backends = append(o.Backends,
			latchkey.Backend{Name: "services", Transport: bearer.New(bearer.Options{}), Strategy: tokens})
	}
	harness.OnEveryAdapter(t, asymmetric, func(t *testing.T, a *harness.App) {
		a.Serve(t, func(r harness.Router) { r.Mount("/auth/services", a.Login("services")) })
		var set struct{ Keys []map[string]string }
		if got := a.Want(t, "GET /auth/jwks.json 200", harness.Row); !harness.StrictJSON(got.Body, &set) ||
			len(set.Keys) != 3 {
			t.Fatalf("got %s", got.Body)
		}
		private := []string{"d", "p", "q", "dp", "dq", "qi", "k"}
		for i, want := range []string{"EdDSA first", "ES256 second", "RS256 third"} {
			key := set.Keys[i]
			if key["alg"]+" "+key["kid"] != want || slices.ContainsFunc(private, func(m string) bool { return key[m] != "" }) {
				t.Errorf("got the key %v, want %s", slices.Sorted(maps.Keys(key)), want)
			}
		}
		t.Run("GET /auth/jwks.json 200 (the first key verifies tokens)", func(t *testing.T) {
			u := a.NewUser(t)
			token := a.Want(t, "POST /auth/services/login 200", harness.LoginForm(u.Email, harness.Password)).Member(t,
				"access_token").(string)
			dot := strings.LastIndexByte(token, '.')
			key, signature := harness.DecodeBase64URL(t, set.Keys[0]["x"]), harness.DecodeBase64URL(t, token[dot+1:])
			if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, []byte(token[:dot]), signature) {
				t.Error("the published key does not verify the token")
			}
			a.Want(t, "GET /users/me 200", harness.Credential("services", token)).WantUser(t, u)
		})
	})
}
