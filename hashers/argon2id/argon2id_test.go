package argon2id_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
)

// Made by other software, with other parameters than ours.
const (
	imported         core.PasswordHash = "$argon2id$v=19$m=102400,t=2,p=8$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q"
	importedPassword string            = "on computable numbers"

	// cheap is a hash of "password" from the reference vectors.
	cheap core.PasswordHash = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
)

func newHasher(t testing.TB, o argon2id.Options) *argon2id.Hasher {
	t.Helper()
	h, err := argon2id.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func hash(t testing.TB, h *argon2id.Hasher, password string) core.PasswordHash {
	t.Helper()
	encoded, err := h.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func checkVerify(t *testing.T, h *argon2id.Hasher, encoded core.PasswordHash, password string, want bool) {
	t.Helper()
	if got, err := h.Verify(encoded, password); got != want || err != nil {
		t.Errorf("Verify of %q = %v, %v; want %v", password, got, err, want)
	}
}

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{})
	for _, password := range []string{"", "with\x00NUL and 密码", strings.Repeat("long", 1000)} {
		encoded := hash(t, h, password)
		if !strings.HasPrefix(string(encoded), "$argon2id$v=19$m=19456,t=2,p=1$") || len(encoded) != 97 {
			t.Errorf("hash %s", string(encoded))
		}
		checkVerify(t, h, encoded, password, true)
		if h.Outdated(encoded) || !h.Knows(encoded) {
			t.Errorf("Outdated %v, Knows %v", h.Outdated(encoded), h.Knows(encoded))
		}
	}
	encoded := hash(t, h, "same")
	checkVerify(t, h, encoded, "samf", false)
	if encoded == hash(t, h, "same") {
		t.Error("two hashes have one salt")
	}
}

func TestImported(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{})
	checkVerify(t, h, cheap, "password", true)
	checkVerify(t, h, cheap, "password ", false)
	if !h.Outdated(cheap) || h.Outdated(imported) {
		t.Errorf("cheap is outdated %v, imported %v (finding d2)", h.Outdated(cheap), h.Outdated(imported))
	}
}

func TestFindingD2Outdated(t *testing.T) {
	t.Parallel()
	ours := argon2id.Options{Memory: 9 << 10, Time: 4, Threads: 2}
	h := newHasher(t, ours)
	const salt, tag = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		name string
		hash core.PasswordHash
		want bool
	}{
		{"same", "$argon2id$v=19$m=9216,t=4,p=2$" + salt + "$" + tag, false},
		{"less memory", "$argon2id$v=19$m=9215,t=4,p=2$" + salt + "$" + tag, true},
		{"fewer passes", "$argon2id$v=19$m=9216,t=3,p=2$" + salt + "$" + tag, true},
		{"more memory", "$argon2id$v=19$m=19456,t=4,p=2$" + salt + "$" + tag, false},
		{"more passes", "$argon2id$v=19$m=9216,t=5,p=2$" + salt + "$" + tag, false},
		{"more memory, fewer passes, more work", "$argon2id$v=19$m=47104,t=1,p=2$" + salt + "$" + tag, false},
		{"more memory, fewer passes, the same work", "$argon2id$v=19$m=12288,t=3,p=2$" + salt + "$" + tag, false},
		{"more memory, below the floor", "$argon2id$v=19$m=36865,t=1,p=2$" + salt + "$" + tag, true},
		{"many passes over little memory", "$argon2id$v=19$m=4096,t=64,p=2$" + salt + "$" + tag, true},
		{"fewer threads", "$argon2id$v=19$m=9216,t=4,p=1$" + salt + "$" + tag, false},
		{"more threads", "$argon2id$v=19$m=9216,t=4,p=8$" + salt + "$" + tag, false},
		{"pwdlib's (finding d2)", "$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + tag, false},
		{"a long salt and tag", "$argon2id$v=19$m=9216,t=4,p=2$" + tag + "$" + tag + tag, false},
		{"short salt", "$argon2id$v=19$m=9216,t=4,p=2$AAAAAAAAAAA$" + tag, true},
		{"short tag", "$argon2id$v=19$m=9216,t=4,p=2$" + salt + "$" + salt, true},
		{"malformed", "$argon2id$", true},
		{"another family", "$2b$12$", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := h.Outdated(c.hash); got != c.want {
				t.Errorf("Outdated = %v, want %v", got, c.want)
			}
		})
	}
	if h.Outdated(hash(t, h, "x")) {
		t.Error("its own hash is outdated")
	}
}

