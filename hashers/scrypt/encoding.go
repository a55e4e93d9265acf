package scrypt

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Bounds of what is verified, wide enough for the presets of the libraries in
// use and narrow enough for a server.
const (
	maxMemory  = 256 << 20 // bytes
	maxWork    = 1 << 30   // bytes times p
	blockBytes = 128       // N blocks of 128·r bytes (RFC 7914, section 2)
	minKeyLen  = 16
	maxLen     = 64  // of salt and key, in bytes
	longest    = 512 // of a hash; far above what maxLen allows
)

var (
	errMalformed = errors.New("scrypt: malformed hash")
	errWeak      = errors.New("scrypt: N, R and P are below OWASP's floor")
	errBounds    = errors.New("scrypt: N must be a power of two, and 128·N·R at most 256 MiB, 1 GiB with P")
)

type params struct{ n, r, p int64 }

// check returns errBounds for what Verify refuses. No product overflows.
func (p params) check() error {
	const most = maxMemory / blockBytes
	if p.n < 2 || bits.OnesCount64(uint64(p.n)) != 1 || p.n > most || p.r < 1 || p.r > most || p.n*p.r > most ||
		p.p < 1 || p.p > maxWork/blockBytes/(p.n*p.r) {
		return errBounds
	}
	return nil
}

func (p params) work() int64 { return p.n * p.r * p.p }

// weak reports whether none of OWASP's settings is reached. It must be called
// with parameters within the bounds.
func (p params) weak() bool {
	for _, least := range [...]params{{1 << 17, 8, 1}, {1 << 16, 8, 2}, {1 << 15, 8, 3}, {1 << 14, 8, 5},
		{1 << 13, 8, 10}} {
		if p.n >= least.n && p.r >= least.r && p.p >= least.p {
			return false
		}
	}
	return true
}

// form is a way to write hashes.
type form int

const (
	phc form = iota
	betterAuth
	django
	werkzeug
)

var prefixes = map[form]string{phc: "$scrypt$", django: "scrypt$", werkzeug: "scrypt:"}

// Of better-auth, which writes 16 bytes of salt and 64 of key.
const (
	theirSalt = 32 // digits
	theirKey  = 128
)

// formOf returns the form that a hash seems to have.
func formOf(hash string) (form, bool) {
	for f, prefix := range prefixes {
		if strings.HasPrefix(hash, prefix) {
			return f, true
		}
	}
	salt, key, ok := strings.Cut(hash, ":")
	return betterAuth, ok && len(salt) == theirSalt && len(key) == theirKey &&
		strings.Trim(salt+key, "0123456789abcdef") == ""
}

type encoded struct {
	params
	form      form
	salt, key []byte
}

// text writes a hash in its form. The salt of all forms but ours is the text
// itself, which is what their programs hash.
func (e encoded) text() string {
	raw := base64.RawStdEncoding
	switch e.form {
	case phc:
		return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", bits.Len64(uint64(e.n))-1, e.r, e.p,
			raw.EncodeToString(e.salt), raw.EncodeToString(e.key))
	case django:
		return fmt.Sprintf("scrypt$%d$%s$%d$%d$%s", e.n, e.salt, e.r, e.p, base64.StdEncoding.EncodeToString(e.key))
	case werkzeug:
		return fmt.Sprintf("scrypt:%d:%d:%d$%s$%x", e.n, e.r, e.p, e.salt, e.key)
	default:
		return fmt.Sprintf("%s:%x", e.salt, e.key)
	}
}

// decode parses loosely and then requires that encoding returns the same text:
// so there is one spelling of numbers, digits and base64.
func decode(hash core.PasswordHash) (encoded, error) {
	text := string(hash)
	f, ok := formOf(text)
	if !ok || len(text) > longest {
		return encoded{}, errMalformed
	}
	e := parse(f, text)
	if e.text() != text || len(e.salt) < 1 || len(e.salt) > maxLen || len(e.key) < minKeyLen || len(e.key) > maxLen {
		return encoded{}, errMalformed
	}
	return e, e.check()
}

// parse reads what it can; what is missing or wrong stays zero, and is found by
// writing it again.
func parse(f form, text string) encoded {
	e, ln := encoded{form: f}, uint8(0)
	switch part := strings.Split(text, "$"); {
	case f == betterAuth:
		e.params, e.salt = params{1 << 14, 16, 1}, []byte(text[:theirSalt])
		e.key, _ = hex.DecodeString(text[theirSalt+1:])
	case f == phc && len(part) == 5:
		_, _ = fmt.Sscanf(part[2], "ln=%d,r=%d,p=%d", &ln, &e.r, &e.p)
		e.n = 1 << min(ln, 62)
		e.salt, _ = base64.RawStdEncoding.DecodeString(part[3])
		e.key, _ = base64.RawStdEncoding.DecodeString(part[4])
	case f == django && len(part) == 6:
		_, _ = fmt.Sscanf(part[1]+" "+part[3]+" "+part[4], "%d %d %d", &e.n, &e.r, &e.p)
		e.salt = []byte(part[2])
		e.key, _ = base64.StdEncoding.DecodeString(part[5])
	case f == werkzeug && len(part) == 3:
		_, _ = fmt.Sscanf(part[0], "scrypt:%d:%d:%d", &e.n, &e.r, &e.p)
		e.salt = []byte(part[1])
		e.key, _ = hex.DecodeString(part[2])
	}
	return e
}
