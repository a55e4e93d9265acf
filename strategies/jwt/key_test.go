package jwt_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

func TestJ20Secrets(t *testing.T) {
	for name, secret := range map[string]string{
		"J20 none":                "",
		"J20 short":               string(goodSecret[:31]),
		"J20 zeros":               strings.Repeat("\x00", 32),
		"J20 one letter":          strings.Repeat("k", 64),
		"J20 pattern":             "SECRET-SECRET-SECRET-SECRET-SECRET",
		"J20 pattern of 16":       strings.Repeat("0123456789abcdef", 3),
		"J20 pattern, cut":        strings.Repeat("q7Zp-_m2", 4) + "q7Z",
		"J20 few different":       "aaaaaaaabbbbbbbbccccccccdddddddd" + "abcdabcddcbaabcd",
		"J20 example of jwt.io":   "a-string-secret-at-least-256-bits-long",
		"J20 word, upper case":    "7f3a91c0-PASSWORD-55ab3de1-9f8e7d",
		"J20 keyboard":            "qwertyuiopasdfghjklzxcvbnm-012934",
		"J20 alphabet":            "abcdefghijklmnopqrstuvwxyz012345",
		"J20 placeholder":         "please-CHANGEME-before-production!",
		"J20 a PEM's first line":  "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
		"J20 J02 DER, RSA":        string(must(x509.MarshalPKIXPublicKey(&rsaKey().PublicKey))),
		"J20 J02 DER, PKCS 1":     string(x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)),
		"J20 J02 DER, P-256":      string(must(x509.MarshalPKIXPublicKey(&ecdsaKey().PublicKey))),
		"J20 J02 DER, Ed25519":    string(must(x509.MarshalPKIXPublicKey(edKey().Public()))),
		"J20 J02 base64, RSA":     base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(&rsaKey().PublicKey))),
		"J20 J02 base64, P-256":   base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(&ecdsaKey().PublicKey))),
		"J20 J02 base64, Ed25519": base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(edKey().Public()))),
		"J20 J02 JWK":             `{"kty":"OKP","crv":"Ed25519","x":"` + encode(edKey()[32:]) + `"}`,
		"J20 hash of nothing":     fmt.Sprintf("%x", sha256.Sum256(nil)),
		"J20 hash of secret":      string(hash("secret")),
		"J20 hash of password":    fmt.Sprintf("%X", hash("password")),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jwt.HS256("k", []byte(secret))
			if err == nil {
				t.Error("accepted")
			} else if len(secret) > 8 && strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
	t.Run("twins", func(t *testing.T) {
		for range 2000 {
			b := make([]byte, 32)
			_, _ = rand.Read(b)
			for _, secret := range [][]byte{b, fmt.Appendf(nil, "%x", b), []byte(encode(b)), hash(string(b))} {
				if _, err := jwt.HS256("k", secret); err != nil {
					t.Fatalf("%q: %v", secret, err)
				}
			}
		}
	})
	t.Run("a secret is copied", func(t *testing.T) {
		mine := bytes.Clone(goodSecret)
		s := newStrategy(t, jwt.Options{Keys: []jwt.Key{must(jwt.HS256("hs", mine))}})
		token := issue(t, s)
		clear(mine)
		accepted(t, s, token)
	})
}

func hash(word string) []byte {
	digest := sha256.Sum256([]byte(word))
	return digest[:]
}

