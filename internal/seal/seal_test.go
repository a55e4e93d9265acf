package seal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/seal"
)

func key(id string) seal.Key {
	return seal.Key{ID: id, Secret: []byte(strings.Repeat(id+" is a secret. ", 4))}
}

func ring(t *testing.T, keys ...seal.Key) *seal.Ring {
	t.Helper()
	r, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOpenGivesBackWhatWasSealedForTheSamePlace(t *testing.T) {
	r := ring(t, key("k1"))
	text := r.Seal([]byte("canary"), "here")
	if got, err := r.Open(text, "here"); err != nil || string(got) != "canary" {
		t.Fatalf("got %q, %v", got, err)
	}
	if strings.Contains(text, "canary") || text == r.Seal([]byte("canary"), "here") {
		t.Error("a sealed text must show nothing, and no two be alike")
	}
	for name, bad := range map[string]struct{ text, context string }{
		"another place": {text, "there"}, "no key": {strings.TrimPrefix(text, "k1."), "here"}, "an unknown key": {"k2" + text[2:], "here"},
		"cut off": {text[:len(text)-4], "here"}, "empty": {"", "here"}, "only a key": {"k1.", "here"}, "no base64": {"k1.!!", "here"},
		"a line break": {text[:9] + "\n" + text[9:], "here"}, "a line break at the end": {text + "\r\n", "here"},
	} {
		if got, err := r.Open(bad.text, bad.context); err == nil || got != nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
	for i := range text {
		changed := []byte(text)
		changed[i] ^= 1
		if got, err := r.Open(string(changed), "here"); err == nil && !bytes.Equal(changed, []byte(text)) {
			t.Errorf("byte %d changed: opened as %q", i, got)
		}
	}
}

func TestKeysAreRotated(t *testing.T) {
	old := ring(t, key("k1")).Seal([]byte("canary"), "here")
	r := ring(t, key("k2"), key("k1"))
	if got, err := r.Open(old, "here"); err != nil || string(got) != "canary" {
		t.Errorf("the old key's text: %q, %v", got, err)
	}
	if fresh := r.Seal([]byte("canary"), "here"); !strings.HasPrefix(fresh, "k2.") {
		t.Errorf("the first key seals, not that of %q", fresh)
	}
	if _, err := ring(t, key("k2")).Open(old, "here"); err == nil {
		t.Error("a key that was taken out must open nothing")
	}
}

func TestNewRefusesBadKeys(t *testing.T) {
	for name, keys := range map[string][]seal.Key{
		"none": nil, "a short secret": {{ID: "k1", Secret: make([]byte, 31)}}, "no ID": {{Secret: make([]byte, 32)}},
		"an ID with a dot": {{ID: "k.1", Secret: make([]byte, 32)}}, "an ID twice": {key("k1"), key("k1")},
	} {
		if _, err := seal.New(keys...); err == nil {
			t.Errorf("%s: New accepted it", name)
		}
	}
}

func Example() {
	r, err := seal.New(seal.Key{ID: "2026", Secret: []byte("32 random bytes, or more of them")})
	if err != nil {
		fmt.Println(err)
		return
	}
	text := r.Seal([]byte("refresh token"), "github|583231|refresh")
	plain, err := r.Open(text, "github|583231|refresh")
	fmt.Println(string(plain), err)
	// Output: refresh token <nil>
}
