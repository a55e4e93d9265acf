package weak_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/weak"
)

// What jwt's and oauth's tests try by their constructors is not repeated here.
func TestJudge(t *testing.T) {
	for name, secret := range map[string][]byte{
		"none": nil, "31 bytes": []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPa"), "zeros": make([]byte, 32),
		"a pattern": bytes.Repeat([]byte("a1b2"), 8), "few characters": []byte(strings.Repeat("ab", 8) + "aabbaabbabababab"),
		"a sequence": []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"), "a word": []byte("my-Secret-k4J0vQeXw9mTz2LrB7nYc5Hs"),
	} {
		if weak.Judge(secret) == nil {
			t.Errorf("%s: %q is accepted", name, secret)
		}
	}
	for range 1000 {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		for _, form := range [][]byte{
			secret, []byte(hex.EncodeToString(secret)), []byte(base64.StdEncoding.EncodeToString(secret)),
		} {
			if err := weak.Judge(form); err != nil {
				t.Errorf("%x: %v", form, err)
			}
		}
	}
}
