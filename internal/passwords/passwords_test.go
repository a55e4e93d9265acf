package passwords_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/governor"
	"github.com/latchkey-go/latchkey/internal/passwords"
	"github.com/latchkey-go/latchkey/internal/policy"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// counting counts the verifications of a hasher.
type counting struct {
	servicetest.Hasher
	verified *int
}

func (c counting) Verify(h core.PasswordHash, password string) (bool, error) {
	*c.verified++
	return c.Hasher.Verify(h, password)
}

// fixture is a Passwords over memstore that counts what it verifies.
type fixture struct {
	*passwords.Passwords
	*servicetest.Services
	verified int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Services: servicetest.New(t)}
	var err error
	f.Passwords, err = passwords.New(passwords.Parts{
		Hashers: []core.Hasher{counting{"$new$", &f.verified}, counting{"$old$", &f.verified}}, Policy: policy.Default,
		Governor: governor.New(1, 1), Users: f.Store, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, hashers := range map[string][]core.Hasher{
		"a nil hasher":              {servicetest.Hasher("$new$"), nil},
		"a hasher that cannot hash": {failing{}},
	} {
		if p, err := passwords.New(passwords.Parts{Hashers: hashers}); p != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
	}
}

type failing struct{ servicetest.Hasher }

func (failing) Hash(string) (core.PasswordHash, error) { return "", errors.New("no randomness") }

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored   core.PasswordHash
		password string
		ok       bool
		verified int // how often a hash is computed: unknown users must cost as much as known ones
		after    core.PasswordHash
	}{
		"right":                             {"$new$secret", "secret", true, 1, "$new$secret"},
		"wrong":                             {"$new$secret", "secreT", false, 1, "$new$secret"},
		"right, of an old family":           {"$old$secret", "secret", true, 1, "$new$secret"},
		"wrong, of an old family":           {"$old$secret", "guess", false, 1, "$old$secret"},
		"no password":                       {"", "secret", false, 1, ""},
		"no password, and an empty one":     {"", "", false, 1, ""},
		"a hash of no known family":         {"$1$secret", "secret", false, 1, "$1$secret"},
		"a hash that is malformed":          {"$new$", "secret", false, 2, "$new$"},
		"the text of the hash":              {"$new$secret", "$new$secret", false, 1, "$new$secret"},
		"old, and today's hasher cannot it": {"$old$unhashable", "unhashable", true, 1, "$old$unhashable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			u := f.Add("ada@example.org", "")
			f.Set(u.ID, func(a *servicetest.Account) { a.HashedPassword = c.stored })
			ok, err := f.Check(t.Context(), core.Asker{}, f.Get(u.ID), c.password)
			if ok != c.ok || err != nil {
				t.Errorf("got %v, %v; want %v", ok, err, c.ok)
			}
			if f.verified != c.verified {
				t.Errorf("%d hashes were computed, want %d", f.verified, c.verified)
			}
			if got := f.Get(u.ID).HashedPassword; got != c.after {
				t.Errorf("the stored hash is %q, want %q", string(got), string(c.after))
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		if ok, err := f.Check(t.Context(), core.Asker{}, nil, "a password that nobody has"); ok || err != nil ||
			f.verified != 1 {
			t.Errorf("got %v, %v after %d hashes; want false after 1", ok, err, f.verified)
		}
	})
}

// A password that was changed between the check and the new hash stays.
func TestTheUpgradeLosesARace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.Add("ada@example.org", "")
	f.Set(u.ID, func(a *servicetest.Account) { a.HashedPassword = "$old$secret" })
	read := f.Get(u.ID)
	f.Set(u.ID, func(a *servicetest.Account) { a.HashedPassword = "$new$another" })
	if ok, err := f.Check(t.Context(), core.Asker{}, read, "secret"); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
	if got := f.Get(u.ID).HashedPassword; got != "$new$another" {
		t.Errorf("the stored hash is %q: the new password was overwritten", string(got))
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if hash, err := f.Hash(t.Context(), core.Asker{}, "secret"); hash != "$new$secret" || err != nil {
		t.Errorf("got %q, %v", string(hash), err)
	}
	var refusal *core.Error
	if _, err := f.Hash(t.Context(), core.Asker{}, "unhashable"); !errors.As(err, &refusal) || refusal.Status != 400 ||
		refusal.ReasonCode != "PASSWORD_INVALID" {
		t.Errorf("got %v, want a refusal with a reason", err)
	}
}

