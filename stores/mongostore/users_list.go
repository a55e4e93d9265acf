package mongostore

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/userlist"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// pageMax is the most that core.UserStore's List returns at once.
const pageMax = 100

// List returns a page of users; see core.UserStore. The stable order is that of
// the IDs. Each page is read along the index of its order, and its cursor names
// the last user read there, so that pages stay right while users come and go.
// Superusers, and users who are inactive, unverified or suspended, have an
// index of their own; a page of few others among many reads far.
func (us *UserStore[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	place, err := userlist.Read(q)
	if err != nil || !isText(q.Email) {
		return nil, "", err
	}
	parts, err := us.parts(q, place)
	if err != nil {
		return nil, "", err
	}
	limit := min(max(q.Limit, 1), pageMax)
	var docs []bson.Raw
	for _, part := range parts {
		left := limit + 1 - len(docs)
		if left == 0 {
			break
		}
		var more []bson.Raw
		page := options.Find().SetSort(part.sort).SetLimit(int64(left))
		if err := us.s.users.all(ctx, "list users", all(part.filter, filters(q)), &more, page); err != nil {
			return nil, "", err
		}
		docs = append(docs, more...)
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
		next = q.Next(userlist.Write(q.Order(), last, last.ID))
	}
	return users, next, nil
}

// selection is a page, or a part of it: conditions, beside those of the query,
// and an order.
type selection struct {
	filter bson.A
	sort   bson.D
}

// parts are what a page is read by: those who have a value of its order, then
// those who have none.
func (us *UserStore[U]) parts(q core.Query, place userlist.Place) ([]selection, error) {
	direction, after := 1, "$gt"
	if q.Descending {
		direction, after = -1, "$lt"
	}
	beyond := bson.D{}
	if place.ID != "" {
		id, ok := us.s.opts.IDs.parse(place.ID)
		if !ok {
			return nil, core.ErrInvalid
		}
		beyond = bson.D{compare("_id", after, id.value)}
	}
	by := func(fields ...string) (sort bson.D) {
		for _, f := range append(fields, "_id") {
			sort = append(sort, bson.E{Key: f, Value: direction})
		}
		return sort
	}
	if q.Order() == core.SortStable {
		return []selection{{bson.A{beyond}, by()}}, nil
	}
	with, without := selection{sort: by("email_key")}, selection{bson.A{bson.D{{Key: "email_key", Value: nil}}}, by()}
	if q.Order() == core.SortEmail {
		with.filter = emails(q, place, after)
	} else {
		with = selection{dates(q, place, beyond), by("created_at", "created_at"+microsSuffix)}
		without.filter = bson.A{bson.D{compare("created_at", "$in", bson.A{nil, time.Time{}})}}
	}
	switch {
	case q.Email != "":
		return []selection{with}, nil
	case place.Last:
		without.filter = append(without.filter, beyond)
		return []selection{without}, nil
	}
	return []selection{with, without}, nil
}

// emails are the bounds of the EmailKey on a page.
func emails(q core.Query, place userlist.Place, after string) bson.A {
	bounds := bson.A{bson.D{compare("email_key", "$gte", q.Email)}}
	if q.Email != "" {
		bounds = append(bounds, bson.D{compare("email_key", "$lt", q.Email+string(utf8.MaxRune))})
	}
	if !place.First {
		bounds = append(bounds, bson.D{compare("email_key", after, place.Email)})
	}
	return bounds
}

// dates are the bounds of CreatedAt on a page; beyond is what comes after the
// place at the same time.
func dates(q core.Query, place userlist.Place, beyond bson.D) bson.A {
	known := bson.D{compare("created_at", "$gt", time.Time{})}
	if place.First {
		return bson.A{known}
	}
	outside := after("created_at", place.Created)
	if q.Descending {
		outside = before("created_at", place.Created)
	}
	same := at("created_at", place.Created)
	return bson.A{known, bson.D{{Key: "$or", Value: bson.A{outside, append(same, beyond...)}}}}
}

// filters are the conditions of a query.
func filters(q core.Query) (all bson.A) {
	for name, want := range map[string]*bool{
		"is_active": q.Active, "is_verified": q.Verified, "is_superuser": q.Superuser,
	} {
		if want != nil {
			all = append(all, bson.D{{Key: name, Value: *want}})
		}
	}
	if q.Suspended != nil {
		suspended := after("suspended_until", q.Now)
		if !*q.Suspended {
			suspended = bson.D{{Key: "$nor", Value: bson.A{suspended}}}
		}
		all = append(all, suspended)
	}
	if !q.CreatedFrom.IsZero() {
		all = append(all, bson.D{{Key: "$nor", Value: bson.A{before("created_at", q.CreatedFrom)}}},
			bson.D{compare("created_at", "$gte", q.CreatedFrom)}) // which is in whole milliseconds here, and not NULL
	}
	if !q.CreatedBefore.IsZero() {
		all = append(all, before("created_at", q.CreatedBefore), bson.D{compare("created_at", "$gt", time.Time{})})
	}
	return all
}

// A time is stored in milliseconds, and what it has beyond them in a second
// field, which is not there for 0.

func beyondMillis(at time.Time) int { return at.Nanosecond() / 1000 % 1000 }

func after(field string, t time.Time) bson.D {
	return bson.D{{Key: "$or", Value: bson.A{
		bson.D{compare(field, "$gt", t)},
		bson.D{{Key: field, Value: t}, compare(field+microsSuffix, "$gt", beyondMillis(t))},
	}}}
}

func before(field string, t time.Time) bson.D {
	earlier := bson.A{bson.D{compare(field, "$lt", t)}}
	if n := beyondMillis(t); n > 0 {
		earlier = append(earlier,
			bson.D{{Key: field, Value: t}, compare(field+microsSuffix, "$not", bson.D{{Key: "$gte", Value: n}})})
	}
	return bson.D{{Key: "$or", Value: earlier}}
}

func at(field string, t time.Time) bson.D {
	var n any
	if beyondMillis(t) > 0 {
		n = beyondMillis(t)
	}
	return bson.D{{Key: field, Value: t}, {Key: field + microsSuffix, Value: n}}
}

// all is the filter of all conditions.
func all(conditions ...bson.A) bson.D {
	var joined bson.A
	for _, c := range conditions {
		joined = append(joined, c...)
	}
	return bson.D{{Key: "$and", Value: joined}}
}
