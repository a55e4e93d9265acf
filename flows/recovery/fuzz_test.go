package recovery

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/seal"
)

// FuzzCode checks that what a person types is a code in one way alone.
func FuzzCode(f *testing.F) {
	for _, text := range []string{
		"", "0123-4567-89AB-CDEF", "o1l2 i345 6789 abcd", "0123456789ABCDEF0", "ſ123456789ABCDEF", "\u212a123456789ABCDE",
		strings.Repeat("-", 64), "UUUUUUUUUUUUUUUU", "0123456789ABCDE=", "012345678\n9ABCDEF", "01234567\r9ABCDEF",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code := typed(text)
		if code == "" {
			return
		}
		if len(code) != codeLetters || typed(code) != code || typed(shown(code)) != code ||
			typed(strings.ToLower(code)) != code {
			t.Errorf("%q is the code %q", text, code)
		}
		if bits, err := encoding.DecodeString(code); err != nil || encoding.EncodeToString(bits) != code {
			t.Errorf("%q is the code %q of %x, %v", text, code, bits, err)
		}
	})
}

// FuzzRow checks that a row which was not sealed for its owner has no codes.
func FuzzRow(f *testing.F) {
	ring, err := seal.New(core.VaultKey{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")})
	if err != nil {
		f.Fatal(err)
	}
	flow := Flow{ring: ring}
	for _, owner := range []string{"ada", "eve"} {
		data, err := flow.data(owner, [][32]byte{core.Digest("0123456789ABCDEF")})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	odd, err := json.Marshal(row{Left: 1, Sealed: ring.Seal([]byte("no digest"), place("ada"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(odd)
	for _, text := range []string{"", "null", "{}", `{"left": 9}`, `{"left": "9"}`, `{"s": "test."}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := core.Credential{Owner: "ada", Kind: kind, Key: "ada", Data: data}
		all, err := flow.digests(&c)
		if err != nil {
			return
		}
		var r row
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatalf("%q has %d codes: %v", data, len(all), err)
		}
		if plain, err := ring.Open(r.Sealed, place("ada")); err != nil || len(plain) != 32*len(all) {
			t.Errorf("%q has %d codes: %d bytes, %v", data, len(all), len(plain), err)
		}
	})
}
