package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

func isError(err, want error) bool { return want != nil && errors.Is(err, want) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"the store each time": 0, "with a cache": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			spied := func(now func() time.Time) (*apikey.Strategy, *spy) {
				o := options()
				o.Now, o.PerUser, o.LocalCacheTTL = now, 1000, ttl
				store := &spy{CredentialStore: memstore.NewCredentials(now)}
				strategy, err := apikey.New(store, o)
				if err != nil {
					t.Fatal(err)
				}
				return strategy, store
			}
			stores := sync.Map{}
			h := strategytest.Harness{
				New: func(now func() time.Time) core.Strategy {
					strategy, store := spied(now)
					stores.Store(strategy, store)
					return strategy
				},
				Make: func(of core.Strategy, userID string) (core.Token, error) {
					store, _ := stores.Load(of)
					own := *s.Services
					own.Credentials = store.(*spy)
					u := &servicetest.Account{User: core.User{ID: userID}}
					token, made, err := of.(*apikey.Strategy).Flow().Make(context.Background(), &own, u,
						apikey.Wanted{Name: "ci", Scopes: []string{"read"}}, nil)
					return core.Token{Raw: token, SessionID: made.ID, Expires: made.Expires}, err
				},
				Unreachable: func(now func() time.Time) (core.Strategy, func()) {
					strategy, store := spied(now)
					stores.Store(strategy, store)
					return strategy, func() { store.fail(errors.New("connection refused")) }
				},
				Lifetime: 90 * day,
				Revokes:  true,
				Foreign: []string{
					"eyJhbGciOiJIUzI1NiJ9.e30.AAAA", strings.Repeat("A", 43), "acme_", "acme_" + strings.Repeat("0", 49),
					"acme-" + strings.Repeat("A", 49), "other_" + strings.Repeat("A", 49),
				},
			}
			if ttl > 0 { // what is in memory is let through
				h.Unreachable = nil
			}
			strategytest.Run(t, h)
		})
	}
}

func TestTheSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, made := f.make("write", "read")
	now := servicetest.Start
	got := *f.wants(token, nil).Session
	want := core.Session{
		ID: made.ID, UserID: f.ada.ID, Backend: "keys", Label: "ci", Epoch: core.AnyEpoch, Scopes: []string{"write", "read"},
		Created: now, LastSeen: now, Expires: now.Add(90 * day),
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got.InPerson() || !got.Proved().IsZero() {
		t.Error("a key is somebody who has proved who they are")
	}
	f.Advance(90*day - time.Microsecond)
	if used := f.wants(token, nil); used.LastSeen != now {
		t.Errorf("last seen %v, want the first use at %v", used.LastSeen, now)
	}
	f.Advance(time.Microsecond)
	f.wants(token, core.ErrInvalid)
}

// A key whose checksum is wrong, or that has another shape, is none of this
// strategy's, and the store hears nothing of it.
func TestAttackK11(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, _ := f.make("read")
	f.store.reads = 0
	body, sum := token[:len(token)-6], token[len(token)-6:]
	other := map[bool]string{true: "1", false: "0"}
	for name, bad := range map[string]string{
		"empty": "", "the prefix alone": "acme_", "truncated": token[:len(token)-1], "longer": token + "0",
		"another prefix":              "acne" + token[4:],
		"without its underscore":      "acme0" + token[5:],
		"in upper case":               "ACME" + token[4:],
		"a wrong checksum":            body + other[sum[0] == '0'] + sum[1:],
		"a wrong character":           token[:5] + other[token[5] == '0'] + token[6:],
		"two characters changed over": swapped(token),
		"1 MB":                        "acme_" + strings.Repeat("0", 1<<20),
		"a null byte":                 token[:10] + "\x00" + token[11:],
		"a digest":                    fmt.Sprintf("%x", core.Digest(token)),
	} {
		if _, err := f.Verify(t.Context(), bad); err != core.ErrNoCredential {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if f.store.reads != 0 {
		t.Errorf("K11: the store was asked %d times", f.store.reads)
	}
	f.wants(token, nil)
	if f.store.reads != 1 {
		t.Errorf("K11, the twin: the store was asked %d times", f.store.reads)
	}
}

// swapped exchanges the first two characters of a token's secret that differ.
func swapped(token string) string {
	b := []byte(token)
	for i := 5; ; i++ {
		if b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			return string(b)
		}
	}
}

// Nothing that a store or a log has opens what the key opens.
func TestAttackK02(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, made := f.make("read")
	all, err := f.store.List(t.Context(), "", f.ada.ID)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d credentials, %v", len(all), err)
	}
	c := *all[0]
	session := *f.wants(token, nil).Session
	dump := fmt.Sprintf("%s %s %s %s %s %+v %+v", c.ID, c.Key, c.Label, c.Data, made.Hint, made, session)
	secret := token[len("acme_") : len(token)-6]
	for from := 0; from+8 <= len(secret); from++ {
		if strings.Contains(dump, secret[from:from+8]) {
			t.Errorf("K02: the store has a part of the key: %s", dump)
		}
	}
	for _, shown := range []string{c.Key, c.ID, made.Hint} {
		f.wants(shown, core.ErrNoCredential)
	}
	if !strings.HasSuffix(token, made.Hint) || len(made.Hint) != 4 {
		t.Errorf("the hint is %q", made.Hint)
	}
}

