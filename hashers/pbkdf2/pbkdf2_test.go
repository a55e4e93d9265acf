package pbkdf2_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/pbkdf2"
)

// Made by other software.
const (
	django  = "pbkdf2_sha256$320000$seasalt$Toj2II2rBvFiGQcPmUml1Nlni2UtvyRWwz/jz4q6q/4="
	passlib = "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk"
	aspNet  = "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw=="
	ours    = "$pbkdf2-sha256$i=27500,l=64$AAECAwQFBgcICQoLDA0ODw" +
		"$LE3FqQQQO0zAOjeC9BI0KwdQN7rsewcFyH0bCV6A/TFEOFeg58dU8tNi8wtOez+yH/Ts26MMNiOY6ZUJY1VheA"
	werkzeug = "pbkdf2:sha256:600000$nCxXp8JmZaT3kLq0$6b003dd4150c7fdfc69155fcd2ace9201bab745cbd497fa2bdbc3250c502ef0f"
)

func newHasher(t testing.TB, o pbkdf2.Options) *pbkdf2.Hasher {
	t.Helper()
	h, err := pbkdf2.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func checkVerify(t *testing.T, h *pbkdf2.Hasher, encoded core.PasswordHash, password string, want bool) {
	t.Helper()
	if got, err := h.Verify(encoded, password); got != want || err != nil {
		t.Errorf("Verify of %q = %v, %v; want %v", password, got, err, want)
	}
}

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	for prefix, o := range map[string]pbkdf2.Options{
		"$pbkdf2-sha256$i=600000,l=32$": {}, "$pbkdf2-sha512$i=210000,l=32$": {Digest: pbkdf2.SHA512},
	} {
		h := newHasher(t, o)
		encoded, err := h.Hash("with\x00NUL and 密码")
		if err != nil || !strings.HasPrefix(string(encoded), prefix) {
			t.Fatalf("Hash = %s, %v", string(encoded), err)
		}
		checkVerify(t, h, encoded, "with\x00NUL and 密码", true)
		checkVerify(t, h, encoded, "with", false)
		if h.Outdated(encoded) || !h.Knows(encoded) || h.CheckHash(encoded) != nil {
			t.Errorf("Outdated %v, Knows %v, %v", h.Outdated(encoded), h.Knows(encoded), h.CheckHash(encoded))
		}
		if again, _ := h.Hash("with\x00NUL and 密码"); again == encoded {
			t.Error("two hashes have one salt")
		}
	}
}

