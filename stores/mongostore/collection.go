package mongostore

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// collection is a collection as this package uses it: what is acknowledged
// survives a failover, what is read is the primary's latest, and errors are
// core's or say what failed. That is the what argument of its methods.
type collection struct {
	*mongo.Collection
	patience time.Duration
	// keys are the fields of our unique indexes, by their names, where the
	// application may have indexes of its own; else nil.
	keys map[string]string
}

// durable means that a majority of the replica set has the write in its
// journal.
var durable = &writeconcern.WriteConcern{W: "majority", Journal: new(true)}

func open(db *mongo.Database, name string, patience time.Duration) collection {
	return collection{db.Collection(name, options.Collection().
		SetWriteConcern(durable).SetReadConcern(readconcern.Local()).
		SetReadPreference(readpref.Primary()).SetRegistry(registry)), patience, nil}
}

// registry is the driver's, except for text, which the driver would write
// unchecked (see encodeText).
var registry = strictRegistry()

func strictRegistry() *bson.Registry {
	r := bson.NewRegistry()
	r.RegisterKindEncoder(reflect.String, bson.ValueEncoderFunc(encodeText))
	return r
}

// get reads one document into dest; the error is ErrNotFound if there is none.
func (c collection) get(
	ctx context.Context, what string, filter bson.D, dest any, opts ...options.Lister[options.FindOneOptions],
) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	return failed(ctx, what, c.FindOne(ctx, filter, opts...).Decode(dest))
}

// all reads every document into dest, a pointer to a slice.
func (c collection) all(
	ctx context.Context, what string, filter bson.D, dest any, opts ...options.Lister[options.FindOptions],
) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	cursor, err := c.Find(ctx, filter, opts...)
	if err == nil {
		err = cursor.All(ctx, dest)
	}
	return failed(ctx, what, err)
}

// vacant returns ErrTaken if one of the filters finds a document. The unique
// indexes decide between two who insert at the same time; anything visible
// earlier must be found here, since a server's refusal ends a transaction.
func (c collection) vacant(ctx context.Context, what string, filters ...bson.D) error {
	var found bson.Raw
	err := c.get(ctx, what, bson.D{{Key: "$or", Value: filters}}, &found,
		options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	switch {
	case err == nil:
		return core.ErrTaken
	case errors.Is(err, core.ErrNotFound):
		return nil
	}
	return err
}

// insert stores a document; the error is ErrTaken if a unique index has its
// keys.
func (c collection) insert(ctx context.Context, what string, document any) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	_, err := c.InsertOne(ctx, document)
	return c.failed(ctx, what, err)
}

// claim stores a document under an _id that no document has; the error is
// ErrTaken if one does, which does not count as an error on the server.
func (c collection) claim(ctx context.Context, what string, id, document any) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	r, err := c.UpdateOne(ctx, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$setOnInsert", Value: document}},
		options.UpdateOne().SetUpsert(true))
	if err == nil && r.UpsertedCount == 0 {
		return core.ErrTaken
	}
	return failed(ctx, what, err)
}

// update changes the one document that the filter finds; the error is
// ErrNotFound if there is none.
func (c collection) update(ctx context.Context, what string, filter, change bson.D) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	r, err := c.UpdateOne(ctx, filter, change)
	if err == nil && r.MatchedCount == 0 {
		return core.ErrNotFound
	}
	return c.failed(ctx, what, err)
}

// upsert is update, but creates the document if there is none.
func (c collection) upsert(ctx context.Context, what string, filter, change bson.D) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	_, err := c.UpdateOne(ctx, filter, change, options.UpdateOne().SetUpsert(true))
	return failed(ctx, what, err)
}

// change is update, and returns the changed document in the same step; with
// upsert it creates a missing one.
func (c collection) change(ctx context.Context, what string, filter, change bson.D, upsert bool, dest any) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	opts := options.FindOneAndUpdate().SetReturnDocument(options.After).SetUpsert(upsert)
	return failed(ctx, what, c.FindOneAndUpdate(ctx, filter, change, opts).Decode(dest))
}

// remove deletes one document; the error is ErrNotFound if there is none.
func (c collection) remove(ctx context.Context, what string, filter bson.D) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	r, err := c.DeleteOne(ctx, filter)
	if err == nil && r.DeletedCount == 0 {
		return core.ErrNotFound
	}
	return failed(ctx, what, err)
}

// clear deletes every document that the filter finds, and returns their number.
func (c collection) clear(ctx context.Context, what string, filter bson.D) (int, error) {
	ctx, stop := c.bounded(ctx)
	defer stop()
	r, err := c.DeleteMany(ctx, filter)
	if err != nil {
		return 0, failed(ctx, what, err)
	}
	return int(r.DeletedCount), nil
}
