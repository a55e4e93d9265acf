package argon2id

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"golang.org/x/crypto/argon2"
)

// Bounds of what is verified, wide enough for the presets of the libraries in
// use (libsodium's "moderate" is 256 MiB and 3 passes) and narrow enough for a
// server. Each is far below where Argon2 itself would fail.
const (
	maxMemory  = 256 << 10 // KiB
	maxTime    = 64
	maxWork    = 1 << 20 // KiB times passes
	minSaltLen = 8
	minTagLen  = 16
	maxLen     = 64 // of salt and tag, in bytes
)

var (
	errMalformed = errors.New("argon2id: malformed hash")
	errWeak      = errors.New("argon2id: Memory and Time are below OWASP's floor")
	errBounds    = errors.New("argon2id: parameters beyond the bounds (256 MiB, 64 passes, 1 GiB over all passes)")
)

type params struct {
	memory, time uint32
	threads      uint8
}

// check returns errBounds for what Verify refuses, and for less than the 8 KiB
// a thread that Argon2 needs (RFC 9106 section 3.1).
func (p params) check() error {
	if p.memory > maxMemory || p.time > maxTime || p.work() > maxWork ||
		p.time < 1 || p.threads < 1 || p.memory < 8*uint32(p.threads) {
		return errBounds
	}
	return nil
}

// work is the memory, in KiB, times the passes over it.
func (p params) work() uint32 { return p.memory * p.time }

// weak reports whether none of OWASP's equivalent settings is reached.
func (p params) weak() bool {
	for i, memory := range [...]uint32{46 << 10, 19 << 10, 12 << 10, 9 << 10, 7 << 10} {
		if passes := uint32(i + 1); p.memory >= memory && p.time >= passes {
			return false
		}
	}
	return true
}

type encoded struct {
	params
	salt, tag []byte
}

// hash returns the PHC string format.
func (e encoded) hash() core.PasswordHash {
	b64 := base64.RawStdEncoding
	return core.PasswordHash(fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", prefix, argon2.Version,
		e.memory, e.time, e.threads, b64.EncodeToString(e.salt), b64.EncodeToString(e.tag)))
}

// decode parses loosely and then requires that encoding returns the same text:
// so there is one spelling of numbers and base64.
func decode(hash core.PasswordHash) (encoded, error) {
	const longest = len(prefix+"v=19$m=262144,t=64,p=255$$") + 2*86 // base64 of maxLen bytes
	if len(hash) > longest {
		return encoded{}, errMalformed
	}
	var e encoded
	var rest string
	if _, err := fmt.Sscanf(string(hash), prefix+"v=19$m=%d,t=%d,p=%d$%s", &e.memory, &e.time, &e.threads,
		&rest); err != nil {
		return encoded{}, errMalformed
	}
	salt, tag, _ := strings.Cut(rest, "$")
	e.salt, _ = base64.RawStdEncoding.DecodeString(salt)
	e.tag, _ = base64.RawStdEncoding.DecodeString(tag)
	if e.hash() != hash || len(e.salt) < minSaltLen || len(e.salt) > maxLen || len(e.tag) < minTagLen ||
		len(e.tag) > maxLen {
		return encoded{}, errMalformed
	}
	return e, e.check()
}
