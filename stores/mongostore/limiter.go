package mongostore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Limiter is a core.Limiter and a core.Sweeper. A key is stored as its SHA-256,
// as it may contain an email address. It counts outside of any transaction, so
// that events count even if the transaction is rolled back.
type Limiter struct {
	s *Store
	c collection
}

var (
	_ core.Limiter = (*Limiter)(nil)
	_ core.Sweeper = (*Limiter)(nil)
)

// window is a stored count. Ends is in microseconds (see micros); EndsAt is for
// the TTL index.
type window struct {
	Events int       `bson:"events"`
	Ends   int64     `bson:"ends"`
	EndsAt time.Time `bson:"ends_at"`
}

func key(d [32]byte, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: d[:]}}, more...)
}

// Take counts an event; see core.Limiter. Each of its steps is atomic and
// counts at most one event; it starts again if others were faster at every one
// of them.
func (t *Limiter) Take(ctx context.Context, name string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	ctx, d, now := alone(ctx), core.Digest(name), t.s.now()
	running := bson.E{Key: "ends", Value: bson.D{{Key: "$gt", Value: now}}}
	for {
		room := key(d, running, bson.E{Key: "events", Value: bson.D{{Key: "$lt", Value: l.Events}}})
		err := t.c.update(ctx, "count an event", room, bson.D{{Key: "$inc", Value: bson.D{{Key: "events", Value: 1}}}})
		if !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
		if err = t.begin(ctx, d, now, l.Window); !errors.Is(err, core.ErrTaken) {
			return 0, err
		}
		var w window
		err = t.c.get(ctx, "find a limit", key(d, running), &w)
		if err == nil && w.Events >= l.Events {
			return t.wait(ctx, d, now, w.Ends, l.Window)
		}
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
	}
}

// begin counts the first event of a new window; the error is ErrTaken while the
// last one runs.
func (t *Limiter) begin(ctx context.Context, d [32]byte, now int64, length time.Duration) error {
	ends := now + length.Microseconds()
	over := key(d, bson.E{Key: "ends", Value: bson.D{{Key: "$lte", Value: now}}})
	return t.c.upsert(ctx, "begin a limit", over, bson.D{{Key: "$set", Value: window{1, ends, fromMicros(ends)}}})
}

// wait returns how long a full count stays full, at most a window. A count that
// ends later was begun by a clock that was ahead, and is shortened to the
// returned time.
func (t *Limiter) wait(ctx context.Context, d [32]byte, now, ends int64, length time.Duration) (time.Duration, error) {
	latest := now + length.Microseconds()
	if ends <= latest {
		return time.Duration(ends-now) * time.Microsecond, nil
	}
	long := key(d, bson.E{Key: "ends", Value: bson.D{{Key: "$gt", Value: latest}}})
	err := t.c.update(ctx, "shorten a limit", long, bson.D{{Key: "$set", Value: bson.D{
		{Key: "ends", Value: latest}, {Key: "ends_at", Value: fromMicros(latest)},
	}}})
	if errors.Is(err, core.ErrNotFound) {
		err = nil
	}
	return length, err
}

// Give takes an event back; see core.Limiter.
func (t *Limiter) Give(ctx context.Context, name string) error {
	counted := key(core.Digest(name), bson.E{Key: "events", Value: bson.D{{Key: "$gt", Value: 0}}})
	err := t.c.update(alone(ctx), "give an event back", counted,
		bson.D{{Key: "$inc", Value: bson.D{{Key: "events", Value: -1}}}})
	if errors.Is(err, core.ErrNotFound) {
		err = nil
	}
	return err
}

// Forget sets a count to nothing; see core.Limiter.
func (t *Limiter) Forget(ctx context.Context, name string) error {
	_, err := t.c.clear(alone(ctx), "forget a limit", key(core.Digest(name)))
	return err
}

// Sweep deletes counts whose window is over; see core.Sweeper.
func (t *Limiter) Sweep(ctx context.Context) (int, error) {
	return t.c.clear(patient(ctx), "sweep limits", bson.D{{Key: "ends", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}})
}