func TestBadHashes(t *testing.T) {
	h := newHasher(t, argon2id.Options{})
	const good = string(imported)
	edit := func(old, new string) string {
		edited := strings.Replace(good, old, new, 1)
		if edited == good {
			t.Fatalf("%q is not in the hash", old)
		}
		return edited
	}
	zeros := func(bytes int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, bytes)) }
	for name, bad := range map[string]string{
		"G08 m of 4 GiB":            edit("m=102400", "m=4194304"),
		"G08 m just beyond":         edit("m=102400", "m=262145"),
		"G08 m below 8 p":           edit("m=102400", "m=63"),
		"G08 m of 0":                edit("m=102400", "m=0"),
		"G08 t of 10^6":             edit("t=2", "t=1000000"),
		"G08 t just beyond":         edit("m=102400,t=2", "m=1024,t=65"),
		"G08 t of 0":                edit("t=2", "t=0"),
		"G08 m times t":             edit("t=2", "t=11"),
		"G08 p of 0":                edit("p=8", "p=0"),
		"G08 p overflows":           edit("p=8", "p=264"),
		"G08 m overflows":           edit("m=102400", "m=4295069696"), // 2^32 + 102400
		"G08 m overflows 64 bits":   edit("m=102400", "m=18446744073709653616"),
		"G08 m times t overflows":   edit("m=102400,t=2", "m=262144,t=16384"),
		"G08 no salt":               edit("8BHF94dnJfBlHfd0Z6CElw", ""),
		"G08 salt of 7 bytes":       edit("8BHF94dnJfBlHfd0Z6CElw", zeros(7)),
		"G08 salt of 65 bytes":      edit("8BHF94dnJfBlHfd0Z6CElw", zeros(65)),
		"G08 no tag":                edit("BukZaTcoSYH371ppsk4k0Q", ""),
		"G08 tag of 15 bytes":       edit("BukZaTcoSYH371ppsk4k0Q", zeros(15)),
		"G08 tag of 65 bytes":       edit("BukZaTcoSYH371ppsk4k0Q", zeros(65)),
		"G08 1 MB":                  good + strings.Repeat("A", 1e6),
		"G08 leading zero":          edit("t=2", "t=02"),
		"G08 plus sign":             edit("t=2", "t=+2"),
		"G08 minus sign":            edit("t=2", "t=-2"),
		"G08 underscore":            edit("m=102400", "m=102_400"),
		"G08 hexadecimal":           edit("t=2", "t=0x2"),
		"G08 space":                 edit("t=2", "t= 2"),
		"G08 other order":           edit("m=102400,t=2", "t=2,m=102400"),
		"G08 twice":                 edit("t=2", "t=2,t=2"),
		"G08 key id":                edit("p=8", "p=8,keyid=AAAA"),
		"G08 data":                  edit("p=8", "p=8,data=AAAA"),
		"G08 padding":               good + "==",
		"G08 unused bits":           edit("k4k0Q", "k4k0R"),
		"G08 unused bits of salt":   edit("CElw", "CElx"),
		"G08 URL base64":            edit("8BHF94dn", "8BHF9-dn"),
		"G08 line break":            edit("8BHF", "8B\nHF"),
		"G08 line break at the end": good + "\n",
		"G08 NUL at the end":        good + "\x00",
		"G08 one field more":        good + "$AAAA",
		"G19 empty":                 "",
		"G19 prefix":                "$argon2id$",
		"G19 truncated parameters":  "$argon2id$v=19$m=102400,t=2",
		"G19 truncated salt":        "$argon2id$v=19$m=102400,t=2,p=8$8BHF94dn",
		"G19 truncated tag":         strings.TrimSuffix(good, "TcoSYH371ppsk4k0Q"),
		"G19 last byte cut":         good[:len(good)-1],
		"G19 old version":           edit("v=19", "v=16"),
		"G19 unknown version":       edit("v=19", "v=20"),
		"G19 no version":            edit("v=19$", ""),
		"G19 argon2i":               edit("argon2id", "argon2i"),
		"G19 upper case":            edit("argon2id", "ARGON2ID"),
		"G19 bcrypt":                "$2b$12$U5s.pTE9An1xU7llEpJxLuQnqYXUUL5T0DVitE1xiWNxxQQ/WGvu.",
		"G19 clear text":            importedPassword,
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := h.Verify(core.PasswordHash(bad), importedPassword)
			if ok || err == nil {
				t.Errorf("Verify = %v, %v; want an error", ok, err)
			}
			if took := fastest(func() { _, _ = h.Verify(core.PasswordHash(bad), "x") }); took > time.Millisecond {
				t.Errorf("took %v", took)
			}
			if err != nil && len(bad) > 20 && strings.Contains(err.Error(), bad[10:20]) {
				t.Error("the error repeats the hash")
			}
			if !h.Outdated(core.PasswordHash(bad)) {
				t.Error("not outdated")
			}
		})
	}
	t.Run("G08 twin: imported, other parameters",
		func(t *testing.T) { checkVerify(t, h, imported, importedPassword, true) })
}

