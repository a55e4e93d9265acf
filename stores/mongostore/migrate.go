package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// ttlSlack is how long, in seconds, MongoDB keeps what has expired. A server's
// clock that is ahead of the application's must not drop a used token that the
// application still considers live.
const ttlSlack = 60 * 60

// Codes of the server's errors.
const (
	namespaceExists = 48
	notImplemented  = 238 // FerretDB's reply to TTL indexes
)

func hasCode(err error, code int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && server.HasErrorCode(code)
}

// Migrate creates the indexes, and with them the collections. Run it at every
// start; it may run on several nodes at once, but not in one of the
// application's transactions. It returns an error if the server has no
// transactions, unless Options.Standalone is set, and if one of the collections
// compares text otherwise than byte by byte. On a server without TTL indexes
// call Sweep from time to time.
func (s *Store) Migrate(ctx context.Context) error {
	if inTransaction(ctx) {
		return errors.New("mongostore: Migrate cannot run inside a transaction")
	}
	ctx = patient(ctx) // creating an index takes time
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if err := s.checkCollations(ctx); err != nil {
		return err
	}
	// It has no index that would create it, and a transaction creates no
	// collections.
	if err := s.owners.create(ctx); err != nil {
		return err
	}
	unique := func() *options.IndexOptionsBuilder { return options.Index().SetUnique(true) }
	for _, i := range []struct {
		c    collection
		name string
		keys bson.D
		opts *options.IndexOptionsBuilder
	}{
		// Sparse, because a user with an empty EmailKey has no such
		// field.
		{s.users, "email_key", ascending("email_key"), unique().SetSparse(true)},
		{s.users, "created", ascending("created_at", "created_at"+microsSuffix, "_id"), options.Index()},
		{s.users, "suspended", ascending("suspended_until"), options.Index().SetSparse(true)},
		{s.accounts.c, "account", ascending("oauth_name", "account_id"), unique()},
		{s.accounts.c, "user", ascending("user_id"), options.Index()},
		{s.credentials.c, "key", ascending("kind", "key"), unique()},
		{s.credentials.c, "place", ascending("user_id", "kind", "place"), unique()},
		{s.sessions.c, "user", ascending("user_id"), options.Index()},
		{s.tickets.c, "user", ascending("user_id"), options.Index()},
	} {
		if err := i.c.index(ctx, i.keys, i.opts.SetName(s.opts.Prefix+i.name)); err != nil {
			return err
		}
	}
	if err := s.indexFew(ctx); err != nil {
		return err
	}
	return s.indexExpiries(ctx)
}

// indexFew creates the indexes of the users of whom there are few among many,
// as a rule, so that a list of them does not read all others.
func (s *Store) indexFew(ctx context.Context) error {
	for _, i := range []struct {
		name, field string
		value       bool
	}{{"superusers", "is_superuser", true}, {"inactive", "is_active", false}, {"unverified", "is_verified", false}} {
		only := bson.D{{Key: i.field, Value: i.value}}
		err := s.users.index(ctx, ascending(i.field, "created_at", "created_at"+microsSuffix, "_id"),
			options.Index().SetName(s.opts.Prefix+i.name).SetPartialFilterExpression(only))
		if err != nil && !hasCode(err, notImplemented) {
			return err
		}
	}
	return nil
}

func ascending(fields ...string) (keys bson.D) {
	for _, f := range fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return keys
}

// indexExpiries creates the indexes for Sweep, and those by which MongoDB
// itself deletes what has expired.
func (s *Store) indexExpiries(ctx context.Context) error {
	for _, i := range []struct {
		c     collection
		field string
	}{{s.sessions.c, "expires"}, {s.tickets.c, "expires"}, {s.credentials.c, "expires"}, {s.limiter.c, "ends"}} {
		if err := i.c.index(ctx, ascending(i.field), options.Index().SetName(s.opts.Prefix+i.field)); err != nil {
			return err
		}
		date := i.field + "_at"
		err := i.c.index(ctx, ascending(date), options.Index().SetName(s.opts.Prefix+date).SetExpireAfterSeconds(ttlSlack))
		if err != nil && !hasCode(err, notImplemented) {
			return err
		}
	}
	return nil
}

func (c collection) create(ctx context.Context) error {
	err := c.Database().CreateCollection(alone(ctx), c.Name())
	if hasCode(err, namespaceExists) {
		return nil
	}
	return failed(ctx, "make the collection "+c.Name(), err)
}

func (c collection) index(ctx context.Context, keys bson.D, opts *options.IndexOptionsBuilder) error {
	_, err := c.Indexes().CreateOne(c.joined(ctx), mongo.IndexModel{Keys: keys, Options: opts})
	if mongo.IsDuplicateKeyError(err) {
		return &failure{"make a unique index of " + c.Name() + ", in which there are duplicates", err}
	}
	return failed(ctx, "make an index of "+c.Name(), err)
}

// checkServer returns an error if transactions are expected and the server has
// none.
func (s *Store) checkServer(ctx context.Context) error {
	if s.opts.Standalone {
		return nil
	}
	var hello struct {
		SetName string `bson:"setName"` // for a member of a replica set
		Msg     string `bson:"msg"`     // isdbgrid: a router of a sharded cluster
	}
	err := s.users.Database().RunCommand(alone(ctx), bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	if err != nil {
		return failed(ctx, "ask the server what it is", err)
	}
	if hello.SetName == "" && hello.Msg != "isdbgrid" {
		return errors.New("mongostore: the server has no transactions: make it a replica set (one member is enough), or set Options.Standalone")
	}
	return nil
}

// checkCollations returns an error for collections that the application has
// created with a collation, which would change our comparisons.
func (s *Store) checkCollations(ctx context.Context) error {
	for _, c := range []collection{
		s.users, s.accounts.c, s.credentials.c, s.owners, s.sessions.c, s.tickets.c, s.limiter.c,
	} {
		specs, err := c.Database().ListCollectionSpecifications(alone(ctx), bson.D{{Key: "name", Value: c.Name()}})
		if err != nil {
			return failed(ctx, "look at the collections", err)
		}
		for _, spec := range specs {
			if _, err := spec.Options.LookupErr("collation"); err == nil {
				return errors.New("mongostore: the collection " + c.Name() + " must not have a collation")
			}
		}
	}
	return nil
}
