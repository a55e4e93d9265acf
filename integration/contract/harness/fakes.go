package harness

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Clock is the time of everything in an application.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *Clock { return &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// Now returns the time, which stands still.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

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
