// Package seal encrypts small secrets so that only this application reads them,
// and notices when they were changed.
//
//	ring, err := seal.New(seal.Key{ID: "2026", Secret: secret})
//	text := ring.Seal([]byte("refresh token"), "github|583231|refresh")
//	plain, err := ring.Open(text, "github|583231|refresh")
//
// Security notes: XChaCha20-Poly1305 with a random nonce of 24 bytes, under a
// key derived from the secret by HKDF-SHA-256. The context is authenticated:
// what was sealed for one place does not open in another. The first key seals,
// all open, so that keys can be rotated.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/latchkey-go/latchkey/core"
)

// MinSecret is the least length of a secret, in bytes.
const MinSecret = 32

// Key is a secret with a name. Its Secret has at least MinSecret bytes.
type Key = core.VaultKey

// Ring is a list of keys. It is safe for concurrent use.
type Ring struct {
	first string
	aeads map[string]cipher.AEAD
}

var (
	keyID  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	errBad = errors.New("seal: the text was not sealed with one of these keys for this purpose")
)

// New returns a ring of at least one key, or an error that joins every problem
// of the keys.
func New(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no key")
	}
	r := &Ring{first: keys[0].ID, aeads: map[string]cipher.AEAD{}}
	var errs []error
	for _, k := range keys {
		switch {
		case !keyID.MatchString(k.ID):
			errs = append(errs, fmt.Errorf("seal: the key's ID %q is not 1 to 32 letters, digits, '_' and '-'", k.ID))
		case r.aeads[k.ID] != nil:
			errs = append(errs, fmt.Errorf("seal: the key's ID %q is given twice", k.ID))
		case len(k.Secret) < MinSecret:
			errs = append(errs, fmt.Errorf("seal: the secret of key %q has less than %d bytes", k.ID, MinSecret))
		default:
			aead, err := newAEAD(k.Secret)
			errs = append(errs, err)
			r.aeads[k.ID] = aead
		}
	}
	return r, errors.Join(errs...)
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "latchkey seal v1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// Seal returns text of the form "id.base64url", for the one context.
func (r *Ring) Seal(plain []byte, context string) string {
	aead := r.aeads[r.first]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: the program ends if there is no randomness
	sealed := aead.Seal(nonce, nonce, plain, []byte(context))
	return r.first + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// Current reports whether a text was sealed with the first key.
func (r *Ring) Current(text string) bool {
	id, _, _ := strings.Cut(text, ".")
	return id == r.first
}

// Open returns what was sealed for the context. Its error is the same whatever
// the reason.
func (r *Ring) Open(text, context string) ([]byte, error) {
	id, encoded, _ := strings.Cut(text, ".")
	aead, known := r.aeads[id]
	if !known {
		return nil, errBad
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	// The decoder skips line breaks: the text would have two forms.
	if err != nil || len(sealed) < aead.NonceSize() || len(encoded) != base64.RawURLEncoding.EncodedLen(len(sealed)) {
		return nil, errBad
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, sealed[:n], sealed[n:], []byte(context))
	if err != nil {
		return nil, errBad
	}
	return plain, nil
}
