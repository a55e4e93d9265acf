package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// pageMax is the most that core.UserStore's List gives at once.
const pageMax = 100

// List gives users in the order of their IDs; see core.UserStore. A cursor names the last user of its page, so that pages stay right
// while users come and go.
func (us *UserStore[U]) List(ctx context.Context, emailPrefix, cursor string, limit int) (users []*U, next string, err error) {
	ids := us.s.opts.IDs
	after := ids.lowest()
	if cursor != "" {
		id, ok := openCursor(cursor, emailPrefix)
		if _, valid := ids.canonical(id); !ok || !valid {
			return nil, "", core.ErrInvalid
		}
		after = id
	}
	if !storable(emailPrefix) {
		return nil, "", nil
	}
	limit = min(max(limit, 1), pageMax)
	st, args := us.list, []any{ids.arg(after), limit + 1}
	if emailPrefix != "" {
		if err := us.s.adopted.claim(ctx, emailPrefix); err != nil {
			return nil, "", err
		}
		st, args = us.search, []any{ids.arg(after), emailPrefix, emailPrefix + string(utf8.MaxRune), limit + 1}
	}
	err = us.s.each(ctx, st, args, func(scan func(...any) error) error {
		u := new(U)
		users = append(users, u)
		return scan(us.model.cells(reflect.ValueOf(u).Elem(), nil)...)
	})
	if err != nil {
		return nil, "", err
	}
	for _, u := range users {
		us.s.adopted.complete(us.base(u))
	}
	if len(users) > limit {
		users = users[:limit]
		next = newCursor(us.base(users[limit-1]).ID, emailPrefix)
	}
	return users, next, nil
}

// A cursor is an id behind a check of four bytes over it and the list's prefix. The check is not a secret: it tells a cursor of this list
// from a slip. An id that somebody makes up is harmless, as it only says where a page begins.
const checkLen = 4

func newCursor(id, prefix string) string {
	return base64.RawURLEncoding.EncodeToString(append(cursorCheck(id, prefix), id...))
}

func openCursor(cursor, prefix string) (id string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < checkLen {
		return "", false
	}
	id = string(b[checkLen:])
	return id, string(b[:checkLen]) == string(cursorCheck(id, prefix))
}

func cursorCheck(id, prefix string) []byte {
	sum := sha256.Sum256([]byte(id + "\x00" + prefix))
	return sum[:checkLen]
}
