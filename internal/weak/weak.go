// Package weak recognizes secrets that no random source has made.
//
//	if err := weak.Judge(secret); err != nil {
//		return fmt.Errorf("%w", err)
//	}
//
// Security notes. It finds mistakes (zeros, words, a public key), and proves
// nothing: a secret that it takes may be weak. Its errors have no part of one.
package weak

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// MinSecret is the least length of a secret in bytes: the size of SHA-256's
// output (RFC 7518, section 3.2).
const MinSecret = 32

// What Judge returns of the most common mistakes.
var (
	ErrShort   = errors.New("a secret must have at least 32 bytes")
	ErrPattern = errors.New("the secret is a pattern")
)

// giveaways lists what is found in secrets that were typed or copied rather
// than generated, in lower case.
var giveaways = [][]byte{
	[]byte("secret"), []byte("password"), []byte("changeme"), []byte("change-me"), []byte("change_me"), []byte("example"),
	[]byte("default"), []byte("qwerty"), []byte("12345678"), []byte("abcdefgh"), []byte("latchkey"), []byte("-----begin"),
	[]byte(`"kty"`), []byte("ssh-rsa "), []byte("ssh-ed25519 "), []byte("ecdsa-sha2-"),
	// Parts of the base64 of RSA, P-256 and Ed25519 public keys, as PEM has
	// it.
	[]byte("bgkqhkig9w0baqefaaoc"), []byte("mfkwewyhkozizj0caqyikozizj0daqcdqgae"), []byte("mcowbqydk2vwayea"),
}

// Judge refuses secrets that a random source would not return: it refuses
// fewer than one in a million secrets of 32 random bytes, also when written in
// base64 or hexadecimal.
func Judge(secret []byte) error {
	lower := bytes.ToLower(secret)
	switch {
	case len(secret) < MinSecret:
		return ErrShort
	case repeats(secret) || distinct(secret) < 8 || counts(secret):
		return ErrPattern
	case slices.ContainsFunc(giveaways, func(word []byte) bool { return bytes.Contains(lower, word) }):
		return errors.New("the secret contains a well-known word")
	case publicKey(secret):
		return errors.New("the secret is a public key")
	case hashed(secret):
		return errors.New("the secret is the hash of a well-known word, or of nothing")
	}
	return nil
}

// publicKey reports whether a secret is what verifiers of another algorithm
// receive, which is not a secret (RFC 8725, section 2.1).
func publicKey(der []byte) bool {
	_, err1 := x509.ParsePKIXPublicKey(der)
	_, err2 := x509.ParsePKCS1PublicKey(der)
	_, err3 := x509.ParseCertificate(der)
	return err1 == nil || err2 == nil || err3 == nil
}

// hashed reports whether a secret is the SHA-256, as bytes or in hexadecimal,
// of a giveaway or of the empty string, which a missing setting leads to.
func hashed(secret []byte) bool {
	return slices.ContainsFunc(append([][]byte{nil}, giveaways...), func(word []byte) bool {
		digest := sha256.Sum256(word)
		return bytes.Equal(secret, digest[:]) || strings.EqualFold(string(secret), hex.EncodeToString(digest[:]))
	})
}

// repeats reports whether b is the same few bytes over and over, the last
// repetition perhaps cut short.
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
