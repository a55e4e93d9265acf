package scrypt_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/scrypt"
)

// Made by other software. Those of better-auth are what its hashPassword makes
// of a salt.
const (
	betterAuth = "6b7a3f0c9d2e418596a0b1c2d3e4f506:3cf8b28b6ca00b5d97d439f681f19c79938bbe118a6d2b1102ebb6fa83a8c535" +
		"7568f98648e0b2996fe6b85b241a65a6eddb161bfabb1703193cd97a2a1ea129"
	betterAuthLetters = "6b7a3f0c9d2e418596a0b1c2d3e4f506:91a1d90dda47d518bd927dc394f80f064ee143a4c2dd5608c3d1ccf0331db356" +
		"93e42262b568367b19ec3b652338d53b2ec1f073660087d63a29d061040ac291"
	django   = "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=="
	django5  = "scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw=="
	werkzeug = "scrypt:32768:8:1$nCxXp8JmZaT3kLq0$aea0d2e42d5f8f8c7c6e7b2a3425093990993e75c5a09d323799235b14e8433a" +
		"458a87a2100ef6bdd143a9940aee5b8af99d3d60ab3b95720241f92de6c93ac8"
	passlib = "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"
)

func newHasher(t testing.TB, o scrypt.Options) *scrypt.Hasher {
	t.Helper()
	h, err := scrypt.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// cheap are the options of the least memory.
var cheap = scrypt.Options{N: 1 << 13, P: 10}

func checkVerify(t *testing.T, h *scrypt.Hasher, encoded core.PasswordHash, password string, want bool) {
	t.Helper()
	if got, err := h.Verify(encoded, password); got != want || err != nil {
		t.Errorf("Verify of %q = %v, %v; want %v", password, got, err, want)
	}
}

func TestHashAndVerify(t *testing.T) {
	h := newHasher(t, cheap)
	for _, password := range []string{"", "with\x00NUL and 密码", strings.Repeat("long", 1000)} {
		encoded, err := h.Hash(password)
		if err != nil || !strings.HasPrefix(string(encoded), "$scrypt$ln=13,r=8,p=10$") {
			t.Fatalf("Hash = %s, %v", string(encoded), err)
		}
		checkVerify(t, h, encoded, password, true)
		checkVerify(t, h, encoded, password+"x", false)
		if h.Outdated(encoded) || !h.Knows(encoded) || h.CheckHash(encoded) != nil {
			t.Errorf("Outdated %v, Knows %v, %v", h.Outdated(encoded), h.Knows(encoded), h.CheckHash(encoded))
		}
	}
	one, _ := h.Hash("same")
	if two, _ := h.Hash("same"); one == two {
		t.Error("two hashes have one salt")
	}
	if encoded, err := newHasher(t, scrypt.Options{}).Hash("x"); err != nil ||
		!strings.HasPrefix(string(encoded), "$scrypt$ln=17,r=8,p=1$") {
		t.Errorf("by default %s, %v", string(encoded), err)
	}
}

func TestImported(t *testing.T) {
	h := newHasher(t, cheap)
	for name, c := range map[string]struct{ hash, password string }{
		"RFC 7914, the second vector": {"$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA", "password"},
		"RFC 7914, the third vector":  {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw", "pleaseletmein"},
		"passlib's documentation":     {passlib, "password"},
		"better-auth":                 {betterAuth, "correct horse battery"},
		"better-auth, NFKC":           {betterAuthLetters, "ﬁancé Ⅳ ①"},
		"better-auth, normalised":     {betterAuthLetters, "fiancé IV 1"},
		"Django's own test":           {django, "lètmein"},
		"Django 5.1's own test":       {django5, "lètmein"},
		"Werkzeug":                    {werkzeug, "correct horse"},
	} {
		t.Run(name, func(t *testing.T) {
			hash := core.PasswordHash(c.hash)
			checkVerify(t, h, hash, c.password, true)
			checkVerify(t, h, hash, c.password+" ", false)
			if !h.Knows(hash) || h.CheckHash(hash) != nil {
				t.Errorf("Knows %v, CheckHash %v", h.Knows(hash), h.CheckHash(hash))
			}
		})
	}
	// Only better-auth normalises.
	checkVerify(t, h, passlib, "ｐassword", false)
}

func TestOutdated(t *testing.T) {
	h := newHasher(t, scrypt.Options{N: 1 << 16, P: 2})
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		name, hash string
		want       bool
	}{
		{"same", "$scrypt$ln=16,r=8,p=2$" + salt + "$" + key, false},
		{"the same work", "$scrypt$ln=17,r=8,p=1$" + salt + "$" + key, false},
		{"more work", "$scrypt$ln=17,r=8,p=2$" + salt + "$" + key, false},
		{"fewer rounds", "$scrypt$ln=16,r=8,p=1$" + salt + "$" + key, true},
		{"below the floor, though as much work", "$scrypt$ln=10,r=8,p=512$" + salt + "$" + key, true},
		{"a short salt", "$scrypt$ln=16,r=8,p=2$AAAAAAAAAAA$" + key, true},
		{"a short key", "$scrypt$ln=16,r=8,p=2$" + salt + "$" + salt, true},
		{"better-auth's", betterAuth, true},
		{"malformed", "$scrypt$", true},
		{"another family", "$2b$12$", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := h.Outdated(core.PasswordHash(c.hash)); got != c.want {
				t.Errorf("Outdated = %v, want %v", got, c.want)
			}
		})
	}
}

