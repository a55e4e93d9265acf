package mongostore

import (
	"context"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// pageMax is the most that core.UserStore's List returns at once.
const pageMax = 100

// List returns a page of users; see core.UserStore. Without an Email they come
// in the order of their IDs. Each page is read along one index, and its cursor
// names the last user read there, so that pages stay right while users come and
// go.
func (us *UserStore[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	field, filter, err := us.page(q)
	if err != nil || !isText(q.Email) {
		return nil, "", err
	}
	if q.Superusers {
		filter = append(filter, bson.E{Key: "is_active", Value: true}, bson.E{Key: "is_superuser", Value: true})
	}
	limit := min(max(q.Limit, 1), pageMax)
	var docs []bson.Raw
	page := options.Find().SetSort(bson.D{{Key: field, Value: 1}}).SetLimit(int64(limit) + 1)
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
		last := us.base(users[limit-1])
		next = q.Next(map[string]string{"_id": last.ID, "email_key": last.EmailKey}[field])
	}
	return users, next, nil
}

// page returns the field by which a query is sorted, and where its page begins
// and ends.
func (us *UserStore[U]) page(q core.Query) (field string, filter bson.D, err error) {
	last, err := q.After()
	switch {
	case err != nil:
		return "", nil, err
	case q.Email != "" && last == "":
		return "email_key", between("$gte", q.Email, q), nil
	case q.Email != "":
		return "email_key", between("$gt", last, q), nil
	case last == "":
		return "_id", bson.D{}, nil
	}
	key, ok := us.s.opts.IDs.parse(last)
	if !ok {
		return "", nil, core.ErrInvalid
	}
	return "_id", bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: key.value}}}}, nil
}

func between(operator, begin string, q core.Query) bson.D {
	return bson.D{{Key: "email_key", Value: bson.D{
		{Key: operator, Value: begin}, {Key: "$lt", Value: q.Email + string(utf8.MaxRune)},
	}}}
}
