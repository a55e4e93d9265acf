package memstore

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// newID returns a random UUID (version 4, RFC 9562) in canonical text. The
// process ends if there is no randomness (crypto/rand).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return dashed(hex.EncodeToString(b[:]))
}

// canonicalID returns the canonical spelling of a UUID that came in another
// letter case or without dashes. It returns any other text unchanged.
func canonicalID(id string) string {
	if isCanonical(id) { // as with every request
		return id
	}
	bare := id
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		bare = strings.ReplaceAll(id, "-", "")
	}
	if _, err := hex.DecodeString(bare); err != nil || len(bare) != 32 {
		return id
	}
	return dashed(strings.ToLower(bare))
}

func isCanonical(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

func dashed(h string) string {
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
