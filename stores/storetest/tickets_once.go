package storetest

import (
	"context"
	"errors"
	"fmt"

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
			is("Consume again", err3, core.ErrUsed), sameTicket("Consume again", again, want), fails(ctx, s, "one", core.ErrUsed))
		s.advanceTo(want.Expires)
		return errors.Join(err, finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound), fails(ctx, s, "one", core.ErrNotFound))
	}},
	{Rule: "Find does not use a ticket up, nor does the use of another one", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), put(ctx, s, "two", false), finds(ctx, s, "one", nil), consumes(ctx, s, "two", nil),
			finds(ctx, s, "one", nil), consumes(ctx, s, "one", nil))
	}},
	{Rule: "R01 of any number of concurrent Consumes one succeeds, the others are ErrUsed with the ticket", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			want := ticket(s, name)
			if err := s.Store.Put(ctx, want, false); err != nil {
				return is("Put", err, nil)
			}
			got := make([]core.Ticket, crowd)
			errs := together(crowd, func(i int) (err error) {
				got[i], err = s.Store.Consume(ctx, "reset", want.Digest)
				return err
			})
			wrong := []error{tally("Consume", errs, 1, core.ErrUsed)}
			for _, one := range got {
				wrong = append(wrong, sameTicket("Consume", one, want))
			}
			return errors.Join(wrong...)
		})
	}},
}

var failCases = []ticketCase{
	{Rule: "Fail kills a ticket with the max-th failed attempt, not before", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), put(ctx, s, "other", false),
			fails(ctx, s, "one", nil), fails(ctx, s, "one", nil), finds(ctx, s, "one", nil),
			fails(ctx, s, "one", nil), finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound), fails(ctx, s, "one", core.ErrNotFound),
			finds(ctx, s, "other", nil))
	}},
	{Rule: "A ticket that failed less than max times can be consumed", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), fails(ctx, s, "one", nil), fails(ctx, s, "one", nil), consumes(ctx, s, "one", nil),
			fails(ctx, s, "one", core.ErrUsed), finds(ctx, s, "one", core.ErrUsed))
	}},
	{Rule: "Of any number of concurrent Fails no more than max count", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			if err := put(ctx, s, name, false); err != nil {
				return err
			}
			errs := together(crowd, func(int) error { return s.Store.Fail(ctx, "reset", key(name), 3) })
			return errors.Join(tally("Fail", errs, 3, core.ErrNotFound), finds(ctx, s, name, core.ErrNotFound))
		})
	}},
}

// burns complains unless Burn of the digest, for an hour of the clock, gives want.
func burns(ctx context.Context, s tickets, purpose, name string, want error) error {
	return is("Burn of "+show(name), s.Store.Burn(ctx, purpose, key(name), s.Now().Add(s.hour())), want)
}

var burnCases = []ticketCase{
	{Rule: "O02 a burned digest is ErrUsed to Burn, Find and Consume, until the given time", Check: func(ctx context.Context, s tickets) error {
		end := s.Now().Add(s.waits())
		err := errors.Join(burns(ctx, s, "reset", "one", nil), burns(ctx, s, "reset", "one", core.ErrUsed))
		s.advanceUntilBefore(end)
		err = errors.Join(err, burns(ctx, s, "reset", "one", core.ErrUsed), finds(ctx, s, "one", core.ErrUsed), consumes(ctx, s, "one", core.ErrUsed))
		s.advanceTo(end)
		return errors.Join(err, finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound))
	}},
	{Rule: "A burned digest is unknown under every other purpose, and may be burned there", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(burns(ctx, s, "oauth", "one", nil), finds(ctx, s, "one", core.ErrNotFound), burns(ctx, s, "reset", "one", nil), burns(ctx, s, "reset", "two", nil))
	}},
	{Rule: "O02 of any number of concurrent Burns one succeeds, the others are ErrUsed", Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			return tally("Burn", together(crowd, func(int) error {
				return s.Store.Burn(ctx, "reset", key(name), s.Now().Add(s.hour()))
			}), 1, core.ErrUsed)
		})
	}},
}
