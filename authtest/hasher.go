package authtest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// hashPrefix begins the hashes of Hasher, which are no other hasher's.
const hashPrefix = "$authtest$"

// Hasher returns a hasher that takes microseconds, for Options.Hashers of tests
// that are not about hashing. Its hashes can be guessed as fast, so it panics
// in a program that is no test.
func Hasher() core.Hasher {
	onlyInTests("authtest.Hasher", "use argon2id, which is latchkey's default")
	return hasher{}
}

// onlyInTests panics in any other program.
func onlyInTests(what, instead string) {
	if !testing.Testing() {
		panic("latchkey: " + what + " is for tests, and this program is none: " + instead)
	}
}

// hasher is a salted SHA-256.
type hasher struct{}

// Hash implements core.Hasher.
func (hasher) Hash(password string) (core.PasswordHash, error) {
	salt := rand.Text()
	return digest(salt, password), nil
}

func digest(salt, password string) core.PasswordHash {
	sum := sha256.Sum256([]byte(salt + "$" + password))
	return core.PasswordHash(hashPrefix + salt + "$" + hex.EncodeToString(sum[:]))
}

// Knows implements core.Hasher.
func (hasher) Knows(hash core.PasswordHash) bool { return strings.HasPrefix(string(hash), hashPrefix) }

// Verify implements core.Hasher.
func (hasher) Verify(hash core.PasswordHash, password string) (bool, error) {
	salt, _, _ := strings.Cut(strings.TrimPrefix(string(hash), hashPrefix), "$")
	return subtle.ConstantTimeCompare([]byte(hash), []byte(digest(salt, password))) == 1, nil
}

// Outdated implements core.Hasher.
func (hasher) Outdated(core.PasswordHash) bool { return false }
