package session

import (
	"encoding/hex"
	"strings"
)

// canonical reports whether s, of core.SecretLen characters, is 32 bytes in
// base64url as an encoder writes it (RFC 4648, section 3.5): the last character
// carries four bits, so its two low bits are zero.
func canonical(s string) bool {
	return base64url(s) && strings.IndexByte("AEIMQUYcgkosw048", s[len(s)-1]) >= 0
}

func base64url(s string) bool {
	for i := range len(s) {
		if !letters[s[i]] {
			return false
		}
	}
	return true
}

// letters reports which bytes belong to base64url's alphabet. It is a table
// because every token that reaches the store is checked.
var letters = func() (in [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		in[c] = true
	}
	return in
}()

// parseID turns a Session.ID back into the store's key. ok is false for an ID
// made by another strategy.
func parseID(id string) (d [32]byte, ok bool) {
	if len(id) != hex.EncodedLen(len(d)) {
		return d, false
	}
	_, err := hex.Decode(d[:], []byte(id))
	return d, err == nil
}
