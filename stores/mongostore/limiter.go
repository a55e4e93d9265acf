package mongostore

import (
	"context"
	"errors"
	"slices"
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

// slot is the count under one limit: the names of its fields.
type slot struct{ events, ends string }

// slots are a document's. The first belongs to the longest window of its key,
// so that Sweep finds what is over by its end. The field ends_at, for the TTL
// index, is when all windows are over.
var slots = [core.MaxLimits]slot{
	{"events", "ends"}, {"events_2", "ends_2"}, {"events_3", "ends_3"}, {"events_4", "ends_4"},
}

// count is what a slot holds; Ends is in microseconds (see micros).
type count struct{ Events, Ends int64 }

// counts are those of a document, in the order of slots. A field that is not
// there is 0.
type counts [core.MaxLimits]count

func (c *counts) UnmarshalBSON(doc []byte) error {
	for i, s := range slots {
		c[i].Events, _ = bson.Raw(doc).Lookup(s.events).AsInt64OK()
		c[i].Ends, _ = bson.Raw(doc).Lookup(s.ends).AsInt64OK()
	}
	return nil
}

func key(d [32]byte, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: d[:]}}, more...)
}

func compare(field, operator string, value any) bson.E {
	return bson.E{Key: field, Value: bson.D{{Key: operator, Value: value}}}
}

// Allow counts an event; see core.Limiter. Each of its steps is atomic and
// counts at most one event; it starts again if others were faster at every one
// of them.
func (t *Limiter) Allow(ctx context.Context, name string, limits ...core.Limit) (time.Duration, error) {
	limits, err := core.Effective(limits)
	if err != nil || len(limits) == 0 {
		return 0, err
	}
	slices.Reverse(limits) // see slots
	e := event{core.Digest(name), t.s.now(), limits}
	ctx = alone(ctx)
	running := counts{}
	for i := range limits {
		running[i].Ends = e.now + 1
	}
	for {
		filter, change := e.counted(running)
		err := t.c.update(ctx, "count an event", filter, change)
		if !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
		if err = t.c.claim(ctx, "begin a limit", e.digest[:], e.first()); !errors.Is(err, core.ErrTaken) {
			return 0, err
		}
		var found counts
		if err = t.c.get(ctx, "find a limit", key(e.digest), &found); errors.Is(err, core.ErrNotFound) {
			continue
		} else if err != nil {
			return 0, err
		}
		if wait, err := t.wait(ctx, e, found); err != nil || wait > 0 {
			return wait, err
		}
		filter, change = e.counted(found)
		if err = t.c.update(ctx, "begin a window", filter, change); !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
	}
}

// event is one that is to be counted.
type event struct {
	digest [32]byte
	now    int64
	limits []core.Limit // in the order of slots
}

// end is when a window of a limit ends that begins now.
func (e event) end(i int) int64 { return e.now + e.limits[i].Window.Microseconds() }

// first is the document of a key whose first event it is.
func (e event) first() (doc bson.D) {
	for i := range e.limits {
		doc = append(doc, bson.E{Key: slots[i].events, Value: 1}, bson.E{Key: slots[i].ends, Value: e.end(i)})
	}
	return append(doc, bson.E{Key: "ends_at", Value: fromMicros(e.end(0))})
}

// counted returns the filter that finds the document while the same windows run
// as in found, and have room, and the change that counts the event in it.
func (e event) counted(found counts) (filter, change bson.D) {
	filter = key(e.digest)
	var set, increase bson.D
	var latest int64
	for i, l := range e.limits {
		s := slots[i]
		if found[i].Ends > e.now {
			filter = append(filter, compare(s.ends, "$gt", e.now), compare(s.events, "$lt", l.Events))
			increase = append(increase, bson.E{Key: s.events, Value: 1})
			continue
		}
		latest = max(latest, e.end(i))
		filter = append(filter, compare(s.ends, "$not", bson.D{{Key: "$gt", Value: e.now}})) // or it is not there
		set = append(set, bson.E{Key: s.events, Value: 1}, bson.E{Key: s.ends, Value: e.end(i)})
	}
	if increase != nil {
		change = append(change, bson.E{Key: "$inc", Value: increase})
	}
	if set != nil {
		change = append(change, bson.E{Key: "$set", Value: set}, compare("$max", "ends_at", fromMicros(latest)))
	}
	return filter, change
}

// wait returns how long the counts that are full stay full, 0 if none is. A
// window that ends later than one that begins now was begun by a clock that was
// ahead, and is shortened to what is returned.
func (t *Limiter) wait(ctx context.Context, e event, found counts) (longest time.Duration, err error) {
	for i, l := range e.limits {
		if found[i].Events < int64(l.Events) || found[i].Ends <= e.now {
			continue
		}
		wait := time.Duration(found[i].Ends-e.now) * time.Microsecond
		if wait > l.Window {
			wait = l.Window
			err := t.c.update(ctx, "shorten a limit", key(e.digest, compare(slots[i].ends, "$gt", e.end(i))),
				bson.D{{Key: "$set", Value: bson.D{{Key: slots[i].ends, Value: e.end(i)}}}})
			if err != nil && !errors.Is(err, core.ErrNotFound) {
				return 0, err
			}
		}
		longest = max(longest, wait)
	}
	return longest, nil
}

// Refund takes an event back; see core.Limiter.
func (t *Limiter) Refund(ctx context.Context, name string) error {
	ctx, d := alone(ctx), core.Digest(name)
	for {
		var found counts
		err := t.c.get(ctx, "find a limit", key(d), &found)
		if errors.Is(err, core.ErrNotFound) {
			return nil
		}
		counted, less := key(d), bson.D{}
		for i, s := range slots {
			if found[i].Events > 0 {
				counted = append(counted, compare(s.events, "$gt", 0))
				less = append(less, bson.E{Key: s.events, Value: -1})
			}
		}
		if err != nil || len(less) == 0 {
			return err
		}
		err = t.c.update(ctx, "refund an event", counted, bson.D{{Key: "$inc", Value: less}})
		if !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
}

// Reset sets the counts to nothing; see core.Limiter.
func (t *Limiter) Reset(ctx context.Context, name string) error {
	_, err := t.c.clear(alone(ctx), "reset a limit", key(core.Digest(name)))
	return err
}

// Sweep deletes counts whose windows are over; see core.Sweeper.
func (t *Limiter) Sweep(ctx context.Context) (int, error) {
	now := t.s.now()
	over := bson.D{compare(slots[0].ends, "$lte", now)}
	for _, s := range slots[1:] {
		over = append(over, compare(s.ends, "$not", bson.D{{Key: "$gt", Value: now}}))
	}
	return t.c.clear(patient(ctx), "sweep limits", over)
}
