package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"regexp"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/internal/weak"
)

// Key signs and verifies tokens, or only verifies them, with one algorithm.
type Key struct {
	id        string
	algorithm jose.SignatureAlgorithm
	// private is nil if the key only verifies. Both are functions because
	// printing and logging do not look into one.
	private, public func() any
	unchecked       bool
}

// HS256 returns a key made from a secret of at least 32 random bytes. It
// refuses a secret that is shorter or looks made up (a repeated pattern, few
// different bytes, a well-known word, a PEM block); it cannot detect every
// guessable secret. Anyone who verifies with the key can also sign.
//
// HS256 also refuses a public key in its usual forms and the SHA-256 of a
// well-known word, which are not secrets. No constructor accepts a key that is
// published as an example in an RFC or a well-known tutorial.
//
// The id of this and the other constructors is the token's kid: up to 64 of A-Z
// a-z 0-9 . _ -, or empty for one key.
func HS256(id string, secret []byte) (Key, error) {
	if err := judgeSecret(secret); err != nil {
		return Key{}, err
	}
	secret = slices.Clone(secret)
	return newKey(id, jose.HS256, secret, secret)
}

// InsecureHS256 returns a key that only verifies, made from a secret that HS256
// would refuse as too weak. It is for [Legacy] alone: anyone who guesses the
// secret can log in as every user whose epoch is 0. The minimum is still 32
// bytes (RFC 7518, section 3.2).
func InsecureHS256(secret []byte) (Key, error) {
	if len(secret) < weak.MinSecret {
		return Key{}, errShortSecret
	}
	k, err := newKey("", jose.HS256, nil, slices.Clone(secret))
	k.unchecked = true
	return k, err
}

// RS256 returns a key made from an RSA key of 2048 to 8192 bits. It refuses
// keys that can be factored (by trial division or Fermat's method), those of
// Infineon's library (ROCA, CVE-2017-15361), and exponents below 65537. It
// cannot detect every generator that lacked randomness, such as Debian's of
// 2006 to 2008.
func RS256(id string, private *rsa.PrivateKey) (Key, error) {
	if private == nil {
		return Key{}, errors.New("jwt: no private RSA key")
	}
	if err := judgeRSA(&private.PublicKey); err != nil {
		return Key{}, err
	}
	if private.Validate() != nil {
		return Key{}, errors.New("jwt: the RSA key's halves do not belong together")
	}
	return newKey(id, jose.RS256, private, &private.PublicKey)
}

// RS256Public returns a key that only verifies, with the checks of [RS256].
func RS256Public(id string, public *rsa.PublicKey) (Key, error) {
	if err := judgeRSA(public); err != nil {
		return Key{}, err
	}
	return newKey(id, jose.RS256, nil, public)
}

// ES256 returns a key made from an ECDSA key on the curve P-256. The private
// half is checked like a secret of [HS256].
func ES256(id string, private *ecdsa.PrivateKey) (Key, error) {
	if private == nil || *private == (ecdsa.PrivateKey{PublicKey: private.PublicKey}) {
		return Key{}, errors.New("jwt: no private ECDSA key")
	}
	if err := judgeECDSA(&private.PublicKey); err != nil {
		return Key{}, err
	}
	// ECDH derives the public point from the private scalar, which
	// PublicKey may contradict.
	scalar, err := private.ECDH()
	if err != nil {
		return Key{}, errors.New("jwt: the ECDSA key is not valid")
	}
	if point, err := private.PublicKey.ECDH(); err != nil || !scalar.PublicKey().Equal(point) {
		return Key{}, errors.New("jwt: the ECDSA key's halves do not belong together")
	}
	if err := judgeSecret(scalar.Bytes()); err != nil {
		return Key{}, err
	}
	return newKey(id, jose.ES256, private, &private.PublicKey)
}

// ES256Public returns a key that only verifies, with the checks of [ES256].
func ES256Public(id string, public *ecdsa.PublicKey) (Key, error) {
	if err := judgeECDSA(public); err != nil {
		return Key{}, err
	}
	return newKey(id, jose.ES256, nil, public)
}

// EdDSA returns a key made from an Ed25519 key. The seed is checked like a
// secret of [HS256]; points of small order, with which anybody can sign, are
// refused.
func EdDSA(id string, private ed25519.PrivateKey) (Key, error) {
	if len(private) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(private.Seed()).Equal(private) {
		return Key{}, errors.New("jwt: the Ed25519 key is not valid")
	}
	if err := errors.Join(judgeSecret(private.Seed()), judgeEd25519(ed25519.PublicKey(private[32:]))); err != nil {
		return Key{}, err
	}
	private = slices.Clone(private)
	return newKey(id, jose.EdDSA, private, private.Public())
}

// EdDSAPublic returns a key that only verifies, with the checks of [EdDSA].
func EdDSAPublic(id string, public ed25519.PublicKey) (Key, error) {
	if err := judgeEd25519(public); err != nil {
		return Key{}, err
	}
	return newKey(id, jose.EdDSA, nil, slices.Clone(public))
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)

func newKey(id string, algorithm jose.SignatureAlgorithm, private, public any) (Key, error) {
	if !keyID.MatchString(id) {
		return Key{}, errors.New("jwt: a key's ID has up to 64 of A-Z a-z 0-9 . _ -")
	}
	k := Key{id: id, algorithm: algorithm, public: func() any { return public }}
	if private != nil {
		k.private = func() any { return private }
	}
	return k, nil
}

// judgeECDSA also refuses the curve's generator and its negative, whose private
// keys are 1 and -1.
func judgeECDSA(public *ecdsa.PublicKey) error {
	if public == nil || public.Curve != elliptic.P256() || *public == (ecdsa.PublicKey{Curve: public.Curve}) {
		return errors.New("jwt: the ECDSA key is not on the curve P-256")
	}
	point, err := public.ECDH()
	if err != nil {
		return errors.New("jwt: the ECDSA key is not a point of its curve")
	}
	if bytes.Equal(point.Bytes()[1:33], public.Params().Gx.Bytes()) {
		return errors.New("jwt: the ECDSA key is the generator of its curve")
	}
	if published(point.Bytes()) {
		return errPublished
	}
	return nil
}
