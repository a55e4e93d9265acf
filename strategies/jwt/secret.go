package jwt

import (
	"bytes"
	"errors"
	"slices"
)

// minSecret is the size of the hash's output in bytes (RFC 7518, section 3.2).
const minSecret = 32

var (
	errShortSecret = errors.New("jwt: a secret has at least 32 bytes")
	errPattern     = errors.New("jwt: the secret is a pattern")
)

// giveaways are found in secrets that were typed or copied rather than drawn: in lower case.
var giveaways = [][]byte{
	[]byte("secret"), []byte("password"), []byte("changeme"), []byte("change-me"), []byte("change_me"), []byte("example"),
	[]byte("default"), []byte("qwerty"), []byte("12345678"), []byte("abcdefgh"), []byte("latchkey"), []byte("-----begin"),
}

// judgeSecret refuses secrets that chance would not make: 32 random bytes fail it less than once in a million, as text in base64 or hexadecimal too.
func judgeSecret(secret []byte) error {
	lower := bytes.ToLower(secret)
	switch {
	case len(secret) < minSecret:
		return errShortSecret
	case repeats(secret) || distinct(secret) < 8 || counts(secret):
		return errPattern
	case slices.ContainsFunc(giveaways, func(word []byte) bool { return bytes.Contains(lower, word) }):
		return errors.New("jwt: the secret holds a well-known word")
	case published(secret):
		return errPublished
	}
	return nil
}

// repeats tells whether b is the same few bytes over and over, the last time perhaps in part.
func repeats(b []byte) bool {
	for period := 1; period <= len(b)/2; period++ {
		if bytes.Equal(b[period:], b[:len(b)-period]) {
			return true
		}
	}
	return false
}

// counts reports whether each byte is the one before it plus the same step.
func counts(b []byte) bool {
	step := b[1] - b[0]
	for i := 1; i < len(b); i++ {
		if b[i]-b[i-1] != step {
			return false
		}
	}
	return true
}

func distinct(b []byte) int {
	seen := map[byte]bool{}
	for _, c := range b {
		seen[c] = true
	}
	return len(seen)
}
