// Package scrypt hashes passwords with scrypt (RFC 7914). It is there for
// hashes that were made elsewhere. New applications hash with argon2id and list
// this hasher second, so that imported hashes are replaced at login.
//
//	hasher, err := scrypt.New(scrypt.Options{})
//	ok, err := hasher.Verify(imported, "analytical engine 1843")
//
// These forms verify:
//
//	$scrypt$ln=17,r=8,p=1$salt$key    ours, and passlib's
//	salt:key                          better-auth's
//	scrypt$16384$salt$8$5$key         Django's
//	scrypt:32768:8:1$salt$key         Werkzeug's (Flask)
//
// One of better-auth has no parameters (they are N 16384, r 16, p 1) and is
// recognized by its 32 and 128 hexadecimal digits; its password is normalised
// by NFKC, as better-auth does.
//
// Security notes. One hash takes 128·N·r bytes, 128 MiB with the defaults:
// bound how many are computed at once. A hash from a database is not trusted:
// one of more than 256 MiB, or of 1 GiB summed over p, is refused before any
// work.
package scrypt

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/latchkey-go/latchkey/core"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"
)

const (
	saltLen = 16
	keyLen  = 32
)

// Options are the parameters of new hashes. The zero value is OWASP's
// recommendation: N 131072, r 8, p 1.
type Options struct {
	// N is the cost, a power of two. Default: 131072.
	N int
	// R is the size of a block; memory and time grow with it. Default: 8.
	R int
	// P is how often the work is repeated, in the same memory. Default: 1.
	P int
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

// New returns a hasher. It refuses parameters below OWASP's floor (Password
// Storage Cheat Sheet, "scrypt": with r 8, N 131072 and p 1, 65536 and 2, 32768
// and 3, 16384 and 5, or 8192 and 10) and beyond what Verify accepts.
func New(o Options) (*Hasher, error) {
	p := params{int64(cmp.Or(o.N, 1<<17)), int64(cmp.Or(o.R, 8)), int64(cmp.Or(o.P, 1))}
	err := p.check()
	if p.weak() {
		err = errors.Join(errWeak, err)
	}
	if err != nil {
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
		return "", fmt.Errorf("scrypt: salt: %w", err)
	}
	key, err := e.derive(password, keyLen)
	if err != nil {
		return "", err
	}
	e.key = key
	return core.PasswordHash(e.text()), nil
}

// Knows reports whether hash is a scrypt hash, by its prefix or, for one of
// better-auth, by its digits.
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
// verified. Weaker is one below OWASP's floor (see New), or of less work, which
// is N·r·p; of the same work, one with a shorter salt or key.
func (h *Hasher) Outdated(hash core.PasswordHash) bool {
	e, err := decode(hash)
	if err != nil || e.weak() || e.work() < h.params.work() {
		return true
	}
	return e.work() == h.params.work() && (len(e.salt) < saltLen || len(e.key) < keyLen)
}

func (e encoded) derive(password string, length int) ([]byte, error) {
	if e.form == betterAuth {
		password = norm.NFKC.String(password)
	}
	key, err := scrypt.Key([]byte(password), e.salt, int(e.n), int(e.r), int(e.p), length)
	if err != nil {
		return nil, fmt.Errorf("scrypt: %w", err)
	}
	return key, nil
}
