package core

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// Query is which users UserStore.List returns.
type Query struct {
	// Email is how their EmailKey begins, byte by byte; "" for all users.
	// With it they come in the order of their EmailKey (of its bytes),
	// without it in an order that never changes.
	Email string
	// Superusers leaves out all but the active superusers.
	Superusers bool
	// Cursor is the next of the page before; "" for the first page. It
	// belongs to the rest of its query but the Limit.
	Cursor string
	// Limit is how many users a page has at most. A store brings it between
	// 1 and 100.
	Limit int
}

// cursorDigestLen is how much of a query's digest its cursors carry. It is no
// secret: it reveals a slip. A place that somebody makes up only says where a
// page begins.
const cursorDigestLen = 8

// Next returns the cursor of the page after this one, whose last user is at
// the given place: a store's own word for it, such as an ID. It is part of a
// URL and not sealed.
func (q Query) Next(last string) string {
	return base64.RawURLEncoding.EncodeToString(append(q.digest(last), last...))
}

// After returns the place that Next made the Cursor of; "" for the first page.
// ErrInvalid if Next did not make it, or made it for another query.
func (q Query) After() (last string, err error) {
	if q.Cursor == "" {
		return "", nil
	}
	// The decoder overlooks line breaks.
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if err != nil || len(b) <= cursorDigestLen || strings.ContainsAny(q.Cursor, "\r\n") {
		return "", ErrInvalid
	}
	if last = string(b[cursorDigestLen:]); string(b[:cursorDigestLen]) != string(q.digest(last)) {
		return "", ErrInvalid
	}
	return last, nil
}

func (q Query) digest(last string) []byte {
	kind := sha256.Sum256(fmt.Appendf(nil, "%t %s", q.Superusers, q.Email))
	sum := sha256.Sum256(append(kind[:], last...))
	return sum[:cursorDigestLen]
}
