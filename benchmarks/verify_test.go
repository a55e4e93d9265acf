package benchmarks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// claims are those of a Latchkey token, for golang-jwt.
type claims struct {
	gojwt.RegisteredClaims
	Backend string `json:"backend"`
	Epoch   int64  `json:"epoch"`
}

func withGolangJWT(token string) error {
	_, err := gojwt.ParseWithClaims(token, &claims{}, func(*gojwt.Token) (any, error) { return secret[:], nil },
		gojwt.WithValidMethods([]string{"HS256"}), gojwt.WithAudience("latchkey:auth"))
	return err
}

func withGoJose(token string) error {
	parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return err
	}
	var c josejwt.Claims
	if err := parsed.Claims(secret[:], &c); err != nil {
		return err
	}
	return c.Validate(josejwt.Expected{AnyAudience: josejwt.Audience{"latchkey:auth"}})
}

func withJWX(token string) error {
	_, err := jwxjwt.Parse([]byte(token), jwxjwt.WithKey(jwa.HS256(), secret[:]), jwxjwt.WithAudience("latchkey:auth"))
	return err
}

// BenchmarkVerify is the reading of an HS256 token, without a cache, and the
// least that it takes: one MAC.
func BenchmarkVerify(b *testing.B) {
	strategy := newJWT(b, -1)
	token := newApp(b, strategy).token
	signed, encoded, _ := cutLast(token)
	mac, err := base64.RawURLEncoding.DecodeString(encoded)
	check(b, err)
	rounds(b,
		each("latchkey", func() error { _, err := strategy.Verify(b.Context(), token); return err }),
		each("golang-jwt", func() error { return withGolangJWT(token) }),
		each("go-jose", func() error { return withGoJose(token) }),
		each("jwx", func() error { return withJWX(token) }),
		each("HMAC-SHA256", func() error {
			h := hmac.New(sha256.New, secret[:])
			h.Write([]byte(signed))
			return right(hmac.Equal(h.Sum(nil), mac))
		}),
	)
}

// BenchmarkForged is the refusal of a token whose signature is wrong.
func BenchmarkForged(b *testing.B) {
	strategy := newJWT(b, -1)
	token := newApp(b, strategy).token
	signed, _, _ := cutLast(token)
	forged := signed + "." + strings.Repeat("A", 43)
	refused := func(err error) error { return right(err != nil) }
	rounds(b,
		each("latchkey", func() error {
			_, err := strategy.Verify(b.Context(), forged)
			return right(errors.Is(err, core.ErrInvalid))
		}),
		each("golang-jwt", func() error { return refused(withGolangJWT(forged)) }),
		each("go-jose", func() error { return refused(withGoJose(forged)) }),
		each("jwx", func() error { return refused(withJWX(forged)) }),
	)
}

// BenchmarkSignatures is the reading of tokens that asymmetric keys signed,
// without a cache, beside the signature's check alone.
func BenchmarkSignatures(b *testing.B) {
	ec := must[*ecdsa.PrivateKey](b)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	rsaKey := must[*rsa.PrivateKey](b)(rsa.GenerateKey(rand.Reader, 2048))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	check(b, err)
	var candidates []candidate
	for _, a := range []struct {
		name  string
		key   jwt.Key
		valid func(signed, signature []byte) bool
	}{
		{"ES256", must[jwt.Key](b)(jwt.ES256("one", ec)), func(signed, signature []byte) bool {
			digest := sha256.Sum256(signed)
			return ecdsa.Verify(&ec.PublicKey, digest[:], new(big.Int).SetBytes(signature[:32]),
				new(big.Int).SetBytes(signature[32:]))
		}},
		{"RS256", must[jwt.Key](b)(jwt.RS256("one", rsaKey)), func(signed, signature []byte) bool {
			digest := sha256.Sum256(signed)
			return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], signature) == nil
		}},
		{"EdDSA", must[jwt.Key](b)(jwt.EdDSA("one", ed)), func(signed, signature []byte) bool {
			return ed25519.Verify(ed.Public().(ed25519.PublicKey), signed, signature)
		}},
	} {
		strategy := must[*jwt.Strategy](b)(jwt.New(jwt.Options{Keys: []jwt.Key{a.key}, Cache: -1}))
		cached := must[*jwt.Strategy](b)(jwt.New(jwt.Options{Keys: []jwt.Key{a.key}}))
		token := newApp(b, strategy).token
		signed, encoded, _ := cutLast(token)
		signature, err := base64.RawURLEncoding.DecodeString(encoded)
		check(b, err)
		candidates = append(candidates,
			each(a.name+"/latchkey", func() error { _, err := strategy.Verify(b.Context(), token); return err }),
			each(a.name+"/primitive", func() error { return right(a.valid([]byte(signed), signature)) }),
			each(a.name+"/latchkey cached", func() error { _, err := cached.Verify(b.Context(), token); return err }),
		)
	}
	rounds(b, candidates...)
}

// cutLast cuts a token before its signature.
func cutLast(token string) (signed, signature string, found bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:], true
}

var errWrong = latchkey.Refuse("WRONG")

func right(ok bool) error {
	if ok {
		return nil
	}
	return errWrong
}
