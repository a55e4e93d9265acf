package core

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// SecretLen is the length of a secret in its text form: 32 bytes as base64url
// without padding.
const SecretLen = 43

// NewSecret reads 32 bytes from random (crypto/rand.Reader outside tests) and
// returns them as base64url, with the digest under which a store keeps them.
func NewSecret(random io.Reader) (raw string, digest [32]byte, err error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", digest, err
	}
	raw = base64.RawURLEncoding.EncodeToString(b[:])
	return raw, Digest(raw), nil
}

// Digest is the SHA-256 of a secret's text form.
func Digest(raw string) [32]byte {
	var short [64]byte // a copy on the stack: it is computed for every request
	if len(raw) <= len(short) {
		return sha256.Sum256(short[:copy(short[:], raw)])
	}
	return sha256.Sum256([]byte(raw))
}

// VaultKey is a key that seals secrets at rest: at least 32 random bytes with a
// name, which is written into what it seals. The ID is at most 32 letters,
// digits, '_' and '-'. A key prints as its name alone.
type VaultKey struct {
	ID     string
	Secret []byte
}

// Format keeps the secret out of logs.
func (k VaultKey) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "[key %q]", k.ID) }

// LogValue is the key's name.
func (k VaultKey) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalJSON is the key's name.
func (k VaultKey) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(k)) }