// Whoever gave up waiting gets a 503, and no hash is computed for them.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	running, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- f.Passwords.Governor.Do(t.Context(), core.Asker{}, func() { close(running); <-release })
	}()
	<-running
	if _, err := f.Hash(ctx, core.Asker{}, "secret"); !errors.Is(err, core.Unavailable(nil)) {
		t.Errorf("Hash: got %v, want a 503", err)
	}
	if ok, err := f.Check(ctx, core.Asker{}, nil, "secret"); ok || !errors.Is(err, core.Unavailable(nil)) ||
		f.verified != 0 {
		t.Errorf("Check: got %v, %v after %d hashes; want a 503 after none", ok, err, f.verified)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// One password, as different keyboards send it: composed or not, with another
// space.
const composed, decomposed = "caf\u00e9 au lait", "cafe\u0301\u00a0au lait"

func TestFieldF7FormsOfAPassword(t *testing.T) {
	t.Parallel()
	for stored, raw := range map[string]bool{composed: false, decomposed: false, "imported " + decomposed: true} {
		f := newFixture(t)
		u := f.Add("ada@example.org", "unknown")
		hash, err := f.Hash(t.Context(), core.Asker{}, stored)
		if raw {
			hash, err = servicetest.Hasher("$old$").Hash(decomposed)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Set(u.ID, func(u *servicetest.Account) { u.HashedPassword = hash })
		for typed, want := range map[string]bool{
			composed: !raw, decomposed: true, "cafe au lait": false, "Caf\u00e9 au lait": false,
		} {
			f.verified = 0
			ok, err := f.Check(t.Context(), core.Asker{}, f.Get(u.ID), typed)
			if ok != want || err != nil {
				t.Errorf("%q is stored: %q is right: %t, %v", stored, typed, ok, err)
			}
			f.verified = 0
			_, _ = f.Check(t.Context(), core.Asker{}, f.Get(u.ID), typed+" ")
			known := f.verified
			f.verified = 0
			_, _ = f.Check(t.Context(), core.Asker{}, nil, typed+" ")
			if f.verified != known {
				t.Errorf("%q: nobody costs %d hashes, a wrong password %d", typed, f.verified, known)
			}
			f.Set(u.ID, func(u *servicetest.Account) { u.HashedPassword = hash }) // which a login may have replaced
		}
	}
}

// What OpaqueString refuses cannot be set, and may have been imported.
func TestFieldF7PasswordsWithControlCharacters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.Add("ada@example.org", "a\tb\u0000c")
	for _, password := range []string{"a\tb long enough", "zero\u0000 long enough", "\u200b\u0007 long enough"} {
		_, err := f.Hash(t.Context(), core.Asker{}, password)
		var refusal *core.Error
		if !errors.As(err, &refusal) || refusal.ReasonCode != "PASSWORD_INVALID" {
			t.Errorf("%q: Hash returned %v", password, err)
		}
		err = f.CheckPolicy(t.Context(), password, u)
		if !errors.As(err, &refusal) || refusal.ReasonCode != "PASSWORD_INVALID" {
			t.Errorf("%q: the policy returned %v", password, err)
		}
	}
	if ok, err := f.Check(t.Context(), core.Asker{}, u, "a\tb\u0000c"); !ok || err != nil {
		t.Errorf("an imported one is right: %t, %v", ok, err)
	}
}

// Over a table that another program reads, a password is what was typed.
func TestFieldF7RawPasswords(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	parts := f.Parts
	parts.Raw = true
	p, err := passwords.New(parts)
	if err != nil {
		t.Fatal(err)
	}
	u := f.Add("ada@example.org", "unknown")
	hash, err := p.Hash(t.Context(), core.Asker{}, decomposed)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := servicetest.Hasher("$new$").Verify(hash, decomposed); !ok || err != nil {
		t.Errorf("the typed bytes were not hashed: %v", err)
	}
	f.Set(u.ID, func(u *servicetest.Account) { u.HashedPassword = hash })
	for typed, want := range map[string]bool{decomposed: true, composed: false} {
		if ok, err := p.Check(t.Context(), core.Asker{}, f.Get(u.ID), typed); ok != want || err != nil {
			t.Errorf("%q is right: %t, %v", typed, ok, err)
		}
	}
	if f.Get(u.ID).HashedPassword != hash {
		t.Error("a hash was replaced because of its form")
	}
}