func TestBadHashes(t *testing.T) {
	h := newHasher(t, cheap)
	edit := func(good, old, new string) string {
		edited := strings.Replace(good, old, new, 1)
		if edited == good {
			t.Fatalf("%q is not in the hash", old)
		}
		return edited
	}
	zeros := func(bytes int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, bytes)) }
	for name, bad := range map[string]string{
		"G08 N of 2^63":           edit(passlib, "ln=16", "ln=63"),
		"G08 N of 2^22":           edit(passlib, "ln=16", "ln=22"),
		"G08 512 MiB":             edit(passlib, "ln=16", "ln=19"),
		"G08 N of 1":              edit(passlib, "ln=16", "ln=0"),
		"G08 ln overflows":        edit(passlib, "ln=16", "ln=272"),
		"G08 r of 2^40":           edit(passlib, "r=8", "r=1099511627776"),
		"G08 r of 0":              edit(passlib, "r=8", "r=0"),
		"G08 r negative":          edit(passlib, "r=8", "r=-8"),
		"G08 p of 10^6":           edit(passlib, "p=1", "p=1000000"),
		"G08 p just beyond":       edit(passlib, "p=1", "p=17"),
		"G08 p of 0":              edit(passlib, "p=1", "p=0"),
		"G08 p overflows":         edit(passlib, "p=1", "p=18446744073709551617"),
		"G08 Django, N of 2^30":   edit(django, "16384", "1073741824"),
		"G08 Django, no power":    edit(django, "16384", "16383"),
		"G08 Werkzeug, p of 10^9": edit(werkzeug, ":8:1$", ":8:1000000000$"),
		"G08 no salt":             edit(passlib, "aM15713r3Xsvxbi31lqr1Q", ""),
		"G08 salt of 65 bytes":    edit(passlib, "aM15713r3Xsvxbi31lqr1Q", zeros(65)),
		"G08 no key":              edit(passlib, "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", ""),
		"G08 key of 15 bytes":     edit(passlib, "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", zeros(15)),
		"G08 key of 65 bytes":     edit(passlib, "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", zeros(65)),
		"G08 1 MB":                passlib + strings.Repeat("A", 1e6),
		"G08 leading zero":        edit(passlib, "p=1", "p=01"),
		"G08 plus sign":           edit(passlib, "p=1", "p=+1"),
		"G08 underscore":          edit(django, "16384", "16_384"),
		"G08 hexadecimal":         edit(django, "$8$1$", "$0x8$1$"),
		"G08 space":               edit(passlib, "r=8", "r= 8"),
		"G08 other order":         edit(passlib, "r=8,p=1", "p=1,r=8"),
		"G08 padding":             passlib + "=",
		"G08 no padding":          strings.TrimSuffix(django, "=="),
		"G08 upper case":          edit(betterAuth, "3cf8", "3CF8"),
		"G08 line break":          edit(passlib, "aM15", "a\nM15"),
		"G08 line break at end":   passlib + "\n",
		"G08 NUL at the end":      passlib + "\x00",
		"G08 one field more":      passlib + "$AAAA",
		"G19 empty":               "",
		"G19 prefix":              "$scrypt$",
		"G19 Django's prefix":     "scrypt$",
		"G19 Werkzeug's prefix":   "scrypt:",
		"G19 last byte cut":       passlib[:len(passlib)-1],
		"G19 last digit cut":      betterAuth[:len(betterAuth)-1],
		"G19 one digit more":      betterAuth + "0",
		"G19 no hex":              "x" + betterAuth[1:],
		"G19 bcrypt":              "$2b$12$U5s.pTE9An1xU7llEpJxLuQnqYXUUL5T0DVitE1xiWNxxQQ/WGvu.",
		"G19 clear text":          "correct horse",
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := h.Verify(core.PasswordHash(bad), "password")
			if ok || err == nil {
				t.Errorf("Verify = %v, %v; want an error", ok, err)
			}
			if h.CheckHash(core.PasswordHash(bad)) == nil || !h.Outdated(core.PasswordHash(bad)) {
				t.Error("CheckHash or Outdated find nothing")
			}
			if took := fastest(func() { _, _ = h.Verify(core.PasswordHash(bad), "x") }); took > time.Millisecond {
				t.Errorf("took %v", took)
			}
			if err != nil && len(bad) > 20 && strings.Contains(err.Error(), bad[10:20]) {
				t.Error("the error repeats the hash")
			}
		})
	}
}

