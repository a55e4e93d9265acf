package mongostore

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// rotationRow is a core.Rotation in its session's document, which has none
// before the first.
type rotationRow struct {
	Secret   []byte `bson:"secret"`
	Replaced []byte `bson:"replaced"`
	Sealed   []byte `bson:"sealed"`
	At       int64  `bson:"at"`
}

// Rotate replaces the secret of a live session; see core.Rotator.
func (t *Sessions) Rotate(ctx context.Context, d [32]byte, turn core.Turn) (core.Rotation, error) {
	next := turn.Next
	present := bson.D{{Key: "rotation", Value: bson.D{{Key: "$exists", Value: false}}}}
	if turn.From != ([32]byte{}) {
		present = bson.D{{Key: "rotation.secret", Value: turn.From[:]},
			{Key: "rotation.at", Value: bson.D{{Key: "$lte", Value: micros(turn.Before)}}}}
	}
	err := t.c.update(ctx, "rotate a session", t.living(d, present...), bson.D{{Key: "$set", Value: bson.D{
		{Key: "rotation", Value: rotationRow{next.Secret[:], next.Replaced[:], next.Sealed[:], micros(next.At)}},
		{Key: "last_seen", Value: micros(turn.Seen)}, {Key: "expires", Value: micros(turn.Expires)}, {Key: "expires_at", Value: turn.Expires},
	}}})
	if err == nil {
		return next, nil
	}
	if !errors.Is(err, core.ErrNotFound) {
		return core.Rotation{}, err
	}
	var document bson.Raw
	err = t.c.get(ctx, "find a rotation", t.living(d), &document,
		options.FindOne().SetProjection(bson.D{{Key: "rotation", Value: 1}}))
	if err != nil {
		return core.Rotation{}, err
	}
	r, err := readRotation(document)
	if err != nil {
		return core.Rotation{}, t.discard(ctx, document)
	}
	return r, nil
}

// readRotation returns the rotation of a session's document. An error means
// that no release wrote it like that.
func readRotation(document bson.Raw) (r core.Rotation, err error) {
	var row struct {
		Rotation *rotationRow `bson:"rotation"`
	}
	if err := bson.Unmarshal(document, &row); err != nil || row.Rotation == nil {
		return r, err
	}
	digests := [][]byte{row.Rotation.Secret, row.Rotation.Replaced, row.Rotation.Sealed}
	for i, to := range []*[32]byte{&r.Secret, &r.Replaced, &r.Sealed} {
		if len(digests[i]) != len(to) {
			return core.Rotation{}, errors.New("a digest of another length")
		}
		copy(to[:], digests[i])
	}
	r.At = fromMicros(row.Rotation.At)
	return r, nil
}
