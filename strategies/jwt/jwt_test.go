package jwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/strategytest"
)

var (
	// goodSecret is 32 bytes as a random source could return them.
	goodSecret = []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d" +
		"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38")
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecdsaKey = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey    = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(goodSecret) })
	// start lies between two whole seconds, because tokens hold whole ones.
	start = time.Date(2026, time.May, 4, 12, 30, 0, 250_000_000, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// keys returns a key of every algorithm.
func keys() map[string]jwt.Key {
	return map[string]jwt.Key{
		"HS256": must(jwt.HS256("hs", goodSecret)),
		"RS256": must(jwt.RS256("rs", rsaKey())),
		"ES256": must(jwt.ES256("es", ecdsaKey())),
		"EdDSA": must(jwt.EdDSA("ed", edKey())),
	}
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func newStrategy(t testing.TB, o jwt.Options) *jwt.Strategy {
	t.Helper()
	if o.Keys == nil {
		o.Keys = []jwt.Key{must(jwt.HS256("hs", goodSecret))}
	}
	if o.Now == nil {
		o.Now = at(start)
	}
	s, err := jwt.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func login() core.Login {
	return core.Login{Session: core.Session{
		UserID: "ada", Backend: "api", Epoch: 7,
		Proofs: []core.Proof{{Method: "password", At: start.Add(-time.Minute)}, {Method: "totp", At: start}},
	}}
}

func issue(t testing.TB, s core.Strategy) string {
	t.Helper()
	token, err := s.Issue(t.Context(), login())
	if err != nil {
		t.Fatal(err)
	}
	return token.Raw
}

// denyList can be made unreachable.
type denyList struct {
	*memstore.Tickets
	down error
}

func newDenyList(now func() time.Time) *denyList { return &denyList{Tickets: memstore.NewTickets(now)} }

func (l *denyList) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	if l.down != nil {
		return l.down
	}
	return l.Tickets.Burn(ctx, purpose, d, until)
}

func (l *denyList) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if l.down != nil {
		return core.Ticket{}, l.down
	}
	return l.Tickets.Find(ctx, purpose, d)
}

func TestConformance(t *testing.T) {
	foreign := []string{strings.Repeat("A", core.SecretLen), "a.b", "a.b.c.d", "..", "a..b", "a.b.", "a.b.c=", "lk_" +
		strings.Repeat("A", 43)}
	for name, key := range keys() {
		t.Run(name, func(t *testing.T) {
			strategytest.Run(t, strategytest.Harness{
				New: func(now func() time.Time) core.Strategy {
					return newStrategy(t, jwt.Options{Keys: []jwt.Key{key}, Now: now})
				},
				Lifetime: time.Hour,
				Foreign:  foreign,
			})
		})
	}
	t.Run("deny list", func(t *testing.T) {
		denying := func(now func() time.Time) (core.Strategy, *denyList) {
			list := newDenyList(now)
			return newStrategy(t, jwt.Options{Denied: list, Now: now}), list
		}
		strategytest.Run(t, strategytest.Harness{
			New: func(now func() time.Time) core.Strategy {
				s, _ := denying(now)
				return s
			},
			Unreachable: func(now func() time.Time) (core.Strategy, func()) {
				s, list := denying(now)
				return s, func() { list.down = errors.New("connection refused") }
			},
			Lifetime: time.Hour,
			Revokes:  true,
			Foreign:  foreign,
		})
	})
}

func TestClaimsOnTheWire(t *testing.T) {
	s := newStrategy(t, jwt.Options{Issuer: "https://id.example.org"})
	header, claims := decode(t, issue(t, s))
	if len(claims["jti"].(string)) < 22 {
		t.Errorf("jti %q has fewer than 128 bits", claims["jti"])
	}
	delete(claims, "jti")
	now := float64(start.Unix())
	for what, pair := range map[string][2]any{
		"header": {header, map[string]any{"alg": "HS256", "kid": "hs", "typ": "JWT"}},
		"claims": {claims, map[string]any{
			"sub": "ada", "aud": "latchkey:auth", "iss": "https://id.example.org", "iat": now, "exp": now + 3600,
			"epoch": 7.0, "backend": "api", "amr": []any{"password", "totp"}, "auth_time": now, "proved_at": []any{now - 60, now},
		}},
	} {
		got, want := string(must(json.Marshal(pair[0]))), string(must(json.Marshal(pair[1])))
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
}

func TestDenyList(t *testing.T) {
	now := start
	clock := func() time.Time { return now }
	list := newDenyList(clock)
	s := newStrategy(t, jwt.Options{Denied: list, Now: clock})
	token := issue(t, s)
	found := must(s.Verify(t.Context(), token))
	for range 2 { // logging out twice is not an error
		if err := s.Revoke(t.Context(), found.Session); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("F16 a clock set back does not revive", func(t *testing.T) {
		now = found.Expires.Add(10 * time.Minute)
		if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("swept %d, %v; the token could come back", n, err)
		}
		now = start.Add(time.Minute)
		if _, err := s.Verify(t.Context(), token); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("entries go in the end", func(t *testing.T) {
		now = found.Expires.Add(2 * time.Hour)
		if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	})
	if n, err := newStrategy(t, jwt.Options{}).Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("without a list: %d, %v", n, err)
	}
}

func TestIssueRefuses(t *testing.T) {
	for name, broken := range map[string]core.Session{
		"no user":           {Backend: "api"},
		"no backend":        {UserID: "ada"},
		"user not UTF-8":    {Backend: "api", UserID: "\xff"},
		"user U+FFFD":       {Backend: "api", UserID: "\uFFFD"},
		"longer than 8 KiB": {Backend: "api", UserID: strings.Repeat("a", 8<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newStrategy(t, jwt.Options{}).Issue(t.Context(), core.Login{Session: broken})
			if err == nil || errors.Is(err, core.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("no randomness", func(t *testing.T) {
		s := newStrategy(t, jwt.Options{Random: strings.NewReader("short")})
		if _, err := s.Issue(t.Context(), login()); err == nil {
			t.Error("no error")
		}
	})
}
