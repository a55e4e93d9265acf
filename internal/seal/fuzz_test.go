package seal_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/seal"
)

// FuzzOpen checks that nothing opens but what was sealed, in its one form and
// for its place.
func FuzzOpen(f *testing.F) {
	ring, err := seal.New(seal.Key{ID: "new", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")},
		seal.Key{ID: "old", Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")})
	if err != nil {
		f.Fatal(err)
	}
	sealed := ring.Seal([]byte("secret"), "place")
	for _, text := range []string{
		sealed, sealed + "\n", sealed + "=", strings.Replace(sealed, "new", "old", 1), sealed[:len(sealed)-1], "new.",
		".", "",
	} {
		f.Add(text, "place", []byte("secret"))
	}
	f.Fuzz(func(t *testing.T, text, place string, plain []byte) {
		if got, err := ring.Open(text, place); err == nil {
			id, encoded, _ := strings.Cut(text, ".")
			raw, _ := base64.RawURLEncoding.DecodeString(encoded)
			if string(got) != "secret" || place != "place" || text != id+"."+base64.RawURLEncoding.EncodeToString(raw) {
				t.Errorf("%q opens at %q: %q", text, place, got)
			}
		}
		own := ring.Seal(plain, place)
		if got, err := ring.Open(own, place); err != nil || string(got) != string(plain) || !ring.Current(own) {
			t.Errorf("%q, sealed for %q, is %q, %v", plain, place, got, err)
		}
		if _, err := ring.Open(own, place+"x"); err == nil {
			t.Errorf("what was sealed for %q opens elsewhere", place)
		}
	})
}