func TestWeakKeys(t *testing.T) {
	short := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}}
	public := func(n *big.Int, e int) error { return keyError(jwt.RS256Public("k", &rsa.PublicKey{N: n, E: e})) }
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)} //nolint:staticcheck // no constructor makes one
	mixed := *ecdsaKey()
	mixed.PublicKey = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
	mixedEd := bytes.Clone(edKey())
	mixedEd[40] ^= 1
	n := rsaKey().N
	for name, err := range map[string]error{
		"RSA nil":               keyError(jwt.RS256("k", nil)),
		"RSA empty":             keyError(jwt.RS256("k", &rsa.PrivateKey{})),
		"RSA 1024 bits":         keyError(jwt.RS256("k", short)),
		"RSA public half alone": keyError(jwt.RS256("k", &rsa.PrivateKey{PublicKey: rsaKey().PublicKey})),
		"RSA public nil":        keyError(jwt.RS256Public("k", nil)),
		"RSA public 1024 bits":  keyError(jwt.RS256Public("k", &short.PublicKey)),
		"RSA 16384 bits":        public(new(big.Int).Add(new(big.Int).Lsh(n, 14336), big.NewInt(1)), 65537),
		"RSA exponent 1":        public(n, 1),
		"RSA exponent 3":        public(n, 3),
		"RSA exponent even":     public(n, 65538),
		"RSA exponent negative": public(n, -65537),
		"RSA modulus even":      public(new(big.Int).Add(n, big.NewInt(1)), 65537),
		"ECDSA nil":             keyError(jwt.ES256("k", nil)),
		"ECDSA empty":           keyError(jwt.ES256("k", &ecdsa.PrivateKey{})),
		"ECDSA P-384":           keyError(jwt.ES256("k", p384)),
		"ECDSA public half":     keyError(jwt.ES256("k", &ecdsa.PrivateKey{PublicKey: ecdsaKey().PublicKey})),
		"ECDSA mixed halves":    keyError(jwt.ES256("k", &mixed)),
		"ECDSA public nil":      keyError(jwt.ES256Public("k", nil)),
		"ECDSA public P-384":    keyError(jwt.ES256Public("k", &p384.PublicKey)),
		"ECDSA off the curve":   keyError(jwt.ES256Public("k", offCurve)),
		"ECDSA no point":        keyError(jwt.ES256Public("k", &ecdsa.PublicKey{Curve: elliptic.P256()})),
		"Ed25519 nil":           keyError(jwt.EdDSA("k", nil)),
		"Ed25519 cut":           keyError(jwt.EdDSA("k", edKey()[:63])),
		"Ed25519 mixed halves":  keyError(jwt.EdDSA("k", mixedEd)),
		"Ed25519 public nil":    keyError(jwt.EdDSAPublic("k", nil)),
		"ID too long":           keyError(jwt.HS256(strings.Repeat("k", 65), goodSecret)),
		"ID with a slash":       keyError(jwt.HS256("a/b", goodSecret)),
		"ID with a newline":     keyError(jwt.HS256("a\n", goodSecret)),
		"insecure and short":    keyError(jwt.InsecureHS256([]byte("SECRET"))),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, err := range map[string]error{
		"RSA":            keyError(jwt.RS256("k", rsaKey())),
		"RSA public":     keyError(jwt.RS256Public("k", &rsaKey().PublicKey)),
		"ECDSA":          keyError(jwt.ES256("k", ecdsaKey())),
		"ECDSA public":   keyError(jwt.ES256Public("k", &ecdsaKey().PublicKey)),
		"Ed25519":        keyError(jwt.EdDSA("k", edKey())),
		"Ed25519 public": keyError(jwt.EdDSAPublic("k", edKey().Public().(ed25519.PublicKey))),
		"no ID":          keyError(jwt.HS256("", goodSecret)),
	} {
		if err != nil {
			t.Errorf("twin %s: %v", name, err)
		}
	}
}

func keyError(_ jwt.Key, err error) error { return err }