func TestImported(t *testing.T) {
	t.Parallel()
	h := newHasher(t, pbkdf2.Options{})
	for name, c := range map[string]struct{ hash, password string }{
		"Django 4.0's own test":          {django, "lètmein"},
		"passlib's documentation":        {passlib, "toomanysecrets"},
		"ASP.NET Core Identity's test":   {aspNet, "my password"},
		"ASP.NET Core Identity, SHA-512": {"AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==", "my password"},
		"ASP.NET Core Identity, 250,000": {"AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=", "my password"},
		"Keycloak, written in our form":  {ours, "keycloak's own"},
		"Keycloak, SHA-512":              {"$pbkdf2-sha512$i=210000,l=64$AAECAwQFBgcICQoLDA0ODw$6mhuVQnhN7MeRLq299v2/CcMzTseFVOsblGKeaBGR6zaRimYAFXMitkg4KNadj6Whr5ekVyWW8QRFcNZVgTfIw", "keycloak's own"},
		"Werkzeug":                       {werkzeug, "correct horse"},
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
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	h := newHasher(t, pbkdf2.Options{Iterations: 700_000})
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		name, hash string
		want       bool
	}{
		{"same", "$pbkdf2-sha256$i=700000,l=32$" + salt + "$" + key, false},
		{"more", "$pbkdf2-sha256$i=700001,l=32$" + salt + "$" + key, false},
		{"fewer", "$pbkdf2-sha256$i=699999,l=32$" + salt + "$" + key, true},
		{"as many of SHA-512", "$pbkdf2-sha512$i=245000,l=32$" + salt + "$" + key, false},
		{"fewer of SHA-512", "$pbkdf2-sha512$i=244999,l=32$" + salt + "$" + key, true},
		{"a short salt", "$pbkdf2-sha256$i=700000,l=32$AAAAAAAAAAA$" + key, true},
		{"a short key", "$pbkdf2-sha256$i=700000,l=16$" + salt + "$" + salt, true},
		{"more, with a short salt", "$pbkdf2-sha256$i=800000,l=32$AAAAAAAAAAA$" + key, false},
		{"Django 5.2's", "pbkdf2_sha256$1000000$" + salt + "$" + key + "=", false},
		{"Django 4.0's", django, true},
		{"malformed", "pbkdf2_sha256$", true},
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
	h := newHasher(t, pbkdf2.Options{})
	edit := func(good, old, new string) string {
		edited := strings.Replace(good, old, new, 1)
		if edited == good {
			t.Fatalf("%q is not in the hash", old)
		}
		return edited
	}
	head := func(digest, iterations, salt uint32, rest int) string {
		b := []byte{1}
		for _, n := range []uint32{digest, iterations, salt} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return base64.StdEncoding.EncodeToString(append(b, make([]byte, rest)...))
	}
	for name, bad := range map[string]string{
		"G08 10^9 iterations":          edit(django, "320000", "1000000000"),
		"G08 just beyond":              edit(django, "320000", "5000001"),
		"G08 just beyond, two blocks":  edit(ours, "i=27500", "i=2500001"),
		"G08 overflow":                 edit(django, "320000", "18446744073709871616"),
		"G08 no iterations":            edit(django, "320000", "0"),
		"G08 negative":                 edit(django, "320000", "-320000"),
		"G08 no number":                edit(django, "320000", ""),
		"G08 leading zero":             edit(django, "320000", "0320000"),
		"G08 plus sign":                edit(django, "320000", "+320000"),
		"G08 underscore":               edit(django, "320000", "320_000"),
		"G08 hexadecimal":              edit(django, "320000", "0x4e200"),
		"G08 another length":           edit(ours, "l=64", "l=32"),
		"G08 no length":                edit(ours, ",l=64", ""),
		"G08 no salt":                  edit(django, "seasalt", ""),
		"G08 salt of 65 bytes":         edit(django, "seasalt", strings.Repeat("s", 65)),
		"G08 no key":                   "pbkdf2_sha256$320000$seasalt$",
		"G08 key of 15 bytes":          "pbkdf2_sha256$320000$seasalt$" + strings.Repeat("A", 20),
		"G08 key of 66 bytes":          "pbkdf2_sha256$320000$seasalt$" + strings.Repeat("A", 88),
		"G08 1 MB":                     django + strings.Repeat("A", 1e6),
		"G08 no padding":               strings.TrimSuffix(django, "="),
		"G08 unused bits":              edit(django, "q/4=", "q/5="),
		"G08 passlib's alphabet":       edit(passlib, ".WF/", "+WF/"),
		"G08 line break":               edit(passlib, "N2YM", "N2\nYM"),
		"G08 NUL at the end":           werkzeug + "\x00",
		"G08 one field more":           django + "$A",
		"G08 ASP.NET, 2^32 iterations": head(1, 1<<32-1, 16, 48),
		"G08 ASP.NET, salt beyond":     head(1, 10000, 1<<31, 48),
		"G08 ASP.NET, only salt":       head(1, 10000, 48, 48),
		"G08 ASP.NET, nothing":         head(2, 10000, 0, 0),
		"G19 ASP.NET, SHA-1":           head(0, 10000, 16, 48),
		"G19 ASP.NET, version 2":       "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
		"G19 ASP.NET, last group cut":  aspNet[:len(aspNet)-4],
		"G19 empty":                    "",
		"G19 prefix":                   "$pbkdf2-sha256$",
		"G19 Django's prefix":          "pbkdf2_sha256$",
		"G19 SHA-1":                    "pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=",
		"G19 passlib's SHA-1":          "$pbkdf2$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN0",
		"G19 last byte cut":            passlib[:len(passlib)-1],
		"G19 bcrypt":                   "$2b$12$U5s.pTE9An1xU7llEpJxLuQnqYXUUL5T0DVitE1xiWNxxQQ/WGvu.",
		"G19 clear text":               "toomanysecrets",
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := h.Verify(core.PasswordHash(bad), "lètmein")
			if ok || err == nil {
				t.Errorf("Verify = %v, %v; want an error", ok, err)
			}
			if h.CheckHash(core.PasswordHash(bad)) == nil || !h.Outdated(core.PasswordHash(bad)) {
				t.Error("CheckHash or Outdated find nothing")
			}
			if took := fastest(func() { _, _ = h.Verify(core.PasswordHash(bad), "x") }); took > time.Millisecond {
				t.Errorf("took %v", took)
			}
			if err != nil && len(bad) > 30 && strings.Contains(err.Error(), bad[20:30]) {
				t.Error("the error repeats the hash")
			}
		})
	}
}

func TestKnows(t *testing.T) {
	t.Parallel()
	h := newHasher(t, pbkdf2.Options{})
	for encoded, want := range map[core.PasswordHash]bool{
		"$pbkdf2-sha256$": true, "$pbkdf2-sha512$i=": true, "pbkdf2_sha256$": true, "pbkdf2:sha512:": true, aspNet: true,
		"pbkdf2_sha1$": false, "$2b$12$": false, "": false, "AQAAAA": false, "AQAAAAA": false,
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
		o    pbkdf2.Options
		good bool
	}{
		{"defaults", pbkdf2.Options{}, true},
		{"SHA-512", pbkdf2.Options{Digest: pbkdf2.SHA512}, true},
		{"most", pbkdf2.Options{Iterations: 5_000_000}, true},
		{"too few", pbkdf2.Options{Iterations: 599_999}, false},
		{"too few of SHA-512", pbkdf2.Options{Digest: pbkdf2.SHA512, Iterations: 209_999}, false},
		{"too many", pbkdf2.Options{Iterations: 5_000_001}, false},
		{"negative", pbkdf2.Options{Iterations: -1}, false},
		{"another digest", pbkdf2.Options{Digest: 2}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h, err := pbkdf2.New(c.o); (err == nil) != c.good || (h != nil) != c.good {
				t.Errorf("New = %v, %v; want success %v", h, err, c.good)
			}
		})
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	h := newHasher(t, pbkdf2.Options{Random: bytes.NewReader(make([]byte, 16))})
	if encoded, err := h.Hash("x"); err != nil || !strings.Contains(string(encoded), "$AAAAAAAAAAAAAAAAAAAAAA$") {
		t.Errorf("Hash = %s, %v", string(encoded), err)
	}
	h = newHasher(t, pbkdf2.Options{Random: iotest.ErrReader(errors.New("no entropy"))})
	if encoded, err := h.Hash("x"); err == nil || encoded != "" {
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