func TestBounds(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{})
	for _, parameters := range []string{"m=262144,t=1,p=1", "m=64,t=64,p=8", "m=2040,t=1,p=255", "m=8,t=1,p=1"} {
		encoded := fmt.Sprintf("$argon2id$v=19$%s$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", parameters)
		checkVerify(t, h, core.PasswordHash(encoded), "x", false)
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{})
	for encoded, want := range map[core.PasswordHash]bool{
		imported: true, "$argon2id$": true, "$argon2i$v=19$": false, "$2b$12$": false, "": false, "argon2id": false,
	} {
		if h.Knows(encoded) != want {
			t.Errorf("Knows(%q) is not %v", string(encoded), want)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    argon2id.Options
		good bool
	}{
		{"defaults", argon2id.Options{}, true},
		{"46 MiB, 1", argon2id.Options{Memory: 47104, Time: 1}, true},
		{"7 MiB, 5", argon2id.Options{Memory: 7168, Time: 5}, true},
		{"most", argon2id.Options{Memory: 262144, Time: 4, Threads: 255}, true},
		{"memory alone", argon2id.Options{Memory: 64 << 10}, true},
		{"just below 46 MiB, 1", argon2id.Options{Memory: 47103, Time: 1}, false},
		{"just below 19 MiB, 2", argon2id.Options{Memory: 19455}, false},
		{"time alone, too little", argon2id.Options{Time: 1}, false},
		{"just below 7 MiB", argon2id.Options{Memory: 7167, Time: 60}, false},
		{"too much memory", argon2id.Options{Memory: 262145}, false},
		{"too many passes", argon2id.Options{Time: 65}, false},
		{"too much work", argon2id.Options{Memory: 262144, Time: 5}, false},
		{"too little memory, too many passes", argon2id.Options{Memory: 7167, Time: 65}, false},
		{"product overflows", argon2id.Options{Memory: 1 << 31, Time: 2}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h, err := argon2id.New(c.o); (err == nil) != c.good || (h != nil) != c.good {
				t.Errorf("New = %v, %v; want success %v", h, err, c.good)
			}
		})
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{Random: bytes.NewReader(make([]byte, 16))})
	if encoded := hash(t, h, "x"); !strings.Contains(string(encoded), "$AAAAAAAAAAAAAAAAAAAAAA$") {
		t.Errorf("the salt is not from Random: %s", string(encoded))
	}
	broken := errors.New("broken")
	h = newHasher(t, argon2id.Options{Random: iotest.ErrReader(broken)})
	if encoded, err := h.Hash("x"); encoded != "" || !errors.Is(err, broken) {
		t.Errorf("Hash = %q, %v", string(encoded), err)
	}
}

func FuzzVerify(f *testing.F) {
	h := newHasher(f, argon2id.Options{})
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=64,t=2,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add(string(imported))
	f.Fuzz(func(t *testing.T, encoded string) {
		if expensive(encoded) {
			return // it is the reader of hashes that is fuzzed, not Argon2
		}
		if _, err := h.Verify(core.PasswordHash(encoded), "x"); err == nil && !h.Knows(core.PasswordHash(encoded)) {
			t.Errorf("%q verifies and is not known", encoded)
		}
	})
}

// expensive reports whether a hash has parameters of more than 1 MiB in all its
// passes. Where they are malformed, Verify does no work.
func expensive(encoded string) bool {
	var memory, passes uint64
	_, rest, _ := strings.Cut(encoded, "$m=")
	n, _ := fmt.Sscanf(rest, "%d,t=%d,", &memory, &passes)
	return n == 2 && memory <= 1<<20 && passes <= 64 && memory*passes > 1<<10
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, argon2id.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_, _ = h.Hash("on computable numbers")
	}
}

func BenchmarkVerifyRefused(b *testing.B) {
	h := newHasher(b, argon2id.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_, _ = h.Verify("$argon2id$v=19$m=4194304,t=1,p=1$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q", "x")
	}
}

// fastest is the best of a few runs, so that a busy machine does not count.
func fastest(do func()) time.Duration {
	best := time.Hour
	for range 5 {
		begin := time.Now()
		do()
		best = min(best, time.Since(begin))
	}
	return best
}

func TestCheckHash(t *testing.T) {
	h := newHasher(t, argon2id.Options{})
	if err := h.CheckHash(imported); err != nil {
		t.Error(err)
	}
	for _, bad := range []core.PasswordHash{"", "$argon2id$", "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		if h.CheckHash(bad) == nil {
			t.Errorf("%q is found well formed", string(bad))
		}
	}
}