func TestNewRefuses(t *testing.T) {
	hs, named := must(jwt.HS256("hs", goodSecret)), must(jwt.EdDSA("hs", edKey()))
	unnamed, public := must(jwt.HS256("", goodSecret)), must(jwt.ES256Public("es", &ecdsaKey().PublicKey))
	weak := must(jwt.InsecureHS256([]byte(fastapiSecret)))
	good := []jwt.Key{hs}
	for name, o := range map[string]jwt.Options{
		"no key":                    {},
		"an empty key":              {Keys: []jwt.Key{hs, {}}},
		"first verifies only":       {Keys: []jwt.Key{public, hs}},
		"J04 duplicate kid":         {Keys: []jwt.Key{hs, named}},
		"J20 weak key for all":      {Keys: []jwt.Key{hs, weak}},
		"lifetime negative":         {Keys: good, Lifetime: -time.Hour},
		"lifetime with a fraction":  {Keys: good, Lifetime: 1500 * time.Millisecond},
		"leeway negative":           {Keys: good, Leeway: -1},
		"leeway too long":           {Keys: good, Leeway: time.Minute + 1},
		"legacy without key":        {Keys: good, Legacy: &jwt.Legacy{Backend: "api"}},
		"legacy without backend":    {Keys: good, Legacy: &jwt.Legacy{Key: weak}},
		"legacy key with ID":        {Keys: good, Legacy: &jwt.Legacy{Key: public, Backend: "api"}},
		"two keys without ID":       {Keys: []jwt.Key{unnamed}, Legacy: &jwt.Legacy{Key: weak, Backend: "api"}},
		"legacy's audience our own": {Keys: good, Legacy: &jwt.Legacy{Key: weak, Backend: "api", Audience: "latchkey:auth"}},
		"claims without function":   {Keys: good, Extra: jwt.Claims[plan](nil)},
		"claims that are no struct": {Keys: good, Extra: claimsOf(map[string]string{})},
		"claim reserved":            {Keys: good, Extra: claimsOf(struct{ Sub string }{})},
		"claim reserved by its tag": {Keys: good, Extra: claimsOf(struct {
			X string `json:"exp,omitempty"`
		}{})},
		"claim reserved, other case": {Keys: good, Extra: claimsOf(struct {
			X string `json:"EPOCH"`
		}{})},
		"claim reserved, embedded": {Keys: good, Extra: claimsOf(struct {
			plan
			Reserved
		}{})},
	} {
		if _, err := jwt.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	t.Run("all problems at once", func(t *testing.T) {
		_, err := jwt.New(jwt.Options{Lifetime: -1, Leeway: -1, Legacy: &jwt.Legacy{}})
		if n := len(strings.Split(fmt.Sprint(err), "\n")); n != 5 {
			t.Errorf("%d problems: %v", n, err)
		}
	})
}

func TestPublicKeys(t *testing.T) {
	all := keys()
	public := newStrategy(t,
		jwt.Options{Keys: []jwt.Key{all["HS256"], all["RS256"], all["ES256"], all["EdDSA"]}}).PublicKeys()
	want := []string{"RS256 rs sig RSA", "ES256 es sig EC", "EdDSA ed sig OKP"}
	if len(public) != len(want) {
		t.Fatalf("got %d keys, want %d", len(public), len(want))
	}
	for i, raw := range public {
		var jwk map[string]string
		if err := json.Unmarshal(raw, &jwk); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(jwk["alg"], " ", jwk["kid"], " ", jwk["use"], " ", jwk["kty"]); got != want[i] {
			t.Errorf("got %s, want %s", got, want[i])
		}
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if _, there := jwk[secret]; there {
				t.Errorf("%s shows its private member %s", want[i], secret)
			}
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	key := must(jwt.HS256("hs", []byte(encode(goodSecret))))
	o := jwt.Options{Keys: []jwt.Key{key}}
	hidden := struct{ k jwt.Key }{key}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{key, &key, o, newStrategy(t, o), hidden} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
		log.Info("x", "v", v)
	}
	for _, secret := range []string{encode(goodSecret), fmt.Sprintf("%x", encode(goodSecret)),
		fmt.Sprint([]byte(encode(goodSecret))[:8])[1:]} {
		if strings.Contains(out.String(), strings.TrimSuffix(secret, "]")) {
			t.Errorf("printed %s", secret)
		}
	}
}
