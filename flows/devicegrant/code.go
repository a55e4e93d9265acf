package devicegrant

import (
	"crypto/rand"
	"io"
	"math/big"
	"strings"
)

// alphabet is that of user codes: consonants, so that there are no words, and
// none that looks like another letter or a digit (RFC 8628, section 6.1).
const alphabet = "BCDFGHJKLMNPQRSTVWXZ"

// codeLen is the length of a user code, in letters: 34 bits.
const codeLen = 8

// maxTyped bounds what is looked at of a typed code, in bytes.
const maxTyped = 100

// newUserCode returns a code as it is compared.
func newUserCode(random io.Reader) (string, error) {
	letters := big.NewInt(int64(len(alphabet)))
	n, err := rand.Int(random, new(big.Int).Exp(letters, big.NewInt(codeLen), nil))
	if err != nil {
		return "", err
	}
	code, digit := make([]byte, codeLen), new(big.Int)
	for i := range code {
		n.DivMod(n, letters, digit)
		code[i] = alphabet[digit.Int64()]
	}
	return string(code), nil
}

// shown returns a code as people see it: four letters, a hyphen, four letters.
func shown(code string) string { return code[:codeLen/2] + "-" + code[codeLen/2:] }

// userCode returns a typed code as it is compared: in capitals, without what
// stands between its letters. It is false for what cannot be one.
func userCode(typed string) (code string, ok bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	code = strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case strings.ContainsRune(" \t-_.‐‑‒–—", c):
			return -1
		}
		return c
	}, typed)
	return code, len(code) == codeLen && strings.Trim(code, alphabet) == ""
}
