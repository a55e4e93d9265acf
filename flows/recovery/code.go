package recovery

import (
	"encoding/base32"
	"io"
	"strings"
)

// A code is 80 bits in Crockford's base 32, which has no I, L, O and U, in four
// groups of four.
const (
	codeBytes   = 10
	codeLetters = 16
)

var encoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newCode returns the sixteen letters of a code.
func newCode(random io.Reader) (string, error) {
	var b [codeBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return encoding.EncodeToString(b[:]), nil
}

// shown is a code as people write it down.
func shown(code string) string {
	return strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-")
}

// folded are the letters that are read for another one.
var folded = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1")

// typed returns the letters of a code that a person typed; "" for what can be
// none.
func typed(text string) string {
	if len(text) > 64 {
		return ""
	}
	code := folded.Replace(strings.ToUpper(text))
	bits, err := encoding.DecodeString(code)
	if err != nil || len(code) != codeLetters || len(bits) != codeBytes { // the decoder skips line breaks
		return ""
	}
	return code
}
