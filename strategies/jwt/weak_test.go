package jwt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

func TestA22RSA(t *testing.T) {
	n := rsaKey().N
	public := func(n *big.Int, e int64) error {
		return keyError(jwt.RS256Public("k", &rsa.PublicKey{N: n, E: int(e)}))
	}
	times := func(d int64) *big.Int { return new(big.Int).Mul(n, big.NewInt(d)) }
	p := must(rand.Prime(rand.Reader, 1025))
	next := new(big.Int).Add(p, big.NewInt(2))
	for !next.ProbablyPrime(1) {
		next.Add(next, big.NewInt(2))
	}
	mersenne := new(big.Int).Lsh(big.NewInt(1), 2203)
	for name, err := range map[string]error{
		"A22 small factor 3":             public(times(3), 65537),
		"A22 small factor 751":           public(times(751), 65537),
		"A22 square":                     public(new(big.Int).Mul(p, p), 65537),
		"A22 neighbours":                 public(new(big.Int).Mul(p, next), 65537),
		"A22 prime":                      public(mersenne.Sub(mersenne, big.NewInt(1)), 65537),
		"A22 negative":                   public(new(big.Int).Neg(n), 65537),
		"A22 exponent 1":                 public(n, 1),
		"A22 exponent 17":                public(n, 17),
		"A22 exponent even":              public(n, 1<<17),
		"A22 exponent beyond crypto/rsa": public(n, 1<<32+1),
	} {
		t.Run(name, func(t *testing.T) {
			if err == nil {
				t.Error("accepted")
			}
		})
	}
	t.Run("A22 twins", func(t *testing.T) {
		for name, err := range map[string]error{
			"an exponent of 31 bits": public(n, 1<<31-1),
			"generated, 2048 bits":   keyError(jwt.RS256("k", must(rsa.GenerateKey(rand.Reader, 2048)))),
			"generated, 3072 bits":   keyError(jwt.RS256("k", must(rsa.GenerateKey(rand.Reader, 3072)))),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestA22ECDSA(t *testing.T) {
	scalar := func(b []byte) error {
		return keyError(jwt.ES256("k", must(ecdsa.ParseRawPrivateKey(elliptic.P256(), b))))
	}
	small, counting := make([]byte, 32), make([]byte, 32)
	small[31] = 5
	for i := range counting {
		counting[i] = byte(i)
	}
	generator := elliptic.P256().Params()
	minus := new(big.Int).Sub(generator.P, generator.Gy)
	public := func(x, y *big.Int) error {
		return keyError(jwt.ES256Public("k", &ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y})) //nolint:staticcheck // a constructor refuses some
	}
	for name, err := range map[string]error{
		"A22 secret 5":               scalar(small),
		"A22 secret counts":          scalar(counting),
		"A22 secret is one byte":     scalar([]byte(strings.Repeat("\x17", 32))),
		"A22 secret is 1":            public(generator.Gx, generator.Gy),
		"A22 secret is -1":           public(generator.Gx, minus),
		"A22 point at infinity":      public(new(big.Int), new(big.Int)),
		"A22 coordinate beyond p":    public(new(big.Int).Add(generator.Gx, generator.P), generator.Gy),
		"A22 coordinate is negative": public(new(big.Int).Neg(generator.Gx), generator.Gy),
	} {
		t.Run(name, func(t *testing.T) {
			if err == nil {
				t.Error("accepted")
			}
		})
	}
	t.Run("A22 twins", func(t *testing.T) {
		for range 200 {
			key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
			if _, err := jwt.ES256("k", key); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// forgedEd25519 returns a signature that verifies with keys of small order, for
// one message in eight: R is sB.
func forgedEd25519() []byte {
	seed := sha512.Sum512([]byte("any seed"))
	public := ed25519.NewKeyFromSeed(seed[:32]).Public().(ed25519.PublicKey)
	scalar := sha512.Sum512(seed[:32])
	scalar[0] &= 248
	scalar[31] = scalar[31]&63 | 64
	bigEndian := make([]byte, 32)
	for i := range bigEndian {
		bigEndian[i] = scalar[31-i]
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := new(big.Int).SetBytes(bigEndian)
	s.Mod(s, order).FillBytes(bigEndian)
	signature := append([]byte{}, public...)
	for i := range bigEndian {
		signature = append(signature, bigEndian[31-i])
	}
	return signature
}

func TestA22Ed25519(t *testing.T) {
	signature := forgedEd25519()
	for order, y := range map[string]string{
		"1":                strings.Repeat("00", 31),
		"2":                "ec" + strings.Repeat("ff", 30) + "7f",
		"4":                strings.Repeat("00", 32),
		"8":                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"8, the other":     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"4, not canonical": "ed" + strings.Repeat("ff", 30) + "7f",
		"1, not canonical": "ee" + strings.Repeat("ff", 30) + "7f",
	} {
		if order == "1" {
			y = "01" + y
		}
		for _, sign := range []byte{0, 0x80} {
			t.Run(fmt.Sprintf("A22 order %s, sign %x", order, sign), func(t *testing.T) {
				public := must(hex.DecodeString(y))
				public[31] |= sign
				if _, err := jwt.EdDSAPublic("k", public); err == nil {
					t.Error("accepted")
				}
				forged := 0
				for i := range 200 {
					if ed25519.Verify(public, fmt.Append(nil, i), signature) {
						forged++
					}
				}
				if forged == 0 {
					t.Error("nothing can be forged with it: the test's point is wrong")
				}
			})
		}
	}
	for name, key := range map[string][]byte{
		"A22 no point": append([]byte{2}, make([]byte, 31)...), "A22 y beyond p": append([]byte{0xf3}, must(hex.DecodeString(strings.Repeat("ff", 30)+"7f"))...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := jwt.EdDSAPublic("k", key); err == nil {
				t.Error("accepted")
			}
		})
	}
	t.Run("A22 seed is a pattern", func(t *testing.T) {
		for _, seed := range []string{strings.Repeat("\x00", 32), strings.Repeat("0123456789abcdef", 2),
			"my secret seed, 32 bytes of text"} {
			if _, err := jwt.EdDSA("k", ed25519.NewKeyFromSeed([]byte(seed))); err == nil {
				t.Errorf("%q: accepted", seed)
			}
		}
	})
	t.Run("A22 twins", func(t *testing.T) {
		for range 200 {
			public, private, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := keyError(jwt.EdDSA("k", private)); err != nil {
				t.Error(err)
			}
			if err := keyError(jwt.EdDSAPublic("k", public)); err != nil {
				t.Error(err)
			}
		}
	})
}

// publicKey makes a key that verifies from a JWK, and returns the constructor's
// error.
func publicKey(t *testing.T, raw json.RawMessage) error {
	t.Helper()
	var jwk jose.JSONWebKey
	if err := json.Unmarshal(raw, &jwk); err != nil {
		t.Fatal(err)
	}
	switch key := jwk.Key.(type) {
	case []byte:
		return keyError(jwt.HS256("k", key))
	case *rsa.PublicKey:
		return keyError(jwt.RS256Public("k", key))
	case *ecdsa.PublicKey:
		return keyError(jwt.ES256Public("k", key))
	case ed25519.PublicKey:
		return keyError(jwt.EdDSAPublic("k", key))
	}
	return nil
}

func TestA22Published(t *testing.T) {
	var keys []struct {
		Name string
		Key  json.RawMessage
	}
	if err := json.Unmarshal(must(os.ReadFile("testdata/published.json")), &keys); err != nil || len(keys) != 29 {
		t.Fatal(len(keys), err)
	}
	for _, key := range keys {
		t.Run("A22 "+key.Name, func(t *testing.T) {
			if err := publicKey(t, key.Key); err == nil || !strings.Contains(err.Error(), "published") {
				t.Errorf("got %v", err)
			}
		})
	}
}
