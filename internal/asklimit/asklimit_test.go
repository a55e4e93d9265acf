package asklimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func count(l core.Limiter, asker string) asklimit.Count {
	c := asklimit.Count{
		Limiter: l, What: "mails", Subject: "ada@example.org",
		Each: core.Limit{Events: 2, Window: time.Minute}, All: core.Limit{Events: 5, Window: time.Hour},
	}
	if asker != "" {
		c.Asker = netip.MustParseAddr(asker)
	}
	return c
}

// take returns how many of n events are allowed.
func take(t *testing.T, c asklimit.Count, n int) (allowed int) {
	t.Helper()
	for range n {
		wait, err := c.Allow(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if wait == 0 {
			allowed++
		} else if wait > time.Hour {
			t.Errorf("wait %v", wait)
		}
	}
	return allowed
}

func TestAllow(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := memstore.NewLimiter(memstore.LimiterOptions{Now: func() time.Time { return now }})
	if n := take(t, count(l, "192.0.2.1"), 100); n != 2 {
		t.Errorf("one asker: %d were allowed, want 2", n)
	}
	for asker, want := range map[string]int{"::ffff:192.0.2.1": 0, "192.0.2.2": 2} {
		if n := take(t, count(l, asker), 100); n != want {
			t.Errorf("%s: %d were allowed, want %d", asker, n, want)
		}
	}
	if n := take(t, count(l, ""), 100); n != 1 {
		t.Errorf("beyond the limit of all: %d were allowed, want the last of 5", n)
	}
	other := count(l, "192.0.2.1")
	other.Subject = "grace@example.org"
	if n := take(t, other, 100); n != 2 {
		t.Errorf("another subject: %d were allowed, want 2", n)
	}
	now = now.Add(time.Minute) // what all refuse has not used up the asker's own
	if err := count(l, "192.0.2.9").Refund(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := take(t, count(l, ""), 100); n != 1 {
		t.Errorf("after a refund: %d were allowed, want 1", n)
	}
	if err := count(l, "192.0.2.7").Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := take(t, count(l, ""), 100); n != 1 {
		t.Errorf("after another's reset: %d were allowed, want the 1 that is left of the asker's own", n)
	}
	if err := count(l, "").Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := take(t, count(l, ""), 100); n != 2 {
		t.Errorf("after the asker's reset: %d were allowed, want 2", n)
	}
}

// Whoever has a /48 is one asker, and not 65,536.
func TestAttackQ07OneSubscriber(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	allowed := 0
	for i := range 100 {
		allowed += take(t, count(l, fmt.Sprintf("2001:db8:7:%x::1", i)), 1)
	}
	if allowed != 2 {
		t.Errorf("%d were allowed, want 2", allowed)
	}
	if n := take(t, count(l, "2001:db8:8::1"), 1); n != 1 {
		t.Error("another /48 is refused")
	}
}

// down is a limiter that fails at the n-th call of Allow.
type down struct {
	core.Limiter
	at int
}

func (d *down) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	if d.at--; d.at == 0 {
		return 0, errors.New("down")
	}
	return d.Limiter.Allow(ctx, key, limits...)
}

func TestALimiterThatIsDown(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	for at := 1; at <= 2; at++ {
		for range 3 { // nothing is counted
			if _, err := count(&down{l, at}, "192.0.2.1").Allow(t.Context()); err == nil {
				t.Errorf("the error of call %d is lost", at)
			}
		}
	}
	if n := take(t, count(l, "192.0.2.1"), 100); n != 2 {
		t.Errorf("%d were allowed, want 2", n)
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"ada@example.org":            "ada@example.org",
		"ada+1@example.org":          "ada@example.org",
		"ada+1+2@example.org":        "ada@example.org",
		"a.d.a@example.org":          "a.d.a@example.org",
		"a.d.a+x@gmail.com":          "ada@gmail.com",
		"ada@googlemail.com":         "ada@gmail.com",
		"+ada@example.org":           "+ada@example.org",
		"ada-1@example.org":          "ada-1@example.org",
		"ada@mail.example.org":       "ada@mail.example.org",
		"no address":                 "no address",
		"":                           "",
		"ada@gmail.com.example.org":  "ada@gmail.com.example.org",
		"a.d.a@notgmail.com":         "a.d.a@notgmail.com",
		"ada@example.org+tag.of.org": "ada@example.org+tag.of.org",
	} {
		if got := asklimit.Mailbox(key); got != want {
			t.Errorf("%q counts as %q, want %q", key, got, want)
		}
	}
}

func TestRecipient(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]core.User{
		"ada@example.org": {ID: "1", EmailKey: "ada+1@example.org"},
		"user 2":          {ID: "2", EmailKey: "ada+1@example.org", IsVerified: true},
	} {
		if got := asklimit.Recipient(&u); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
