package mongostore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// revisionName is the field that counts a document's changes. A change is
// stored only if the count is what it was when the document was read, so that
// no change is lost, with or without transactions.
const revisionName = "_revision"

// errOvertaken means that somebody changed the document since it was read.
var errOvertaken = errors.New("mongostore: overtaken")

// pauseMax bounds the time between two attempts.
const pauseMax = 50 * time.Millisecond

// optimistically repeats attempt until nobody else is faster, or ctx is done.
// Each time somebody succeeds, so that it terminates.
func optimistically(ctx context.Context, what string, attempt func() error) error {
	for pause := time.Millisecond; ; pause = min(2*pause, pauseMax) {
		err := attempt()
		if err != errOvertaken { //nolint:errorlint // attempt's own, as it is
			return err
		}
		select {
		case <-ctx.Done():
			return &failure{what, context.Cause(ctx)}
		case <-time.After(rand.N(pause)): //nolint:gosec // nothing secret depends on it
		}
	}
}

// replace stores the changes of a document that was read as doc; the error is
// errOvertaken if it has changed since, or is gone.
func (c collection) replace(ctx context.Context, what string, doc bson.Raw, change bson.D) error {
	// nil also matches a document without the field
	read := bson.D{{Key: "_id", Value: doc.Lookup("_id")}, {Key: revisionName, Value: nil}}
	if revision, err := doc.LookupErr(revisionName); err == nil {
		read[1].Value = revision
	}
	change = append(change, bson.E{Key: "$inc", Value: bson.D{{Key: revisionName, Value: int64(1)}}})
	err := c.update(ctx, what, read, change)
	if errors.Is(err, core.ErrNotFound) {
		return errOvertaken
	}
	return err
}
