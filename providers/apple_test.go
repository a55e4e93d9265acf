package providers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
)

var appleKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

func makeApple(opts ...providers.Option) *providers.Provider {
	der, err := x509.MarshalPKCS8PrivateKey(appleKey)
	if err != nil {
		panic(err)
	}
	return providers.Apple("the-client", providers.AppleKey{
		TeamID: "TEAM123456", KeyID: "KEY1234567", PEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}, opts...)
}

// appleSecret checks a client secret against Apple's documentation: ES256, the
// key's ID, the team, the client, Apple, at most six months.
func appleSecret(t *testing.T, secret string) bool {
	t.Helper()
	parts := strings.Split(secret, ".")
	if len(parts) != 3 {
		return false
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud string
		Iat, Exp      int64
	}
	for i, to := range []any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, to) != nil {
			return false
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	now := time.Now().Unix()
	return ecdsa.Verify(&appleKey.PublicKey, digest[:], r, s) && header.Alg == "ES256" && header.Kid == "KEY1234567" &&
		claims.Iss == "TEAM123456" && claims.Sub == "the-client" && claims.Aud == "https://appleid.apple.com" &&
		claims.Iat <= now && claims.Exp > now && claims.Exp-claims.Iat < 6*30*24*3600
}

// The name comes once, posted by the browser along with the code; nothing else
// in that form counts.
func TestApplesPostedUser(t *testing.T) {
	for name, c := range map[string]struct{ user, want string }{
		"name":           {`{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"evil@example.com"}`, "Ada Lovelace"},
		"no name":        {`{"email":"evil@example.com"}`, ""},
		"nonsense":       {`{"name":`, ""},
		"a list":         {`["Ada"]`, ""},
		"wrong":          {`{"name":{"firstName":["Ada"],"lastName":{}}}`, ""},
		"field F13 half": {`{"name":{"firstName":"Ada","lastName":""}}`, "Ada"},
		"field F13 null": {`{"name":{"firstName":null,"lastName":"Lovelace"}}`, "Lovelace"},
		"not there":      {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFake(t, people[1], strings.NewReplacer())
			who, _, err := makeApple(providers.WithDial(fake.network.Dial)).Finish(context.Background(), core.OAuthFinish{
				Code: "the-code", Verifier: strings.Repeat("v", 43), Nonce: "the-nonce",
				RedirectURI: "https://app.example/callback",
				Form:        url.Values{"code": {"the-code"}, "user": {c.user}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if who.Name != c.want || who.Email != "ada@example.com" || who.Subject != people[1].subject {
				t.Errorf("it is %q with name %q and e-mail %q", who.Subject, who.Name, who.Email)
			}
		})
	}
}
