package harness

import (
	"strings"
	"sync/atomic"

	"github.com/latchkey-go/latchkey/core"
)

// FakeHasher costs nothing and counts. Its hash is the password, with a prefix.
type FakeHasher struct {
	Verified atomic.Int64
	Compared atomic.Int64  // of those, with the hash of Password
	Hold     chan struct{} // if not nil, Verify waits until it is closed
}

// FakeHashPrefix begins every hash of a FakeHasher.
const FakeHashPrefix = "fake$"

// Hash returns the prefix and the password.
func (*FakeHasher) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash(FakeHashPrefix + password), nil
}

// Knows reports whether a hash has the prefix.
func (*FakeHasher) Knows(h core.PasswordHash) bool {
	return strings.HasPrefix(string(h), FakeHashPrefix)
}

// Outdated returns false.
func (*FakeHasher) Outdated(core.PasswordHash) bool { return false }

// Verify counts, and compares.
func (f *FakeHasher) Verify(h core.PasswordHash, password string) (bool, error) {
	if f.Hold != nil {
		<-f.Hold
	}
	f.Verified.Add(1)
	if h == FakeHashPrefix+Password {
		f.Compared.Add(1)
	}
	return string(h) == FakeHashPrefix+password, nil
}
