package mongostore

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// ttlSlack is how long, in seconds, MongoDB keeps what has expired. A server's
// clock that is ahead of the application's must not drop a used token that the
// application still considers live.
const ttlSlack = 60 * 60

// index is an index of a collection.
type index struct {
	c              collection
	name           string
	keys           bson.D
	unique, sparse bool
	ttl            bool   // documents are deleted once the key's date has passed
	only           bson.D // the documents that are in it; nil for all
	optional       bool   // the server may not implement it
}

// indexes are all that Migrate makes, in its order.
func (s *Store) indexes() []index {
	all := []index{
		// Sparse, because a user with an empty EmailKey has no such
		// field.
		{c: s.users, name: "email_key", keys: ascending("email_key"), unique: true, sparse: true},
		{c: s.users, name: "created", keys: ascending("created_at", "created_at"+microsSuffix, "_id")},
		{c: s.users, name: "suspended", keys: ascending("suspended_until"), sparse: true},
		{c: s.accounts.c, name: "account", keys: ascending("oauth_name", "account_id"), unique: true},
		{c: s.accounts.c, name: "user", keys: ascending("user_id")},
		{c: s.credentials.c, name: "key", keys: ascending("kind", "key"), unique: true},
		{c: s.credentials.c, name: "place", keys: ascending("user_id", "kind", "place"), unique: true},
		{c: s.sessions.c, name: "user", keys: ascending("user_id")},
		{c: s.tickets.c, name: "user", keys: ascending("user_id")},
		{c: s.audit.c, name: "subject", keys: ascending("subject", "_id")},
		{c: s.audit.c, name: "action", keys: ascending("action", "_id")},
		{c: s.audit.c, name: "by_user", keys: ascending("by_user", "_id")},
		{c: s.audit.c, name: "by_actor", keys: ascending("by_actor", "_id")},
	}
	if s.named {
		all = append(all, index{c: s.users, name: usernameKey, keys: ascending(usernameKey), unique: true, sparse: true})
	}
	// Of the users of whom there are few among many, as a rule, so that a
	// list of them does not read all others.
	for _, few := range []struct {
		name, field string
		value       bool
	}{{"superusers", "is_superuser", true}, {"inactive", "is_active", false}, {"unverified", "is_verified", false}} {
		all = append(all, index{
			c: s.users, name: few.name, keys: ascending(few.field, "created_at", "created_at"+microsSuffix, "_id"),
			only: bson.D{{Key: few.field, Value: few.value}}, optional: true,
		})
	}
	// For Sweep, and those by which MongoDB itself deletes what has
	// expired.
	for _, expiry := range []struct {
		c     collection
		field string
	}{{s.sessions.c, "expires"}, {s.tickets.c, "expires"}, {s.credentials.c, "expires"}, {s.limiter.c, "ends"}} {
		date := expiry.field + "_at"
		all = append(all, index{c: expiry.c, name: expiry.field, keys: ascending(expiry.field)},
			index{c: expiry.c, name: date, keys: ascending(date), ttl: true, optional: true})
	}
	for i := range all {
		all[i].name = s.opts.Prefix + all[i].name
	}
	return all
}

func ascending(fields ...string) (keys bson.D) {
	for _, f := range fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return keys
}

func (c collection) index(ctx context.Context, i index) error {
	opts := options.Index().SetName(i.name)
	if i.unique {
		opts.SetUnique(true)
	}
	if i.sparse {
		opts.SetSparse(true)
	}
	if i.ttl {
		opts.SetExpireAfterSeconds(ttlSlack)
	}
	if i.only != nil {
		opts.SetPartialFilterExpression(i.only)
	}
	_, err := c.Indexes().CreateOne(c.joined(ctx), mongo.IndexModel{Keys: i.keys, Options: opts})
	if mongo.IsDuplicateKeyError(err) {
		return &failure{"make a unique index of " + c.Name() + ", in which there are duplicates", err}
	}
	return failed(ctx, "make an index of "+c.Name(), err)
}

// indexNames lists the indexes that a collection has.
func (c collection) indexNames(ctx context.Context) (names []string, err error) {
	specs, err := c.Indexes().ListSpecifications(alone(ctx))
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	return names, failed(ctx, "look at the indexes of "+c.Name(), err)
}

// command is what makes the index in mongosh.
func (i index) command() (string, error) {
	opts := bson.D{{Key: "name", Value: i.name}}
	if i.unique {
		opts = append(opts, bson.E{Key: "unique", Value: true})
	}
	if i.sparse {
		opts = append(opts, bson.E{Key: "sparse", Value: true})
	}
	if i.ttl {
		opts = append(opts, bson.E{Key: "expireAfterSeconds", Value: ttlSlack})
	}
	if i.only != nil {
		opts = append(opts, bson.E{Key: "partialFilterExpression", Value: i.only})
	}
	keys, err := bson.MarshalExtJSON(i.keys, false, false)
	if err != nil {
		return "", err
	}
	settings, err := bson.MarshalExtJSON(opts, false, false)
	return fmt.Sprintf("db.getCollection(%q).createIndex(%s, %s)", i.c.Name(), keys, settings), err
}
