package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"math/big"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// A check reports whether signature is the key's signature of input. It keeps
// neither.
type check func(input, signature []byte) bool

// check returns the check for the key's one algorithm.
func (k Key) check() check {
	switch public := k.public().(type) {
	case []byte:
		return checkHS256(public)
	case *rsa.PublicKey:
		return func(input, signature []byte) bool {
			digest := sha256.Sum256(input)
			return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
		}
	case *ecdsa.PublicKey:
		return func(input, signature []byte) bool {
			if len(signature) != 64 { // RFC 7518, section 3.4
				return false
			}
			digest := sha256.Sum256(input)
			return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
		}
	case ed25519.PublicKey:
		return func(input, signature []byte) bool { return ed25519.Verify(public, input, signature) }
	}
	return func(_, _ []byte) bool { return false }
}

// mac is a keyed state that is reused: keying costs as much as a short message.
type mac struct {
	hash.Hash
	sum [sha256.Size]byte
}

func checkHS256(secret []byte) check {
	pool := sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }}
	return func(input, signature []byte) bool {
		m := pool.Get().(*mac)
		defer pool.Put(m)
		m.Reset()
		m.Write(input)
		return subtle.ConstantTimeCompare(m.Sum(m.sum[:0]), signature) == 1
	}
}

// protectedHeader returns the first part of every token that the key signs, as
// go-jose encodes newSigner's header.
func (k Key) protectedHeader() string {
	header := `{"alg":"` + string(k.algorithm) + `"`
	if k.id != "" {
		header += `,"kid":"` + k.id + `"`
	}
	return strict64.EncodeToString([]byte(header + `,"typ":"JWT"}`))
}

// asymmetric reports whether the key has a public half that verifies and cannot
// sign.
func (k Key) asymmetric() bool { return k.algorithm != jose.HS256 }
