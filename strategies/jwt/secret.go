package jwt

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// minSecret is the size of the hash's output in bytes (RFC 7518, section 3.2).
const minSecret = 32

var (
	errShortSecret = errors.New("jwt: a secret has at least 32 bytes")
	errPattern     = errors.New("jwt: the secret is a pattern")
)

// giveaways are found in secrets that were typed or copied rather than drawn:
// in lower case.
var giveaways = [][]byte{
	[]byte("secret"), []byte("password"), []byte("changeme"), []byte("change-me"), []byte("change_me"), []byte("example"),
	[]byte("default"), []byte("qwerty"), []byte("12345678"), []byte("abcdefgh"), []byte("latchkey"), []byte("-----begin"),
	[]byte(`"kty"`), []byte("ssh-rsa "), []byte("ssh-ed25519 "), []byte("ecdsa-sha2-"),
	// The base64 of public keys of RSA, P-256 and Ed25519, as PEM has it.
	[]byte("bgkqhkig9w0baqefaaoc"), []byte("mfkwewyhkozizj0caqyikozizj0daqcdqgae"), []byte("mcowbqydk2vwayea"),
}

// judgeSecret refuses secrets that chance would not make: 32 random bytes fail
// it less than once in a million, as text in base64 or hexadecimal too.
func judgeSecret(secret []byte) error {
	lower := bytes.ToLower(secret)
	switch {
	case len(secret) < minSecret:
		return errShortSecret
	case repeats(secret) || distinct(secret) < 8 || counts(secret):
		return errPattern
	case slices.ContainsFunc(giveaways, func(word []byte) bool { return bytes.Contains(lower, word) }):
		return errors.New("jwt: the secret holds a well-known word")
	case publicKey(secret):
		return errors.New("jwt: the secret is a public key")
	case hashed(secret):
		return errors.New("jwt: the secret is the hash of a well-known word, or of nothing")
	case published(secret):
		return errPublished
	}
	return nil
}

// publicKey reports whether a secret is what a verifier of another algorithm is
// given, which is no secret (RFC 8725, section 2.1).
func publicKey(der []byte) bool {
	_, err1 := x509.ParsePKIXPublicKey(der)
	_, err2 := x509.ParsePKCS1PublicKey(der)
	_, err3 := x509.ParseCertificate(der)
	return err1 == nil || err2 == nil || err3 == nil
}

// hashed reports whether a secret is the SHA-256 of a giveaway or of the empty
// string, that of a setting that is missing; as bytes or as hexadecimal.
func hashed(secret []byte) bool {
	return slices.ContainsFunc(append([][]byte{nil}, giveaways...), func(word []byte) bool {
		digest := sha256.Sum256(word)
		return bytes.Equal(secret, digest[:]) || strings.EqualFold(string(secret), hex.EncodeToString(digest[:]))
	})
}

// repeats reports whether b is the same few bytes over and over, the last time
// perhaps in part.
func repeats(b []byte) bool {
	for period := 1; period <= len(b)/2; period++ {
		if bytes.Equal(b[period:], b[:len(b)-period]) {
			return true
		}
	}
	return false
}

// counts reports whether each byte is the one before it plus the same step.
func counts(b []byte) bool {
	step := b[1] - b[0]
	for i := 1; i < len(b); i++ {
		if b[i]-b[i-1] != step {
			return false
		}
	}
	return true
}

func distinct(b []byte) int {
	seen := map[byte]bool{}
	for _, c := range b {
		seen[c] = true
	}
	return len(seen)
}
