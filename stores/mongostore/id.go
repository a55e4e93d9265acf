package mongostore

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// IDType is the type of the users' _id. In Go an ID is text, whatever its type
// in the database.
type IDType int

const (
	// ObjectID is MongoDB's own type, 24 hexadecimal digits in Go. Any
	// letter case finds a user. It can be guessed, so it must not be used
	// as a secret.
	ObjectID IDType = iota
	// UUID is a binary value of subtype 4, in lower case with dashes in Go.
	// Latchkey makes random ones (version 4, RFC 9562). Any spelling finds
	// a user.
	UUID
	// Text is whatever the application chooses, at most 255 bytes, or 32
	// random hexadecimal digits if it chooses nothing.
	Text
)

// id is an identifier in both of its forms.
type id struct {
	text  string // the canonical spelling in Go
	value any    // the value in the database
}

// parse returns false for what cannot be an ID.
func (t IDType) parse(text string) (id, bool) {
	switch t {
	case ObjectID:
		oid, err := bson.ObjectIDFromHex(text)
		return id{oid.Hex(), oid}, err == nil
	case UUID:
		b, ok := parseUUID(text)
		return id{formatUUID(b), bson.Binary{Subtype: bson.TypeBinaryUUID, Data: b[:]}}, ok
	default:
		return id{text, text}, text != "" && len(text) <= 255 && isText(text) && !strings.Contains(text, "\x00")
	}
}

func parseUUID(text string) (b [16]byte, ok bool) {
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	if len(text) != 32 {
		return b, false
	}
	_, err := hex.Decode(b[:], []byte(text))
	return b, err == nil
}

// format returns the spelling in Go of a value in a document. ok is false for a
// value of another type.
func (t IDType) format(value bson.RawValue) (text string, ok bool) {
	switch t {
	case ObjectID:
		oid, ok := value.ObjectIDOK()
		return oid.Hex(), ok
	case UUID:
		subtype, b, ok := value.BinaryOK()
		if !ok || subtype != bson.TypeBinaryUUID || len(b) != 16 {
			return "", false
		}
		return formatUUID([16]byte(b)), true
	default:
		return value.StringValueOK()
	}
}

// make returns a new ID.
func (t IDType) make(random io.Reader) (string, error) {
	if t == ObjectID {
		return bson.NewObjectID().Hex(), nil
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", &failure{"make an ID", err}
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
