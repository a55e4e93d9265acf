package contract_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// clock is the time of everything in an application.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fakeHasher costs nothing and counts.
type fakeHasher struct {
	verified atomic.Int64
	hold     chan struct{} // if not nil, Verify waits until it is closed
}

const hashMark = "fake$"

func (*fakeHasher) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash(hashMark + password), nil
}
func (*fakeHasher) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), hashMark) }
func (*fakeHasher) Outdated(core.PasswordHash) bool { return false }
func (f *fakeHasher) Verify(h core.PasswordHash, password string) (bool, error) {
	if f.hold != nil {
		<-f.hold
	}
	f.verified.Add(1)
	return string(h) == hashMark+password, nil
}

// mailbox is a Sender that keeps what it is given.
type mailbox chan core.Mail

func (m mailbox) Send(ctx context.Context, mail core.Mail) error {
	select {
	case m <- mail:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mail waits for the next mail.
func (a *app) mail(t *testing.T) core.Mail {
	t.Helper()
	select {
	case m := <-a.mails:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail came")
		return core.Mail{}
	}
}

// wantNoMail waits until everything that was queued is done. Nothing is sent
// from here on: it is a test's last step.
func (a *app) wantNoMail(t *testing.T) {
	t.Helper()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(a.mails) > 0 {
		m := <-a.mails
		t.Errorf("a %s to %s was sent", m, m.To)
	}
}
