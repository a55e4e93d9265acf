package proofs_test

import (
	"context"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// keyRevived: a use that is recorded while the key ends revives nothing.
func keyRevived(t *testing.T, a *harness.App) {
	in := a.LogIn(t, "session", a.NewUser(t))
	ended, kept := 0, 0
	for range 5 {
		key, id := a.MakeKey(t, in, "orders:read")
		twin, _ := a.MakeKey(t, in, "orders:read")
		a.Advance(time.Minute) // the login stays recent
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				if i == 7 {
					a.TrySend(context.WithoutCancel(t.Context()), "DELETE", "/auth/api-keys/"+id, in)
					return
				}
				a.TrySend(context.WithoutCancel(t.Context()), "GET", "/users/me", harness.Bearer(key))
			})
		}
		all.Wait()
		if a.Send(t, "GET", "/users/me", harness.Bearer(key)).Status == http.StatusUnauthorized {
			ended++
		}
		if a.Send(t, "GET", "/users/me", harness.Bearer(twin)).Status == http.StatusOK {
			kept++
		}
	}
	t.Run("K04 a use beside its end", func(t *testing.T) {
		if ended != 5 || kept != 5 {
			t.Errorf("%d of 5 keys have ended, %d of 5 others go on", ended, kept)
		}
	})
}

// keyLookup is by the digest of all of a key: what is nearly right costs as
// much as what is not. What has another shape is no question at all.
func keyLookup(t *testing.T, a *harness.App) {
	calls := calls.Of(a)
	a.Advance(time.Hour) // refusals are recorded again
	key, _ := a.MakeKey(t, a.LogIn(t, "session", a.NewUser(t)), "orders:read")
	mails(t, a, 0) // nothing is under way
	calls.Take()
	for name, at := range map[string]int{"the first": 5, "the middle": 25, "the last": len(key) - 7} {
		a.Want(t, opens+"401", harness.Case("K07 wrong in "+name+" character"), harness.Bearer(nearly(key, at)))
		// The last two are the record of the refusal.
		if got := calls.Take(); !slices.Equal(got, []string{"credentials.Find", "limiter.Allow", "audit.Append"}) {
			t.Errorf("K07: %s costs %q", name, got)
		}
	}
	for name, token := range map[string]string{
		"a wrong checksum": key[:len(key)-1] + map[bool]string{true: "1", false: "0"}[key[len(key)-1] == '0'],
		"another prefix":   "acne" + key[4:], "truncated": key[:len(key)-1], "one character more": key + "0",
		"the prefix alone": "acme_", "4,000 characters": "acme_" + strings.Repeat("0", 4000),
	} {
		a.Want(t, opens+"401", harness.Case("K11 "+name), harness.Bearer(token))
		if got := calls.Take(); slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "cred") }) {
			t.Errorf("K11: %s costs %q", name, got)
		}
	}
	a.Want(t, opens+"200", harness.Case("K11 the twin"), harness.Bearer(key))
	a.Want(t, opens+"200", harness.Case("K07 the twin"), harness.Bearer(key))
}

// keyLimits: a key's own limit holds for many requests at once, and is no 401.
// What it lets through is refused as the route is not open to keys.
func keyLimits(t *testing.T, other *harness.App) {
	a := other.Beside(t, harness.WithAPIKeys(t, func(a *harness.App, k *apikey.Options) {
		k.Limit, k.Limiter = core.Limit{Events: 9, Window: time.Minute}, a.Stores.Limiter
	}))
	in := a.LogIn(t, "session", a.NewUser(t))
	key, _ := a.MakeKey(t, in, "orders:read")
	twin, _ := a.MakeKey(t, in, "orders:read")
	const route = "GET /authenticated-route "
	statuses := map[int]int{}
	answers := a.SendAtOnce(t, atOnce, "GET", "/authenticated-route", same(harness.Bearer(key)))
	for got := range answers {
		statuses[got.Status]++
	}
	t.Run("K17 64 at once", func(t *testing.T) {
		if statuses[403] != 9 || statuses[429] != 55 {
			t.Errorf("the answers are %v, want 9 of 403 and 55 of 429", statuses)
		}
	})
	a.Want(t, route+"429 RATE_LIMITED", harness.Case("K17 no 401"), harness.Bearer(key))
	a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("K17 the twin"), harness.Bearer(twin))
	a.Advance(time.Minute)
	a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("K17 a minute later"), harness.Bearer(key))
}

// keyWrites: a use is written once in ten minutes, however many there are.
func keyWrites(t *testing.T, a *harness.App) {
	calls := calls.Of(a)
	key, _ := a.MakeKey(t, a.LogIn(t, "session", a.NewUser(t)), "orders:read")
	writes := func(n int) (updates int) {
		calls.Take()
		for range n {
			if got := a.Send(t, "GET", "/users/me", harness.Bearer(key)); got.Status != 200 {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
		}
		for _, c := range calls.Take() {
			if c == "credentials.Update" {
				updates++
			}
		}
		return updates
	}
	t.Run("K18 many requests", func(t *testing.T) {
		if n := writes(50); n != 1 {
			t.Errorf("50 requests write %d times", n)
		}
		a.Advance(10*time.Minute - time.Second)
		if n := writes(20); n != 0 {
			t.Errorf("within 10 minutes they write %d times more", n)
		}
		a.Advance(time.Second)
		if n := writes(20); n != 1 {
			t.Errorf("twin: after 10 minutes they write %d times", n)
		}
	})
}

// nearly returns a key that is not there, with a right checksum: that of
// another one with a character changed.
func nearly(key string, at int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := []byte(key[:len(key)-6])
	body[at] = digits[(strings.IndexByte(digits, body[at])+1)%len(digits)]
	sum := make([]byte, 6)
	rest := crc32.ChecksumIEEE(body)
	for i := range sum {
		sum[5-i] = digits[rest%62]
		rest /= 62
	}
	return string(body) + string(sum)
}
