package sqlstore

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// IDType is the type of the users' id column. In Go an id is text, whatever its
// column.
type IDType int

const (
	// UUID: random ones (version 4, RFC 9562) where Latchkey makes them, in
	// lower case with dashes. Any spelling finds a user.
	UUID IDType = iota
	// Text: whatever the application sets, at most 255 bytes; 32 random
	// hexadecimal digits where it sets nothing.
	Text
	// BigInt: numbers from 1, made by the database.
	BigInt
)

// canonical is the one spelling of an id, in which it is stored. It is false
// for what cannot be an id.
func (t IDType) canonical(id string) (string, bool) {
	switch t {
	case UUID:
		return canonicalUUID(id)
	case BigInt:
		n, err := strconv.ParseInt(id, 10, 64)
		return id, err == nil && n > 0 && strconv.FormatInt(n, 10) == id
	default:
		return id, id != "" && len(id) <= 255 && utf8.ValidString(id) && !strings.Contains(id, "\x00")
	}
}

// arg is a canonical id as an argument for a column of the type.
func (t IDType) arg(id string) any {
	if t != BigInt {
		return id
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil // no row has it
	}
	return n
}

func canonicalUUID(id string) (string, bool) {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		id = id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
	}
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 16 {
		return "", false
	}
	return formatUUID([16]byte(b)), true
}

// make returns a new id. BigInt's come from the database.
func (t IDType) make(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", wrap("make an id", err)
	}
	if t == Text {
		return hex.EncodeToString(b[:]), nil
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // the variant of RFC 9562
	return formatUUID(b), nil
}

func formatUUID(b [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
