package core_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestNewSecret(t *testing.T) {
	raw, digest, err := core.NewSecret(bytes.NewReader(bytes.Repeat([]byte{0xfb}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(raw)
	if err != nil || !bytes.Equal(b, bytes.Repeat([]byte{0xfb}, 32)) || len(raw) != core.SecretLen {
		t.Errorf("%q is not the 32 bytes in base64url: %v", raw, err)
	}
	if digest != sha256.Sum256([]byte(raw)) || digest != core.Digest(raw) {
		t.Error("the digest is not the SHA-256 of the text")
	}
	other, _, err := core.NewSecret(rand.Reader)
	if err != nil || other == raw {
		t.Errorf("another secret: %q, %v", other, err)
	}
	if raw, digest, err := core.NewSecret(strings.NewReader("too short")); err == nil || raw != "" ||
		digest != [32]byte{} {
		t.Errorf("without randomness: %q, %v", raw, err)
	}
}