func TestKnows(t *testing.T) {
	h := newHasher(t, cheap)
	for encoded, want := range map[core.PasswordHash]bool{
		"$scrypt$": true, "scrypt$": true, "scrypt:": true, betterAuth: true, "$2b$12$": false, "": false, "scrypt": false,
		"6b7a3f0c:3cf8b28b": false, "$argon2id$": false,
	} {
		if h.Knows(encoded) != want {
			t.Errorf("Knows(%q) is not %v", string(encoded), want)
		}
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name string
		o    scrypt.Options
		good bool
	}{
		{"defaults", scrypt.Options{}, true},
		{"8 MiB, 10", cheap, true},
		{"most", scrypt.Options{N: 1 << 18, P: 4}, true},
		{"larger blocks", scrypt.Options{N: 1 << 17, R: 16}, true},
		{"8 MiB, 9", scrypt.Options{N: 1 << 13, P: 9}, false},
		{"smaller blocks", scrypt.Options{R: 7}, false},
		{"no power of two", scrypt.Options{N: 1<<17 + 1}, false},
		{"too much memory", scrypt.Options{N: 1 << 19}, false},
		{"too much work", scrypt.Options{N: 1 << 18, P: 5}, false},
		{"negative", scrypt.Options{N: -1 << 17}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h, err := scrypt.New(c.o); (err == nil) != c.good || (h != nil) != c.good {
				t.Errorf("New = %v, %v; want success %v", h, err, c.good)
			}
		})
	}
}

func TestRandom(t *testing.T) {
	o := cheap
	o.Random = bytes.NewReader(make([]byte, 16))
	if encoded, err := newHasher(t, o).Hash("x"); err != nil ||
		!strings.Contains(string(encoded), "$AAAAAAAAAAAAAAAAAAAAAA$") {
		t.Errorf("Hash = %s, %v", string(encoded), err)
	}
	o.Random = iotest.ErrReader(errors.New("no entropy"))
	if encoded, err := newHasher(t, o).Hash("x"); err == nil || encoded != "" {
		t.Errorf("Hash without entropy = %s, %v", string(encoded), err)
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
