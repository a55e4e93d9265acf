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

func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// FakeHasher costs nothing and counts.
type FakeHasher struct {
	Verified atomic.Int64
	Hold     chan struct{} // if not nil, Verify waits until it is closed
}

const FakeHashPrefix = "fake$"

func (*FakeHasher) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash(FakeHashPrefix + password), nil
}

func (*FakeHasher) Knows(h core.PasswordHash) bool {
	return strings.HasPrefix(string(h), FakeHashPrefix)
}

func (*FakeHasher) Outdated(core.PasswordHash) bool { return false }

func (f *FakeHasher) Verify(h core.PasswordHash, password string) (bool, error) {
	if f.Hold != nil {
		<-f.Hold
	}
	f.Verified.Add(1)
	return string(h) == FakeHashPrefix+password, nil
}