// A use is recorded and revives nothing: a key that was ended while its use was
// being recorded stays ended.
func TestAttackK04(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, _ := f.make("read")
	session := f.wants(token, nil).Session
	f.Advance(time.Hour)
	f.store.beforeUpdate = func() {
		if err := f.Revoke(t.Context(), session); err != nil {
			t.Error(err)
		}
	}
	f.wants(token, nil) // it was read before it was ended
	f.store.beforeUpdate = nil
	f.wants(token, core.ErrInvalid)

	for range 20 { // and whoever is first
		token, _ := f.make("read")
		found := f.wants(token, nil)
		f.Advance(time.Hour)
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				if i == 7 {
					_ = f.Revoke(t.Context(), found.Session)
				}
				_, _ = f.Verify(t.Context(), token)
			})
		}
		all.Wait()
		f.settle()
		f.wants(token, core.ErrInvalid)
	}
}

// A use does not overwrite what happens to the key meanwhile.
func TestAUseOverwritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, made := f.make("read")
	f.Advance(time.Hour)
	f.store.beforeUpdate = func() {
		f.store.beforeUpdate = nil
		if _, _, err := f.flow.Rotate(t.Context(), f.Services.Services, f.ada, made.ID, nil); err != nil {
			t.Error(err)
		}
	}
	f.wants(token, nil)
	f.Advance(day)
	f.wants(token, core.ErrInvalid) // its overlap is over
}

// A thousand requests a second write once in UsedEvery.
func TestAttackK18(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{0, time.Second} {
		o := options()
		o.LocalCacheTTL = ttl
		f := newFixture(t, o)
		token, _ := f.make("read")
		second := func() {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 125 {
						if _, err := f.Verify(t.Context(), token); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			f.settle()
		}
		second()
		if f.store.writes != 1 {
			t.Errorf("K18: %d writes in the first second, want 1", f.store.writes)
		}
		f.Advance(10*time.Minute - time.Second)
		second()
		if f.store.writes != 1 {
			t.Errorf("K18: %d writes within 10 minutes, want 1", f.store.writes)
		}
		f.Advance(time.Second)
		second()
		if f.store.writes != 2 {
			t.Errorf("K18: %d writes after 10 minutes, want 2", f.store.writes)
		}
		keys, err := f.flow.List(t.Context(), f.Services.Services, f.ada.ID)
		if err != nil || len(keys) != 1 || !keys[0].Used.Equal(f.Now()) {
			t.Errorf("the last use is recorded as %+v, %v", keys, err)
		}
	}
	t.Run("a store that cannot write fails no request", func(t *testing.T) {
		f := newFixture(t, options())
		token, _ := f.make("read")
		f.store.beforeUpdate = func() { panic("read-only") }
		f.wants(token, nil)
	})
}

// The limit of a key holds for 64 requests at once, is a 429 and no 401, and is
// nobody else's.
func TestAttackK17(t *testing.T) {
	t.Parallel()
	o := options()
	o.Limit = core.Limit{Events: 7, Window: time.Minute}
	s := servicetest.New(t)
	o.Limiter = s.Limiter
	f := newFixture(t, o)
	token, _ := f.make("read")
	other, _ := f.make("read")
	var let, refused atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			_, err := f.Verify(t.Context(), token)
			var refusal *core.Error
			switch {
			case err == nil:
				let.Add(1)
			case errors.As(err, &refusal) && refusal.Status == http.StatusTooManyRequests &&
				refusal.Code == core.CodeRateLimited && refusal.Header.Get("Retry-After") == "60":
				refused.Add(1)
			default:
				t.Errorf("K17: %v", err)
			}
		})
	}
	all.Wait()
	if let.Load() != 7 || refused.Load() != 57 {
		t.Errorf("K17: %d were let in and %d refused, want 7 and 57", let.Load(), refused.Load())
	}
	f.wants(other, nil)
	s.Advance(time.Minute)
	f.wants(token, nil)
}

