package bcrypt_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
)

// Made by other software.
const (
	imported         core.PasswordHash = "$2b$12$U5s.pTE9An1xU7llEpJxLuQnqYXUUL5T0DVitE1xiWNxxQQ/WGvu."
	importedPassword string            = "analytical engine 1843"

	// cheap is a hash of cost 4, one of pyca's vectors.
	cheap         core.PasswordHash = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
	cheapPassword string            = "Kk4DQuMMfZL9o"
)

func newHasher(t testing.TB, cost int) *bcrypt.Hasher {
	t.Helper()
	h, err := bcrypt.New(bcrypt.Options{Cost: cost})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func checkVerify(t *testing.T, h *bcrypt.Hasher, encoded core.PasswordHash, password string, want bool) {
	t.Helper()
	if got, err := h.Verify(encoded, password); got != want || err != nil {
		t.Errorf("Verify of %d bytes = %v, %v; want %v", len(password), got, err, want)
	}
}

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := newHasher(t, 10)
	encoded, err := h.Hash("correct horse")
	if err != nil || !strings.HasPrefix(string(encoded), "$2a$10$") {
		t.Fatalf("Hash = %s, %v", string(encoded), err)
	}
	checkVerify(t, h, encoded, "correct horse", true)
	checkVerify(t, h, encoded, "correct horsf", false)
	checkVerify(t, h, encoded, "", false)
	if again, _ := h.Hash("correct horse"); again == encoded {
		t.Error("two hashes have one salt")
	}
	if h.Outdated(encoded) || !h.Knows(encoded) {
		t.Errorf("Outdated %v, Knows %v", h.Outdated(encoded), h.Knows(encoded))
	}
}

func TestImported(t *testing.T) {
	t.Parallel()
	h := newHasher(t, 0)
	for _, prefix := range []string{"$2a$", "$2b$", "$2y$"} {
		t.Run(prefix, func(t *testing.T) {
			checkVerify(t, h, core.PasswordHash(prefix)+cheap[len(prefix):], cheapPassword, true)
			encoded := core.PasswordHash(prefix) + imported[len(prefix):]
			if h.Outdated(encoded) || newHasher(t, 10).Outdated(encoded) || !newHasher(t, 13).Outdated(encoded) {
				t.Error("outdated by something else than a lower cost (finding d2)")
			}
		})
	}
	checkVerify(t, h, cheap, cheapPassword+" ", false)
}

func TestRefusedPasswords(t *testing.T) {
	t.Parallel()
	h := newHasher(t, 10)
	longest := strings.Repeat("é", 36) // 72 bytes
	cutAtNUL := "before"
	for _, c := range []struct{ name, password, twin, code string }{
		{"G04 73 bytes", longest + "x", longest, "PASSWORD_TOO_LONG"},
		{"G05 NUL", cutAtNUL + "\x00after", cutAtNUL, "PASSWORD_INVALID"},
		{"G05 NUL alone", "\x00", "", "PASSWORD_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := h.Hash(c.password)
			var refusal *core.Error
			if encoded != "" || !errors.As(err, &refusal) {
				t.Fatalf("Hash = %q, %v; want a *core.Error", string(encoded), err)
			}
			if refusal.ReasonCode != c.code || refusal.Reason == "" || refusal.Status != http.StatusBadRequest {
				t.Errorf("refusal %+v, want %s", refusal, c.code)
			}
			encoded, err = h.Hash(c.twin)
			if err != nil {
				t.Fatal(err)
			}
			checkVerify(t, h, encoded, c.twin, true)
			checkVerify(t, h, encoded, c.password, false)
		})
	}
	t.Run("G05 refused as the empty password would match", func(t *testing.T) {
		encoded, err := h.Hash("")
		if err != nil {
			t.Fatal(err)
		}
		checkVerify(t, h, encoded, "", true)
		checkVerify(t, h, encoded, "\x00", false)
	})
	t.Run("G04 refused after the same work", func(t *testing.T) {
		const least = 10 * time.Millisecond // no machine does the 4096 rounds in less, and a busy one only takes longer
		if took := fastest(func() { _, _ = h.Verify(imported, longest+"x") }); took < least {
			t.Errorf("took %v", took)
		}
	})
}

