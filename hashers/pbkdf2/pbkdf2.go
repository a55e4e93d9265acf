// Package pbkdf2 hashes passwords with PBKDF2 and HMAC-SHA-256 or HMAC-SHA-512
// (RFC 8018, section 5.2). It is there for hashes that were made elsewhere. New
// applications hash with argon2id and list this hasher second, so that imported
// hashes are replaced at login.
//
//	hasher, err := pbkdf2.New(pbkdf2.Options{})
//	ok, err := hasher.Verify(imported, "analytical engine 1843")
//
// These forms verify:
//
//	$pbkdf2-sha256$i=600000,l=32$salt$key   ours
//	$pbkdf2-sha256$29000$salt$key           passlib's
//	pbkdf2_sha256$870000$salt$key           Django's
//	pbkdf2:sha256:600000$salt$key           Werkzeug's (Flask)
//	AQAAAAIAAYag…                           ASP.NET Core Identity's
//
// each with sha256 and sha512; those with sha1 do not. Keycloak keeps salt and
// key in base64, and the iterations, as members of two JSON columns: write them
// in the first form, with l the length of the key in bytes and without the
// padding of the base64.
//
// Security notes. Unlike argon2id, PBKDF2 needs no memory, so that graphics
// cards guess passwords fast: use it where a rule requires it (FIPS 140). A
// hash from a database is not trusted: one of more than five million iterations
// is refused before any work; each block of a long key counts for itself.
package pbkdf2

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/latchkey-go/latchkey/core"
)

const (
	saltLen = 16
	keyLen  = 32
)

// Digest is the hash function inside.
type Digest int

// The digests.
const (
	SHA256 Digest = iota
	SHA512
)

// Options are the parameters of new hashes. The zero value is OWASP's
// recommendation: SHA-256 and 600,000 iterations.
type Options struct {
	// Digest is the hash function. Default: SHA256.
	Digest Digest
	// Iterations is how often it is applied. Default: 600,000 with SHA256,
	// 210,000 with SHA512.
	Iterations int
	// Random is the source of salts. Default: crypto/rand.Reader.
	Random io.Reader
}

// Hasher is a core.Hasher.
type Hasher struct {
	params params
	random io.Reader
}

var (
	_ core.Hasher      = (*Hasher)(nil)
	_ core.HashChecker = (*Hasher)(nil)
)

// New returns a hasher. It refuses fewer iterations than OWASP's floor
// (Password Storage Cheat Sheet, "PBKDF2": the defaults) and more than Verify
// accepts.
func New(o Options) (*Hasher, error) {
	if o.Digest != SHA256 && o.Digest != SHA512 {
		return nil, errors.New("pbkdf2: Digest must be SHA256 or SHA512")
	}
	p := params{o.Digest, int64(cmp.Or(o.Iterations, int(floors[o.Digest])))}
	if p.iterations < floors[p.digest] {
		return nil, fmt.Errorf("pbkdf2: Iterations must be at least %d", floors[p.digest])
	}
	if err := p.check(keyLen); err != nil {
		return nil, err
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return &Hasher{p, o.Random}, nil
}

// Hash returns an encoded hash with a new salt. It fails only if Random does;
// any password can be hashed.
func (h *Hasher) Hash(password string) (core.PasswordHash, error) {
	e := encoded{params: h.params, form: phc, salt: make([]byte, saltLen)}
	if _, err := io.ReadFull(h.random, e.salt); err != nil {
		return "", fmt.Errorf("pbkdf2: salt: %w", err)
	}
	key, err := e.derive(password, keyLen)
	if err != nil {
		return "", err
	}
	e.key = key
	return core.PasswordHash(e.text()), nil
}

// Knows reports whether hash is of one of the forms, by its prefix.
func (h *Hasher) Knows(hash core.PasswordHash) bool {
	_, ok := formOf(string(hash))
	return ok
}

// CheckHash implements core.HashChecker.
func (h *Hasher) CheckHash(hash core.PasswordHash) error {
	_, err := decode(hash)
	return err
}

// Verify reports whether hash is of password, comparing in constant time. It
// returns an error, without any work, for a hash that is malformed or beyond
// the bounds.
func (h *Hasher) Verify(hash core.PasswordHash, password string) (bool, error) {
	e, err := decode(hash)
	if err != nil {
		return false, err
	}
	key, err := e.derive(password, len(e.key))
	return err == nil && subtle.ConstantTimeCompare(key, e.key) == 1, err
}

// Outdated reports whether hash is weaker than a new one would be, or cannot be
// verified. Weaker is one of fewer iterations, measured by OWASP's floor for
// its digest; of as many, one with a shorter salt or key.
func (h *Hasher) Outdated(hash core.PasswordHash) bool {
	e, err := decode(hash)
	if err != nil || e.iterations < floors[e.digest] {
		return true
	}
	theirs, ours := e.iterations*floors[h.params.digest], h.params.iterations*floors[e.digest]
	return theirs < ours || theirs == ours && (len(e.salt) < saltLen || len(e.key) < keyLen)
}

func (e encoded) derive(password string, length int) ([]byte, error) {
	key, err := pbkdf2.Key(functions[e.digest], password, e.salt, int(e.iterations), length)
	if err != nil { // in FIPS 140 mode, a short salt
		return nil, fmt.Errorf("pbkdf2: %w", err)
	}
	return key, nil
}
