package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Tickets is a core.TicketStore and a core.Sweeper.
type Tickets struct {
	s *Store

	replace, insert, reuse, find, again, consume, count, sweep statement
}

var (
	_ core.TicketStore = (*Tickets)(nil)
	_ core.Sweeper     = (*Tickets)(nil)
)

// ticketDataMax is what core.Ticket allows, in bytes.
const ticketDataMax = 8 << 10

func newTickets(s *Store) *Tickets {
	const find = "SELECT user_id, email, epoch, data, expires, used FROM {tickets} WHERE purpose = ? AND digest = ? AND expires > ?"
	return &Tickets{
		s: s,
		// Used ones stay, so that a replay can be told from a forgery.
		replace: s.statement("replace tickets",
			"DELETE FROM {tickets} WHERE purpose = ? AND user_id = ? AND used = 0 AND digest <> ?"),
		insert: s.statement("store a ticket", `INSERT INTO {tickets} (user_id, email, epoch, data, expires, used, failures, purpose, digest)
			VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)`+s.dialect.skip),
		// An expired row under the same digest is as good as none.
		reuse: s.statement("store a ticket", `UPDATE {tickets} SET user_id = ?, email = ?, epoch = ?, data = ?, expires = ?, used = ?, failures = 0
			WHERE purpose = ? AND digest = ? AND expires <= ?`),
		find:  s.statement("find a ticket", find),
		again: s.statement("find a ticket", find+s.dialect.newest),
		consume: s.statement("use a ticket",
			"UPDATE {tickets} SET used = 1 WHERE purpose = ? AND digest = ? AND expires > ? AND used = 0"),
		// The last failure lets the ticket expire. (MySQL goes from
		// left to right, and on with what it has set.)
		count: s.statement("count a failure", `UPDATE {tickets} SET expires = CASE WHEN failures + 1 >= ? THEN 0 ELSE expires END, failures = failures + 1
			WHERE purpose = ? AND digest = ? AND expires > ? AND used = 0`),
		sweep: s.statement("sweep tickets", s.dialect.sweep("{tickets}", "purpose, digest", "expires", "")),
	}
}

// Put stores a ticket; see core.TicketStore.
func (t *Tickets) Put(ctx context.Context, ticket core.Ticket, replace bool) error {
	if len(ticket.Data) > ticketDataMax {
		return errors.New("sqlstore: store a ticket: its Data is over 8 KiB")
	}
	return t.s.Transact(ctx, func(ctx context.Context) error {
		if replace {
			if err := t.s.serialize(ctx, "tickets of "+ticket.UserID); err != nil {
				return err
			}
		}
		if err := t.put(ctx, ticket, 0); err != nil || !replace {
			return err
		}
		_, err := t.s.exec(ctx, t.replace, ticket.Purpose, ticket.UserID, ticket.Digest[:])
		return err
	})
}

// put is ErrTaken if there is a row of the digest that has not expired.
func (t *Tickets) put(ctx context.Context, ticket core.Ticket, used int) error {
	row := []any{
		ticket.UserID, ticket.Email, ticket.Epoch, ticket.Data, micros(ticket.Expires), used, ticket.Purpose,
		ticket.Digest[:],
	}
	err := t.s.insert(ctx, t.insert, row...)
	if !errors.Is(err, core.ErrTaken) {
		return err
	}
	n, err := t.s.exec(ctx, t.reuse, append(row, t.s.now())...)
	if err == nil && n == 0 {
		err = core.ErrTaken
	}
	return err
}

// Find returns a ticket; see core.TicketStore.
func (t *Tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return t.findBy(ctx, t.find, t.s.now(), purpose, d)
}

func (t *Tickets) findBy(
	ctx context.Context, st statement, now int64, purpose string, d [32]byte,
) (core.Ticket, error) {
	ticket := core.Ticket{Purpose: purpose, Digest: d}
	var expires, used int64
	err := t.s.get(ctx, st, []any{purpose, d[:], now}, &ticket.UserID, &ticket.Email, &ticket.Epoch, &ticket.Data,
		&expires, &used)
	if err != nil {
		return core.Ticket{}, err
	}
	ticket.Expires = fromMicros(expires)
	if used != 0 {
		err = core.ErrUsed
	}
	return ticket, err
}

// Consume uses a ticket up; see core.TicketStore.
func (t *Tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	now := t.s.now()
	n, err := t.s.exec(ctx, t.consume, purpose, d[:], now)
	if err != nil {
		return core.Ticket{}, err
	}
	// A used row stays, so this reads what the statement above has changed,
	// or what somebody else had before.
	ticket, err := t.findBy(ctx, t.again, now, purpose, d)
	if n == 1 && errors.Is(err, core.ErrUsed) {
		err = nil
	}
	return ticket, err
}

// Fail counts a failed attempt; see core.TicketStore. The count stays when a
// transaction of ctx is rolled back, with one limit: see WithTx.
func (t *Tickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	return t.s.keep(ctx, func(ctx context.Context) error {
		now := t.s.now()
		n, err := t.s.exec(ctx, t.count, max, purpose, d[:], now)
		if err != nil || n == 1 {
			return err
		}
		_, err = t.findBy(ctx, t.again, now, purpose, d)
		return err
	})
}

// Burn notes a digest as used; see core.TicketStore.
func (t *Tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	err := t.put(ctx, core.Ticket{Purpose: purpose, Digest: d, Expires: until}, 1)
	if errors.Is(err, core.ErrTaken) {
		err = core.ErrUsed
	}
	return err
}

// Sweep deletes expired tickets; see core.Sweeper.
func (t *Tickets) Sweep(ctx context.Context) (int, error) { return t.s.sweep(ctx, t.sweep) }