func TestBadHashes(t *testing.T) {
	h := newHasher(t, 0)
	const good = string(imported)
	for name, bad := range map[string]string{
		"G08 cost of 31":         strings.Replace(good, "$12$", "$31$", 1),
		"G08 cost just beyond":   strings.Replace(good, "$12$", "$16$", 1),
		"G08 cost too low":       strings.Replace(good, "$12$", "$03$", 1),
		"G08 cost of 99":         strings.Replace(good, "$12$", "$99$", 1),
		"G08 plus sign":          strings.Replace(good, "$12$", "$+5$", 1),
		"G08 no number":          strings.Replace(good, "$12$", "$1x$", 1),
		"G08 no number at first": strings.Replace(good, "$12$", "$/2$", 1),
		"G08 no salt":            strings.Replace(good, "U5s.pTE9An1xU7llEpJxLu", "", 1),
		"G08 bad base64 in salt": strings.Replace(good, "U5s.", "U5s+", 1),
		"G08 bad base64 in hash": strings.Replace(good, "/WGvu", "=WGvu", 1),
		"G08 no dollar sign":     strings.Replace(good, "$12$U", "$12/U", 1),
		"G08 line break":         strings.Replace(good, "vu.", "vu\n", 1),
		"G08 NUL":                strings.Replace(good, "vu.", "vu\x00", 1),
		"G08 1 MB":               good + strings.Repeat("A", 1e6),
		"G19 empty":              "",
		"G19 prefix":             "$2b$",
		"G19 truncated":          good[:30],
		"G19 last byte cut":      good[:59],
		"G19 one byte more":      good + "A",
		"G19 unknown version":    strings.Replace(good, "$2b$", "$3b$", 1),
		"G19 the broken 2x":      strings.Replace(good, "$2b$", "$2x$", 1),
		"G19 the first version":  strings.Replace(good, "$2b$", "$2$1", 1),
		"G19 argon2id":           "$argon2id$v=19$m=102400,t=2,p=8$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q",
		"G19 clear text":         importedPassword,
	} {
		t.Run(name, func(t *testing.T) {
			if bad == good {
				t.Fatal("not changed")
			}
			ok, err := h.Verify(core.PasswordHash(bad), importedPassword)
			if ok || err == nil {
				t.Errorf("Verify = %v, %v; want an error", ok, err)
			}
			if took := fastest(func() { _, _ = h.Verify(core.PasswordHash(bad), "x") }); took > time.Millisecond {
				t.Errorf("took %v", took)
			}
			if !h.Outdated(core.PasswordHash(bad)) {
				t.Error("not outdated")
			}
		})
	}
	t.Run("G19 twin", func(t *testing.T) { checkVerify(t, h, imported, importedPassword, true) })
}

func TestKnows(t *testing.T) {
	t.Parallel()
	h := newHasher(t, 0)
	for encoded, want := range map[core.PasswordHash]bool{
		"$2a$": true, "$2b$": true, "$2y$": true, imported: true, "$2x$": false, "$2$": false, "": false, "$argon2id$": false,
	} {
		if h.Knows(encoded) != want {
			t.Errorf("Knows(%q) is not %v", string(encoded), want)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for cost, good := range map[int]bool{-1: false, 0: true, 4: false, 9: false, 10: true, 15: true, 16: false,
		31: false} {
		if h, err := bcrypt.New(bcrypt.Options{Cost: cost}); (err == nil) != good || (h != nil) != good {
			t.Errorf("cost %d: %v, %v; want success %v", cost, h, err, good)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, 0)
	for b.Loop() {
		_, _ = h.Hash("analytical engine 1843")
	}
}

// fastest is the best of a few runs, so that a busy machine does not count.
func fastest(do func()) time.Duration {
	best := time.Hour
	for range 2 {
		begin := time.Now()
		do()
		best = min(best, time.Since(begin))
	}
	return best
}
