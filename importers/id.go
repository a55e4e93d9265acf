package importers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// IDs is how a user's ID comes from the one at the other system. The same
// record always has the same ID, so that a second run finds who has come with
// the first.
type IDs int

const (
	// UUIDs: an ID that is a UUID stays, any other becomes one (version 8,
	// RFC 9562) that is computed from it and Options.Origin.
	UUIDs IDs = iota
	// Kept: as they are, for a store whose IDs are texts, or numbers of a
	// source with numbers.
	Kept
	// ObjectIDs: as with UUIDs, but 24 hexadecimal digits, MongoDB's.
	ObjectIDs
)

// of returns a record's ID in the application. key is the canonical form of its
// address.
func (t IDs) of(r Record, origin, key string) string {
	if r.ID != "" && t == Kept || t == UUIDs && isUUID(r.ID) {
		return r.ID
	}
	if t == ObjectIDs && len(r.ID) == 24 && isHex(r.ID) {
		return r.ID
	}
	who := "id\x00" + r.ID
	if r.ID == "" {
		who = "address\x00" + key
	}
	sum := sha256.Sum256([]byte("latchkey import\x00" + origin + "\x00" + who))
	if t == ObjectIDs {
		return hex.EncodeToString(sum[:12])
	}
	sum[6] = sum[6]&0x0f | 0x80 // version 8
	sum[8] = sum[8]&0x3f | 0x80 // the variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func isUUID(id string) bool {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		id = id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
	}
	return len(id) == 32 && isHex(id)
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }
