package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/latchkey-go/latchkey/core"
)

var noOne [32]byte // except: none

// create creates sessions, all with epoch 1.
func create(ctx context.Context, s sessions, userID string, names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, is("Create of "+name, login(ctx, s, name, userID, 1), nil))
	}
	return errors.Join(errs...)
}

// below tries to create a session below the user's floor: the result must be
// ErrInvalid, or a session that Find does not return.
func below(ctx context.Context, s sessions, name, userID string, epoch int64) error {
	err := login(ctx, s, name, userID, epoch)
	if err == nil {
		err = core.ErrInvalid
	}
	return errors.Join(is(fmt.Sprintf("Create with epoch %d", epoch), err, core.ErrInvalid), dead(ctx, s, name))
}

// hasEpoch returns an error unless the session is live and has the epoch.
func hasEpoch(ctx context.Context, s sessions, name string, epoch int64) error {
	found, err := s.Store.Find(ctx, key(name))
	if err != nil {
		return is("Find of "+show(name), err, nil)
	}
	return that(found.Session.Epoch == epoch, "%q has epoch %d, want %d", name, found.Session.Epoch, epoch)
}

var floorCases = []sessionCase{
	{Rule: "S04 DeleteAll deletes every session of the user below the epoch, and nobody else's", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			create(ctx, s, "ann", "one", "two"), create(ctx, s, "bob", "bob's"), create(ctx, s, "ANN", "ANN's"),
			create(ctx, s, "ann ", "ann 's"),
			is("Create", login(ctx, s, "three", "ann", 2), nil), is("Create", login(ctx, s, "new", "ann", 3), nil),
			alive(ctx, s, "one"), alive(ctx, s, "three"), // any cache must drop it
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 3, noOne), nil),
			dead(ctx, s, "one"), dead(ctx, s, "two"), dead(ctx, s, "three"), hasEpoch(ctx, s, "new", 3),
			hasEpoch(ctx, s, "bob's", 1), hasEpoch(ctx, s, "ANN's", 1), hasEpoch(ctx, s, "ann 's", 1),
		)
	}},
	{Rule: "DeleteAll spares the given session, which gets the epoch", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			create(ctx, s, "ann", "kept", "other"), hasEpoch(ctx, s, "kept", 1),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, key("kept")), nil),
			hasEpoch(ctx, s, "kept", 5), dead(ctx, s, "other"),
			is("DeleteAll with the same epoch", s.Store.DeleteAll(ctx, "ann", 5, noOne), nil), hasEpoch(ctx, s, "kept", 5),
			is("Touch", touch(ctx, s, "kept"), nil), hasEpoch(ctx, s, "kept", 5),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 6, noOne), nil), dead(ctx, s, "kept"),
		)
	}},
	{Rule: "DeleteAll does not lower the epoch of a session, not of the spared one either", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			is("Create", login(ctx, s, "one", "ann", 7), nil), is("Create", login(ctx, s, "two", "ann", 7), nil),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, key("one")), nil), hasEpoch(ctx, s, "one", 7),
			hasEpoch(ctx, s, "two", 7),
		)
	}},
	{Rule: "DeleteAll for one user neither spares nor changes another user's session", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			create(ctx, s, "ann", "ann's"), create(ctx, s, "bob", "bob's"),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, key("bob's")), nil),
			dead(ctx, s, "ann's"), hasEpoch(ctx, s, "bob's", 1), is("Create for bob", login(ctx, s, "bob's new", "bob", 1), nil),
			alive(ctx, s, "bob's new"),
		)
	}},
	{Rule: "DeleteAll revives neither an expired nor a deleted session that it must spare", Check: func(ctx context.Context, s sessions) error {
		hour := s.waits()
		err := errors.Join(create(ctx, s, "ann", "expired", "deleted"),
			is("Delete", s.Store.Delete(ctx, key("deleted")), nil))
		s.Advance(hour)
		for i, name := range []string{"expired", "deleted", "unknown"} {
			err = errors.Join(err, is("DeleteAll", s.Store.DeleteAll(ctx, "ann", int64(i)+2, key(name)), nil),
				dead(ctx, s, name))
		}
		return err
	}},
	{Rule: "S07 DeleteAll writes a floor: a later Create below it leaves nothing that Find returns, one at or above it lives", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			is("DeleteAll of a user without sessions", s.Store.DeleteAll(ctx, "ann", 5, noOne), nil),
			below(ctx, s, "old", "ann", 4), below(ctx, s, "ancient", "ann", 0),
			is("Create at the floor", login(ctx, s, "at", "ann", 5), nil), hasEpoch(ctx, s, "at", 5),
			is("Create above the floor", login(ctx, s, "above", "ann", 6), nil), hasEpoch(ctx, s, "above", 6),
			is("Create for bob", login(ctx, s, "bob's", "bob", 0), nil), hasEpoch(ctx, s, "bob's", 0),
		)
	}},
	{Rule: "A floor only rises", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			is("DeleteAll with epoch 5", s.Store.DeleteAll(ctx, "ann", 5, noOne), nil),
			is("Create", login(ctx, s, "new", "ann", 5), nil),
			is("DeleteAll with epoch 3", s.Store.DeleteAll(ctx, "ann", 3, noOne), nil),
			hasEpoch(ctx, s, "new", 5), below(ctx, s, "old", "ann", 4), below(ctx, s, "older", "ann", 3),
		)
	}},
	{Rule: "Floors and epochs are compared as 64 bits", Check: func(ctx context.Context, s sessions) error {
		const epoch = int64(1<<53 + 1) // no float64 has this value
		return errors.Join(
			is("Create", login(ctx, s, "low", "ann", epoch-1), nil), is("Create", login(ctx, s, "high", "ann", epoch), nil),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", epoch, noOne), nil),
			dead(ctx, s, "low"), hasEpoch(ctx, s, "high", epoch), below(ctx, s, "lower", "ann", epoch-1),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", math.MaxInt64, noOne), nil),
			dead(ctx, s, "high"), below(ctx, s, "lowest", "ann", math.MaxInt64-1),
			is("Create", login(ctx, s, "highest", "ann", math.MaxInt64), nil), hasEpoch(ctx, s, "highest", math.MaxInt64),
		)
	}},
	{Rule: "S07 of the Creates that race a DeleteAll none below the floor is left, and all at it live", Check: func(ctx context.Context, s sessions) error {
		return repeat(func(round int) error {
			floor := int64(2*round + 2)
			name := func(i int) string { return fmt.Sprintf("session %d of round %d", i, round) }
			errs := together(crowd, func(i int) error {
				if i == crowd/2 {
					return is("DeleteAll", s.Store.DeleteAll(ctx, "ann", floor, noOne), nil)
				}
				err := login(ctx, s, name(i), "ann", floor-int64(i%2))
				if i%2 == 1 && errors.Is(err, core.ErrInvalid) {
					return nil
				}
				return is("Create", err, nil)
			})
			for i := range crowd {
				switch {
				case i == crowd/2:
				case i%2 == 1:
					errs = append(errs, dead(ctx, s, name(i)))
				default:
					errs = append(errs, hasEpoch(ctx, s, name(i), floor))
				}
			}
			return errors.Join(errs...)
		})
	}},
}
