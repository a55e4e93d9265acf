package mongostore

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// owner is what is kept of a user besides their document. It never expires: it
// must stop a late login.
type owner struct {
	// Floor is the epoch below which the user may have no sessions.
	Floor int64 `bson:"floor"`
	// Puts numbers the user's tickets.
	Puts int64 `bson:"puts"`
}

func ownerOf(userID string) bson.D { return bson.D{{Key: "_id", Value: userID}} }

// floor returns the user's current floor. With transactions it also writes: a
// concurrent transaction that raises the floor, and sees nothing newer than its
// beginning, is then either waited for or starts again.
func (s *Store) floor(ctx context.Context, userID string) (int64, error) {
	var o owner
	if !s.opts.Standalone {
		err := s.owners.change(ctx, "find a floor", ownerOf(userID),
			bson.D{{Key: "$inc", Value: bson.D{{Key: "reads", Value: int64(1)}}}}, true, &o)
		return o.Floor, err
	}
	err := s.owners.get(ctx, "find a floor", ownerOf(userID), &o)
	if errors.Is(err, core.ErrNotFound) {
		err = nil
	}
	return o.Floor, err
}

// raiseFloor sets the user's floor, which only rises.
func (s *Store) raiseFloor(ctx context.Context, userID string, floor int64) error {
	return s.owners.upsert(ctx, "raise a floor", ownerOf(userID),
		bson.D{{Key: "$max", Value: bson.D{{Key: "floor", Value: floor}}}})
}

// clearFloor deletes the floor of a deleted user whose ID comes back from a
// backup.
func (s *Store) clearFloor(ctx context.Context, userID string) error {
	_, err := s.owners.clear(ctx, "create a user", ownerOf(userID))
	return err
}

// nextPut numbers a ticket of the user: of two calls the later one returns the
// greater number.
func (s *Store) nextPut(ctx context.Context, userID string) (int64, error) {
	var o owner
	err := s.owners.change(ctx, "number a ticket", ownerOf(userID),
		bson.D{{Key: "$inc", Value: bson.D{{Key: "puts", Value: int64(1)}}}}, true, &o)
	return o.Puts, err
}
