package storetest

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

var consumeCases = []ticketCase{
	{Rule: "R01 a consumed ticket is ErrUsed, with the ticket, until it expires", Check: func(ctx context.Context, s tickets) error {
		s.waits()
		want := ticket(s, "one")
		want.Data = []byte("data")
		err := errors.Join(is("Put", s.Store.Put(ctx, want, false), nil), consumes(ctx, s, "one", nil))
		s.advanceUntilBefore(want.Expires)
		found, err2 := s.Store.Find(ctx, "reset", key("one"))
		again, err3 := s.Store.Consume(ctx, "reset", key("one"))
		err = errors.Join(err, is("Find", err2, core.ErrUsed), sameTicket("Find", found, want),
			is("Consume again", err3, core.ErrUsed), sameTicket("Consume again", again, want),
			fails(ctx, s, "one", core.ErrUsed))
		s.advanceTo(want.Expires)
		return errors.Join(err, finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound),
			fails(ctx, s, "one", core.ErrNotFound))
	}},
	{Rule: "Find does not use a ticket up, nor does the use of another one", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), put(ctx, s, "two", false), finds(ctx, s, "one", nil),
			consumes(ctx, s, "two", nil),
			finds(ctx, s, "one", nil), consumes(ctx, s, "one", nil))
	}},
}

var failCases = []ticketCase{
	{Rule: "Fail kills a ticket with the max-th failed attempt, not before", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), put(ctx, s, "other", false),
			fails(ctx, s, "one", nil), fails(ctx, s, "one", nil), finds(ctx, s, "one", nil),
			fails(ctx, s, "one", nil), finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound),
			fails(ctx, s, "one", core.ErrNotFound),
			finds(ctx, s, "other", nil))
	}},
	{Rule: "A ticket that failed less than max times can be consumed", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), fails(ctx, s, "one", nil), fails(ctx, s, "one", nil),
			consumes(ctx, s, "one", nil),
			fails(ctx, s, "one", core.ErrUsed), finds(ctx, s, "one", core.ErrUsed))
	}},
}

// burns returns an error unless Burn of the digest, for an hour of the clock,
// returns want.
func burns(ctx context.Context, s tickets, purpose, name string, want error) error {
	return is("Burn of "+show(name), s.Store.Burn(ctx, purpose, key(name), s.Now().Add(s.hour())), want)
}

var burnCases = []ticketCase{
	{Rule: "O02 a burned digest is ErrUsed to Burn, Find and Consume, until the given time", Check: func(ctx context.Context, s tickets) error {
		end := s.Now().Add(s.waits())
		err := errors.Join(burns(ctx, s, "reset", "one", nil), burns(ctx, s, "reset", "one", core.ErrUsed))
		s.advanceUntilBefore(end)
		err = errors.Join(err, burns(ctx, s, "reset", "one", core.ErrUsed), finds(ctx, s, "one", core.ErrUsed),
			consumes(ctx, s, "one", core.ErrUsed))
		s.advanceTo(end)
		return errors.Join(err, finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound),
			burns(ctx, s, "reset", "one", nil))
	}},
	{Rule: "A burned digest is taken to Put, and used to Fail", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), burns(ctx, s, "reset", "two", nil),
			is("Put", s.Store.Put(ctx, ticket(s, "two"), false), core.ErrTaken),
			fails(ctx, s, "two", core.ErrUsed), finds(ctx, s, "two", core.ErrUsed), finds(ctx, s, "one", nil))
	}},
	{Rule: "A burned digest is unknown under every other purpose, and may be burned there", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(burns(ctx, s, "oauth", "one", nil), finds(ctx, s, "one", core.ErrNotFound),
			burns(ctx, s, "reset", "one", nil), burns(ctx, s, "reset", "two", nil))
	}},
}