func TestLocalCache(t *testing.T) {
	t.Parallel()
	o := options()
	o.LocalCacheTTL = 2 * time.Second
	f := newFixture(t, o)
	token, made := f.make("read")
	f.wants(token, nil) // the use is recorded, which the cache does not have
	f.wants(token, nil)
	f.store.reads = 0
	for range 5 {
		f.wants(token, nil)
	}
	if f.store.reads != 0 {
		t.Errorf("the store was asked %d times", f.store.reads)
	}
	t.Run("what another process ends is known in time", func(t *testing.T) {
		elsewhere, made := f.make("read")
		f.wants(elsewhere, nil)
		f.wants(elsewhere, nil)
		if err := f.store.Delete(t.Context(), apikey.Kind, f.ada.ID, made.ID); err != nil {
			t.Fatal(err)
		}
		f.Advance(2*time.Second - 1)
		f.wants(elsewhere, nil)
		f.Advance(1)
		f.wants(elsewhere, core.ErrInvalid)
	})
	t.Run("what this process ends is known at once", func(t *testing.T) {
		f.wants(token, nil)
		if err := f.flow.End(t.Context(), f.Services.Services, f.ada, made.ID, nil); err != nil {
			t.Fatal(err)
		}
		f.wants(token, core.ErrInvalid)
		revoked, _ := f.make("read")
		f.wants(revoked, nil)
		if err := f.Revoke(t.Context(), f.wants(revoked, nil).Session); err != nil {
			t.Fatal(err)
		}
		f.wants(revoked, core.ErrInvalid)
		purged, _ := f.make("read")
		f.wants(purged, nil)
		f.wants(purged, nil)
		if n, err := f.flow.Purge(t.Context(), f.ada.ID); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		f.wants(purged, core.ErrInvalid)
	})
	t.Run("a key expires in the cache too", func(t *testing.T) {
		token, _, err := f.flow.Make(t.Context(), f.Services.Services, f.ada,
			apikey.Wanted{Name: "x", Scopes: []string{"read"}, Lifetime: time.Second}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.wants(token, nil)
		f.wants(token, nil)
		f.Advance(time.Second)
		f.wants(token, core.ErrInvalid)
	})
}

// The path of most requests allocates next to nothing.
func TestAllocations(t *testing.T) {
	o := options()
	o.LocalCacheTTL = 5 * time.Second
	f := newFixture(t, o)
	token, _ := f.make("read")
	f.wants(token, nil)
	f.wants(token, nil)
	ctx := t.Context()
	verify := func(token string, want error) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := f.Verify(ctx, token); err != want {
				t.Error(err)
			}
		})
	}
	if n := verify(token, nil); n > 2 {
		t.Errorf("a key in memory: %v allocations, want at most 2", n)
	}
	if n := verify(token[:len(token)-1]+"!", core.ErrNoCredential); n > 0 {
		t.Errorf("a wrong checksum: %v allocations, want none", n)
	}
}

func TestAKeyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, made := f.make("read")
	_, err := f.store.Update(t.Context(), apikey.Kind, f.ada.ID, made.ID, func(c *core.Credential) error {
		c.Data = []byte("{")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Verify(t.Context(), token); err == nil || errors.Is(err, core.ErrInvalid) {
		t.Errorf("got %v, want an error that is a 503", err)
	}
}

func TestOptionsAreRefused(t *testing.T) {
	t.Parallel()
	good := options()
	for want, change := range map[string]func(*apikey.Options){
		"Backend is empty":              func(o *apikey.Options) { o.Backend = "" },
		"Prefix is not":                 func(o *apikey.Options) { o.Prefix = "a" },
		"no _ last":                     func(o *apikey.Options) { o.Prefix = "acme_" },
		"2 to 14":                       func(o *apikey.Options) { o.Prefix = strings.Repeat("a", 15) },
		"a letter first":                func(o *apikey.Options) { o.Prefix = "1acme" },
		"Scopes is empty":               func(o *apikey.Options) { o.Scopes = nil },
		`the scope "*"`:                 func(o *apikey.Options) { o.Scopes = []string{"*"} },
		`the scope "a b"`:               func(o *apikey.Options) { o.Scopes = []string{"a b"} },
		`the scope "read" is given`:     func(o *apikey.Options) { o.Scopes = []string{"read", "read"} },
		"over 4 KiB":                    func(o *apikey.Options) { o.Scopes = []string{strings.Repeat("x", 5000)} },
		"Lifetime is shorter":           func(o *apikey.Options) { o.Lifetime = time.Second },
		"Lifetime is shorter than":      func(o *apikey.Options) { o.Lifetime = -2 },
		"PerUser is not":                func(o *apikey.Options) { o.PerUser = 1001 },
		"PerUser is not within":         func(o *apikey.Options) { o.PerUser = -1 },
		"UsedEvery is shorter":          func(o *apikey.Options) { o.UsedEvery = time.Millisecond },
		"LocalCacheTTL is not":          func(o *apikey.Options) { o.LocalCacheTTL = 6 * time.Second },
		"Limit needs a Limiter":         func(o *apikey.Options) { o.Limit = core.Limit{Events: 1, Window: time.Second} },
		"MakeLimit: a limit needs":      func(o *apikey.Options) { o.MakeLimit = core.Limit{Events: 1} },
		"Limit: a limit needs at least": func(o *apikey.Options) { o.Limit = core.Limit{Window: 1} },
	} {
		o := good
		o.Scopes = slices.Clone(good.Scopes)
		change(&o)
		if _, err := apikey.New(memstore.NewCredentials(nil), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	if _, err := apikey.New(nil, apikey.Options{}); err == nil || !strings.Contains(err.Error(), "no store") ||
		!strings.Contains(err.Error(), "Prefix") {
		t.Errorf("every problem at once: got %v", err)
	}
	for _, p := range []string{"ab", "a1", "acme_live", strings.Repeat("a", 14)} {
		o := good
		o.Prefix, o.Lifetime = p, apikey.InsecureForever
		if _, err := apikey.New(memstore.NewCredentials(nil), o); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// Of two processes that let a key in at once, one writes.
func TestTwoProcessesWriteOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, _ := f.make("read")
	o := options()
	o.Now = f.Now
	other, err := apikey.New(f.store, o)
	if err != nil {
		t.Fatal(err)
	}
	f.store.beforeUpdate = func() {
		f.store.beforeUpdate = nil
		if _, err := other.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
		if err := other.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	f.wants(token, nil)
	if f.store.writes != 1 {
		t.Errorf("%d writes, want 1", f.store.writes)
	}
}

// A key expires by the strategy's clock too, where the store's is late.
func TestTheOwnClockCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	token, _ := f.make("read")
	session := f.wants(token, nil).Session
	o := options()
	o.Now = func() time.Time { return f.Now().Add(90 * day) }
	ahead, err := apikey.New(f.store, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ahead.Verify(t.Context(), token); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("Verify: %v", err)
	}
	if _, err := ahead.Recheck(t.Context(), session); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("Recheck: %v", err)
	}
	f.wants(token, nil)
}
