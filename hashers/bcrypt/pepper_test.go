package bcrypt_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/internal/canary"
)

// pepper has 128 characters, as the one that Devise's generator writes.
var pepper = strings.Repeat("9c1f3f6a0e4b7d2581c6a9f0e3d4b7c85a2e1f6d9b0c3a7e4f8d1b6c5a9e2f70", 2)

func peppered(t testing.TB, pepper string) *bcrypt.Hasher {
	t.Helper()
	h, err := bcrypt.New(bcrypt.Options{Cost: 10, Pepper: pepper})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The hashes are what crypt_blowfish, which bcrypt-ruby contains, makes of
// password and pepper.
func TestPepperAsDeviseHasIt(t *testing.T) {
	t.Parallel()
	const salt = "$2a$04$abcdefghijklmnopqrstuu"
	for name, c := range map[string]struct{ password, pepper, hash string }{
		"a pepper that fits":            {"correct horse", "salt-and-pepper", "mDg1Ewpo3NNOMC9YkEMAjdB4s73q5Z2"},
		"G04 Devise's, of which a part": {"correct horse", pepper, "WhPjkNOn6S3se6MIihEaamfvLsahVsC"},
		"G04 a password of 64 bytes":    {strings.Repeat("x", 64), pepper, "s8/06Pe1ftJrdM8IdsdZd.rLDJRPRkO"},
		"G04 one of 71":                 {strings.Repeat("y", 71), pepper, "8IZB2ZNFxKrZjs/Qao0Xr8H9IcNUM0i"},
		"G04 one of 72":                 {strings.Repeat("z", 72), pepper, "7c/9gwyU5n92/NDnt1NVdILq9XYhttG"},
	} {
		t.Run(name, func(t *testing.T) {
			h, hash := peppered(t, c.pepper), core.PasswordHash(salt+c.hash)
			checkVerify(t, h, hash, c.password, true)
			checkVerify(t, h, hash, c.password[1:]+"-", false)
			if len(c.password) < 72 { // else bcrypt reads nothing of the pepper
				checkVerify(t, newHasher(t, 10), hash, c.password, false)
				checkVerify(t, peppered(t, "another"), hash, c.password, false)
			}
		})
	}
	t.Run("one that Devise 4.8.1 has made", func(t *testing.T) {
		const hash = "$2a$10$SVf.AQB4voYUUj4hr.wKA.7anVrFCx1CTtauS4.US1Nv5SpVkdAOa"
		checkVerify(t, peppered(t, pepper), hash, "correct horse", true)
		checkVerify(t, newHasher(t, 10), hash, "correct horse", false)
	})
	t.Run("G04 a password that is longer itself is refused", func(t *testing.T) {
		checkVerify(t, peppered(t, pepper), salt+"7c/9gwyU5n92/NDnt1NVdILq9XYhttG", strings.Repeat("z", 73), false)
	})
	t.Run("a hash without a pepper", func(t *testing.T) {
		checkVerify(t, peppered(t, pepper), cheap, cheapPassword, false)
		checkVerify(t, peppered(t, ""), cheap, cheapPassword, true)
	})
}

func TestPepperedHash(t *testing.T) {
	t.Parallel()
	h := peppered(t, pepper)
	hash, err := h.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	checkVerify(t, h, hash, "correct horse", true)
	checkVerify(t, newHasher(t, 10), hash, "correct horse", false)
	if _, err := h.Hash(strings.Repeat("x", 73)); err == nil {
		t.Error("a password of 73 bytes was hashed")
	}
}

func TestPepperIsRefused(t *testing.T) {
	if _, err := bcrypt.New(bcrypt.Options{Pepper: "before\x00after"}); err == nil {
		t.Error("a pepper with a NUL, of which other programs read a part, is taken")
	}
}

func TestPepperIsNotShown(t *testing.T) {
	h := peppered(t, canary.Secret)
	problems := canary.Value(bcrypt.Options{Pepper: canary.Secret}, canary.Secret)
	problems = append(problems, canary.Value(h, canary.Secret)...)
	for _, problem := range append(problems, canary.Value(*h, canary.Secret)...) {
		t.Error(problem)
	}
}

func TestCheckHash(t *testing.T) {
	h := newHasher(t, 0)
	if err := h.CheckHash(cheap); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "$2b$", strings.Replace(string(imported), "$12$", "$31$", 1)} {
		if h.CheckHash(core.PasswordHash(bad)) == nil {
			t.Errorf("%q is found well formed", bad)
		}
	}
}
