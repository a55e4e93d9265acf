package mongostore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Sessions is a core.SessionStore, core.SessionLister, core.SessionTrimmer,
// core.Rotator and core.Sweeper. It does not keep core.Session's Extra, whose
// types belong to a strategy.
type Sessions struct {
	s *Store
	c collection
}

var (
	_ core.SessionStore   = (*Sessions)(nil)
	_ core.SessionLister  = (*Sessions)(nil)
	_ core.SessionTrimmer = (*Sessions)(nil)
	_ core.Rotator        = (*Sessions)(nil)
	_ core.Sweeper        = (*Sessions)(nil)
)

// Create stores a session; see core.SessionStore. No order of its steps and
// DeleteAll's leaves a session below the floor: either DeleteAll finds the
// session, or Create finds the floor.
func (t *Sessions) Create(ctx context.Context, d [32]byte, session core.Session) error {
	if err := t.c.claim(ctx, "create a session", d[:], newSessionRow(session)); err != nil {
		return err
	}
	floor, err := t.s.floor(ctx, session.UserID)
	if err == nil && session.Epoch >= floor {
		return nil
	}
	if removed := t.Delete(context.WithoutCancel(ctx), d); removed != nil {
		return removed
	}
	if err == nil {
		err = core.ErrInvalid
	}
	return err
}

// living returns the filter for a session that has not expired.
func (t *Sessions) living(d [32]byte, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: d[:]}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}}},
		more...)
}

// Find returns a live session; see core.SessionStore. Found's User is nil.
func (t *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	var document bson.Raw
	if err := t.c.get(ctx, "find a session", t.living(d), &document); err != nil {
		return core.Found{}, err
	}
	session, err := readSession(document)
	if err != nil {
		return core.Found{}, t.discard(ctx, document)
	}
	return core.Found{Session: session}, nil
}

// Touch moves the expiry of a live session; see core.SessionStore.
func (t *Sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return t.c.update(ctx, "touch a session", t.living(d), bson.D{{Key: "$set", Value: bson.D{
		{Key: "last_seen", Value: micros(seen)}, {Key: "expires", Value: micros(expires)}, {Key: "expires_at", Value: expires},
	}}})
}

// Delete deletes one session; see core.SessionStore.
func (t *Sessions) Delete(ctx context.Context, d [32]byte) error {
	_, err := t.c.clear(ctx, "delete a session", bson.D{{Key: "_id", Value: d[:]}})
	return err
}

// DeleteAll deletes a user's sessions below the epoch and raises the floor; see
// core.SessionStore. It may be interrupted at any step: another call does the
// rest.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	below := bson.D{{Key: "user_id", Value: userID}, {Key: "epoch", Value: bson.D{{Key: "$lt", Value: epoch}}}}
	if except != ([32]byte{}) {
		// The spared session first, so that it is never below the
		// floor.
		err := t.c.update(ctx, "keep a session", t.living(except, below...),
			bson.D{{Key: "$set", Value: bson.D{{Key: "epoch", Value: epoch}}}})
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	// Then the floor: it refuses a session created from now on, and one
	// created before is found below.
	if err := t.s.raiseFloor(ctx, userID, epoch); err != nil {
		return err
	}
	_, err := t.c.clear(ctx, "delete sessions", below)
	return err
}

// listMax is how many sessions List returns at most.
const listMax = 1000

// List returns a user's live sessions, newest first; see core.SessionLister.
func (t *Sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	filter := bson.D{{Key: "user_id", Value: userID}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}}}
	newest := options.Find().SetSort(bson.D{{Key: "created", Value: -1}, {Key: "_id", Value: 1}}).SetLimit(listMax)
	var documents []bson.Raw
	if err := t.c.all(ctx, "list sessions", filter, &documents, newest); err != nil {
		return nil, err
	}
	var all []*core.Session
	for _, document := range documents {
		session, err := readSession(document)
		if err != nil {
			if err := t.discard(ctx, document); !errors.Is(err, core.ErrNotFound) {
				return nil, err
			}
			continue
		}
		all = append(all, session)
	}
	return all, nil
}

// discard deletes a session that cannot be read, and logs that: it counts as
// missing, so that its owner logs in again (S24).
func (t *Sessions) discard(ctx context.Context, document bson.Raw) error {
	id := document.Lookup("_id")
	_, digest, _ := id.BinaryOK()
	t.s.opts.Log.ErrorContext(ctx, "mongostore: a session could not be read and was deleted", "session",
		hex.EncodeToString(digest))
	if _, err := t.c.clear(ctx, "delete a session", bson.D{{Key: "_id", Value: id}}); err != nil {
		return err
	}
	return core.ErrNotFound
}

// trimBatch is how many sessions one command of Trim deletes.
const trimBatch = 1000

// Trim deletes a user's oldest sessions at a backend; see core.SessionTrimmer.
func (t *Sessions) Trim(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (ended [][32]byte, err error) {
	const what = "trim sessions"
	filter := bson.D{
		{Key: "user_id", Value: userID}, {Key: "backend", Value: backend}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}},
	}
	type made struct {
		Digest  []byte        `bson:"_id"`
		Created bson.RawValue `bson:"created"`
	}
	at := func(m made) int64 { // 0 if it cannot be read
		n, _ := m.Created.AsInt64OK()
		return n
	}
	var all []made
	err = t.c.all(ctx, what, filter, &all, options.Find().SetProjection(bson.D{{Key: "created", Value: 1}}))
	if err != nil || len(all) <= keep {
		return nil, err
	}
	rank := func(m made) int {
		if bytes.Equal(m.Digest, named[:]) {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b made) int {
		return cmp.Or(cmp.Compare(at(b), at(a)), rank(a)-rank(b), bytes.Compare(a.Digest, b.Digest))
	})
	for some := range slices.Chunk(all[max(keep, 0):], trimBatch) {
		digests := bson.A{}
		for _, m := range some {
			digests = append(digests, m.Digest)
		}
		if _, err := t.c.clear(ctx, what, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: digests}}}}); err != nil {
			return ended, err
		}
		for _, m := range some {
			var d [32]byte
			copy(d[:], m.Digest)
			ended = append(ended, d)
		}
	}
	return ended, nil
}

// Sweep deletes expired sessions; see core.Sweeper. Floors stay: they must stop
// a late Create.
func (t *Sessions) Sweep(ctx context.Context) (int, error) {
	return t.c.clear(patient(ctx), "sweep sessions",
		bson.D{{Key: "expires", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}})
}
