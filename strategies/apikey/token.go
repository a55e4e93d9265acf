package apikey

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
	"regexp"
	"strings"
)

const (
	// alphabet has the digits of base 62, in the order of ASCII.
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// secretLen and sumLen are the lengths of 256 and of 32 bits in base
	// 62.
	secretLen, sumLen = 43, 6
	// hintLen is how much of a key its owner sees later.
	hintLen = 4
)

// Pattern is a regular expression of a prefix's keys, in the syntax of RE2 and
// of most secret scanners. It matches more: the last six characters of a key
// are the CRC-32 of what is before them, in base 62.
func Pattern(prefix string) string {
	return `\b` + regexp.QuoteMeta(prefix) + `_[0-9A-Za-z]{49}\b`
}

// newToken makes a key. prefix has its "_".
func newToken(random io.Reader, prefix string) (string, error) {
	var secret [32]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", err
	}
	var words [8]uint32 // the most significant first
	for i := range words {
		words[i] = binary.BigEndian.Uint32(secret[4*i:])
	}
	var digits [secretLen]byte
	for i := range digits {
		digits[secretLen-1-i] = alphabet[divide(words[:])]
	}
	token := prefix + string(digits[:])
	sum := checksum(token)
	return token + string(sum[:]), nil
}

// divide divides a number by 62 and returns the remainder.
func divide(words []uint32) (remainder uint32) {
	for i, w := range words {
		words[i], remainder = bits.Div32(remainder, w, uint32(len(alphabet)))
	}
	return remainder
}

// shaped reports whether a token is one that newToken could have made.
func shaped(token, prefix string) bool {
	if len(token) != len(prefix)+secretLen+sumLen || !strings.HasPrefix(token, prefix) {
		return false
	}
	body, given := token[:len(prefix)+secretLen], token[len(prefix)+secretLen:]
	sum := checksum(body)
	return given == string(sum[:]) && isAlphanumeric(body[len(prefix):])
}

// checksum is the CRC-32 (IEEE) of a text in base 62. It is computed here, as
// crc32.ChecksumIEEE would need a copy of the text on the heap.
func checksum(text string) (digits [sumLen]byte) {
	sum := ^uint32(0)
	for i := range len(text) {
		sum = crc32.IEEETable[byte(sum)^text[i]] ^ sum>>8
	}
	sum = ^sum
	for i := range digits {
		digits[sumLen-1-i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return digits
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
