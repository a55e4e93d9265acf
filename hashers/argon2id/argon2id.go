// Package argon2id hashes passwords with Argon2id (RFC 9106), Latchkey's
// default.
//
//	hasher, err := argon2id.New(argon2id.Options{})
//	// $argon2id$v=19$m=19456,t=2,p=1$…$…
//	hash, err := hasher.Hash("on computable numbers")
//	ok, err := hasher.Verify(hash, "on computable numbers")
//
// A hash carries its parameters, so hashes made with other parameters (by
// another service, or before they were raised) verify too, and Outdated reports
// that weaker ones should be replaced.
//
// Security notes. One hash takes Memory KiB and, with the defaults, about 20 to
// 50 ms of a core: bound how many are computed at once. The memory is garbage
// afterwards, which the runtime collects when the heap has grown far enough.
// Where memory is scarce, set GOMEMLIMIT: the runtime then collects before the
// limit is reached. A hash from a database is not trusted: one of more than 256
// MiB, 64 passes, or 1 GiB summed over the passes is refused before any work.
package argon2id

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"golang.org/x/crypto/argon2"
)

const (
	prefix  = "$argon2id$"
	saltLen = 16 // RFC 9106 section 3.1
	tagLen  = 32
)

// Options are the parameters of new hashes. The zero value is OWASP's
// recommendation: 19 MiB, two passes, one thread.
type Options struct {
	// Memory in KiB, at most 262144 (256 MiB). Default: 19456 (19 MiB).
	Memory uint32
	// Time is the number of passes over the memory, at most 64. Default: 2.
	Time uint32
	// Threads is how many cores one hash uses. More makes a single login
	// faster, and a busy server no faster. Default: 1.
	Threads uint8
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
// Storage Cheat Sheet, "Argon2id": 46 MiB and 1 pass, 19 MiB and 2, 12 MiB and
// 3, 9 MiB and 4, or 7 MiB and 5) and beyond what Verify accepts.
func New(o Options) (*Hasher, error) {
	p := params{cmp.Or(o.Memory, 19<<10), cmp.Or(o.Time, 2), cmp.Or(o.Threads, 1)}
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
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("argon2id: salt: %w", err)
	}
	return encoded{h.params, salt, h.params.derive(password, salt, tagLen)}.hash(), nil
}

// Knows reports whether hash is an Argon2id hash, by its prefix.
func (h *Hasher) Knows(hash core.PasswordHash) bool { return strings.HasPrefix(string(hash), prefix) }

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
	tag := e.derive(password, e.salt, len(e.tag))
	return subtle.ConstantTimeCompare(tag, e.tag) == 1, nil
}

// Outdated reports whether hash is weaker than a new one would be, or cannot be
// verified. Weaker is one below OWASP's floor (see New), or of less work, which
// is the memory times the passes over it: OWASP's equivalent settings have
// about the same, and the number of threads changes none of it. Of the same
// work, one with a shorter salt or tag is. A stronger hash stays, since another
// program may have made it.
func (h *Hasher) Outdated(hash core.PasswordHash) bool {
	e, err := decode(hash)
	if err != nil || e.weak() || e.work() < h.params.work() {
		return true
	}
	return e.work() == h.params.work() && (len(e.salt) < saltLen || len(e.tag) < tagLen)
}

func (p params) derive(password string, salt []byte, length int) []byte {
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, uint32(length))
}
