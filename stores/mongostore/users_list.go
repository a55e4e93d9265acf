package mongostore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// pageMax is the most that core.UserStore's List gives at once.
const pageMax = 100

// List gives users in the order of their IDs; see core.UserStore. A cursor names the last user of its page, so that pages stay right
// while users come and go.
func (us *UserStore[U]) List(ctx context.Context, emailPrefix, cursor string, limit int) (users []*U, next string, err error) {
	filter := bson.D{}
	if cursor != "" {
		last, ok := openCursor(cursor, emailPrefix)
		key, valid := us.s.opts.IDs.parse(last)
		if !ok || !valid {
			return nil, "", core.ErrInvalid
		}
		filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: "$gt", Value: key.value}}})
	}
	if !isText(emailPrefix) {
		return nil, "", nil
	}
	if emailPrefix != "" {
		filter = append(filter, bson.E{Key: "email_key", Value: bson.D{
			{Key: "$gte", Value: emailPrefix}, {Key: "$lt", Value: emailPrefix + string(utf8.MaxRune)},
		}})
	}
	limit = min(max(limit, 1), pageMax)
	var docs []bson.Raw
	page := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit) + 1)
	if err := us.s.users.all(ctx, "list users", filter, &docs, page); err != nil {
		return nil, "", err
	}
	for _, doc := range docs[:min(limit, len(docs))] {
		u, err := us.Decode(doc)
		if err != nil {
			return nil, "", err
		}
		users = append(users, u)
	}
	if len(docs) > limit {
		next = newCursor(us.base(users[limit-1]).ID, emailPrefix)
	}
	return users, next, nil
}

// A cursor is an id behind a check of four bytes over it and the list's prefix. The check is not a secret: it tells a cursor of this list
// from a slip. An id that somebody makes up is harmless, as it only says where a page begins.
const checkLen = 4

func newCursor(last, prefix string) string {
	return base64.RawURLEncoding.EncodeToString(append(cursorCheck(last, prefix), last...))
}

func openCursor(cursor, prefix string) (last string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < checkLen {
		return "", false
	}
	last = string(b[checkLen:])
	return last, string(b[:checkLen]) == string(cursorCheck(last, prefix))
}

func cursorCheck(last, prefix string) []byte {
	sum := sha256.Sum256([]byte(last + "\x00" + prefix))
	return sum[:checkLen]
}
