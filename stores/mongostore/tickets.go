package mongostore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Tickets is a core.TicketStore and a core.Sweeper.
type Tickets struct {
	s *Store
	c collection
}

var (
	_ core.TicketStore = (*Tickets)(nil)
	_ core.Sweeper     = (*Tickets)(nil)
)

// ticketDataMax is the maximum that core.Ticket allows, in bytes.
const ticketDataMax = 8 << 10

// ticketKey is the _id of a ticket.
type ticketKey struct {
	Purpose string `bson:"purpose"`
	Digest  []byte `bson:"digest"`
}

// ticketRow is a stored ticket. Expires is in microseconds (see micros);
// ExpiresAt is for the TTL index.
type ticketRow struct {
	UserID    string    `bson:"user_id"`
	Email     string    `bson:"email"`
	Epoch     int64     `bson:"epoch"`
	Data      []byte    `bson:"data"`
	Expires   int64     `bson:"expires"`
	ExpiresAt time.Time `bson:"expires_at"`
	Used      bool      `bson:"used"`
	Failures  int       `bson:"failures"`
	// Put is the number of a ticket that replaced older ones (see owner),
	// and 0 for any other.
	Put int64 `bson:"put"`
}

// Put stores a ticket; see core.TicketStore.
func (t *Tickets) Put(ctx context.Context, ticket core.Ticket, replace bool) (err error) {
	if len(ticket.Data) > ticketDataMax {
		return errors.New("mongostore: store a ticket: its Data is over 8 KiB")
	}
	row := newTicketRow(ticket)
	if replace {
		if row.Put, err = t.s.nextPut(ctx, ticket.UserID); err != nil {
			return err
		}
	}
	key := ticketKey{ticket.Purpose, ticket.Digest[:]}
	if err := t.store(ctx, key, row); err != nil || !replace {
		return err
	}
	return t.replace(ctx, key, row)
}

// store stores a ticket under a key that no live one has. An expired one under
// the same key counts as none.
func (t *Tickets) store(ctx context.Context, key ticketKey, row ticketRow) error {
	expired := bson.D{{Key: "_id", Value: key}, {Key: "expires", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}}
	if _, err := t.c.clear(ctx, "store a ticket", expired); err != nil {
		return err
	}
	return t.c.claim(ctx, "store a ticket", key, row)
}

// replace deletes the unused tickets of the same purpose and user except for
// the one with the greatest number. Of several that are put at the same time,
// each sees the others or is seen by them, since all are stored before any of
// them looks. Used ones stay, so that a replay can be distinguished from a
// forgery.
func (t *Tickets) replace(ctx context.Context, key ticketKey, row ticketRow) error {
	rivals := func(put bson.D) bson.D {
		return bson.D{{Key: "user_id", Value: row.UserID}, {Key: "_id.purpose", Value: key.Purpose},
			{Key: "used", Value: false}, {Key: "put", Value: put}}
	}
	if _, err := t.c.clear(ctx, "replace tickets", rivals(bson.D{{Key: "$lt", Value: row.Put}})); err != nil {
		return err
	}
	var later ticketRow
	err := t.c.get(ctx, "replace tickets", rivals(bson.D{{Key: "$gt", Value: row.Put}}), &later)
	if err == nil {
		_, err = t.c.clear(ctx, "replace tickets", bson.D{{Key: "_id", Value: key}, {Key: "used", Value: false}})
	} else if errors.Is(err, core.ErrNotFound) {
		err = nil
	}
	return err
}

// living returns the filter for a ticket that has not expired.
func (t *Tickets) living(purpose string, d [32]byte, more ...bson.E) bson.D {
	return append(bson.D{
		{Key: "_id", Value: ticketKey{purpose, d[:]}}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}},
	}, more...)
}

var unused = bson.E{Key: "used", Value: false}

// Find returns a ticket; see core.TicketStore.
func (t *Tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	var row ticketRow
	if err := t.c.get(ctx, "find a ticket", t.living(purpose, d), &row); err != nil {
		return core.Ticket{}, err
	}
	if row.Used {
		return row.ticket(purpose, d), core.ErrUsed
	}
	return row.ticket(purpose, d), nil
}

// Consume uses a ticket up; see core.TicketStore.
func (t *Tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	var row ticketRow
	use := bson.D{{Key: "$set", Value: bson.D{{Key: "used", Value: true}}}}
	err := t.c.change(ctx, "use a ticket", t.living(purpose, d, unused), use, false, &row)
	if errors.Is(err, core.ErrNotFound) {
		return t.found(t.Find(ctx, purpose, d))
	}
	if err != nil {
		return core.Ticket{}, err
	}
	return row.ticket(purpose, d), nil
}

// found returns why a ticket that Find returned could not be changed: it was
// used, has expired or is unknown. If it is none of these, it was stored in
// between, and nobody can know its secret yet.
func (t *Tickets) found(ticket core.Ticket, err error) (core.Ticket, error) {
	if err == nil {
		return core.Ticket{}, core.ErrNotFound
	}
	return ticket, err
}

// Fail counts a failed attempt; see core.TicketStore. In a transaction that has
// written the same ticket it blocks until the server ends that transaction.
func (t *Tickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	ctx = alone(ctx)
	failures := func(operator string) bson.E {
		return bson.E{Key: "failures", Value: bson.D{{Key: operator, Value: max - 1}}}
	}
	count := bson.D{{Key: "$inc", Value: bson.D{{Key: "failures", Value: 1}}}}
	err := t.c.update(ctx, "count a failure", t.living(purpose, d, unused, failures("$lt")), count)
	if errors.Is(err, core.ErrNotFound) {
		err = t.c.remove(ctx, "end a ticket", t.living(purpose, d, unused, failures("$gte")))
	}
	if errors.Is(err, core.ErrNotFound) {
		_, err = t.found(t.Find(ctx, purpose, d))
	}
	return err
}

// Burn marks a digest as used; see core.TicketStore.
func (t *Tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	row := newTicketRow(core.Ticket{Expires: until})
	row.Used = true
	err := t.store(ctx, ticketKey{purpose, d[:]}, row)
	if errors.Is(err, core.ErrTaken) {
		return core.ErrUsed
	}
	return err
}

// Sweep deletes expired tickets; see core.Sweeper.
func (t *Tickets) Sweep(ctx context.Context) (int, error) {
	return t.c.clear(patient(ctx), "sweep tickets",
		bson.D{{Key: "expires", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}})
}

func newTicketRow(t core.Ticket) ticketRow {
	return ticketRow{UserID: t.UserID, Email: t.Email, Epoch: t.Epoch, Data: t.Data, Expires: micros(t.Expires),
		ExpiresAt: t.Expires}
}

func (r ticketRow) ticket(purpose string, d [32]byte) core.Ticket {
	return core.Ticket{
		Digest: d, Purpose: purpose, UserID: r.UserID, Email: r.Email, Epoch: r.Epoch, Data: r.Data,
		Expires: fromMicros(r.Expires),
	}
}
