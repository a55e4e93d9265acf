package core

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// cursorDigestLen is how much of a query's digest its cursors carry. It is no
// secret: it reveals a slip. A place that somebody makes up only says where a
// page begins.
const cursorDigestLen = 8

// cursorAt is the cursor of a place in a list of a kind of query.
func cursorAt(kind [32]byte, place string) string {
	return base64.RawURLEncoding.EncodeToString(append(cursorDigest(kind, place), place...))
}

// placeOf returns the place that cursorAt made a cursor of, "" for "".
// ErrInvalid if it did not make it, or made it for another kind of query.
func placeOf(cursor string, kind [32]byte) (place string, err error) {
	if cursor == "" {
		return "", nil
	}
	// The decoder overlooks line breaks.
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) <= cursorDigestLen || strings.ContainsAny(cursor, "\r\n") {
		return "", ErrInvalid
	}
	if place = string(b[cursorDigestLen:]); string(b[:cursorDigestLen]) != string(cursorDigest(kind, place)) {
		return "", ErrInvalid
	}
	return place, nil
}

func cursorDigest(kind [32]byte, place string) []byte {
	sum := sha256.Sum256(append(kind[:], place...))
	return sum[:cursorDigestLen]
}
