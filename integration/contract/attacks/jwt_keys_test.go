package attacks_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// strategy is one that can be exchanged while the application runs, as a
// restart with other keys does.
type strategy struct{ core.Strategy }

func (s *strategy) Unwrap() any { return s.Strategy }

func (s *strategy) use(t *testing.T, a *harness.App, keys ...jwt.Key) {
	t.Helper()
	made, err := jwt.New(jwt.Options{Keys: keys, Now: a.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.Strategy = made
}

func TestAttackJWTKeys(t *testing.T) {
	rs, err1 := jwt.RS256("rs", rsaKey())
	hs, err2 := jwt.HS256("hs", harness.Secret)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	var strategies harness.PerApp[strategy]
	with := func(a *harness.App, o *harness.Options) {
		strategies.Of(a).use(t, a, rs)
		o.Backends = append(o.Backends, latchkey.Backend{
			Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategies.Of(a),
		})
	}
	harness.OnEveryStore(t, with, func(t *testing.T, a *harness.App) {
		api := strategies.Of(a)
		a.Serve(t, func(r harness.Router) { r.Mount("/auth/api", a.Login("api")) })
		u := a.NewUser(t)
		token := a.Token(t, "api", u)
		good := claims(t, token, "", "")
		refused := func(name, token string) {
			t.Helper()
			a.Want(t, "GET /users/me 401", harness.Case(name), harness.Bearer(token))
		}
		der, err := x509.MarshalPKIXPublicKey(&rsaKey().PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []json.RawMessage }
		if err := json.Unmarshal([]byte(a.Want(t, "GET /auth/jwks.json 200").Body), &set); err != nil || len(set.Keys) != 1 {
			t.Fatal(err, set.Keys)
		}
		for name, public := range map[string][]byte{
			"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der, "PKCS 1": x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey),
			"JWK": set.Keys[0], "nothing": {},
		} {
			refused("J02 HS256 with the public key as secret, "+name,
				forged(`{"alg":"HS256","kid":"rs","typ":"JWT"}`, good, public))
			refused("J02 RS256 in name, "+name, forged(`{"alg":"RS256","kid":"rs","typ":"JWT"}`, good, public))
		}
		refused("J04 kid is absent", forged(`{"alg":"RS256","typ":"JWT"}`, good, harness.Secret))
		for _, salt := range []int{32, 20, 0} {
			for _, alg := range []string{"PS256", "RS256"} {
				input := encode([]byte(`{"alg":"`+alg+`","kid":"rs","typ":"JWT"}`)) + "." + encode([]byte(good))
				digest := sha256.Sum256([]byte(input))
				signature, err := rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt})
				if err != nil {
					t.Fatal(err)
				}
				refused(fmt.Sprintf("J22 PSS as %s, salt of %d bytes", alg, salt), input+"."+encode(signature))
			}
		}
		a.Want(t, "GET /users/me 200 (twin)", harness.Bearer(token)).WantUser(t, u)

		api.use(t, a, hs, rs)
		a.Want(t, "GET /users/me 200 (twin, a key that is kept verifies)", harness.Bearer(token))
		t.Run("J26 a key that is kept verifies only", func(t *testing.T) {
			if head := string(harness.DecodeBase64URL(t, strings.Split(a.Token(t, "api", u), ".")[0])); !strings.Contains(head,
				`"hs"`) {
				t.Errorf("signed under %s", head)
			}
		})
		api.use(t, a, hs)
		refused("J26 a key that is rotated out", token)
		a.Want(t, "GET /users/me 200 (twin, the new key)", harness.Bearer(a.Token(t, "api", u)))
	})
}
