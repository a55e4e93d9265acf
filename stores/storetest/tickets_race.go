package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var ticketRaceCases = []ticketCase{
	{Rule: "Of any number of concurrent Puts of one digest one wins", Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			made := make([]core.Ticket, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = ticket(s, name)
				made[i].Epoch = int64(i)
				err := s.Store.Put(ctx, made[i], false)
				if err != nil && noSentinel("Put", err) == nil {
					return core.ErrTaken // no two secrets have the same digest, so a deadlock may end this
				}
				return err
			})
			winner := slices.Index(errs, nil)
			if err := tally("Put", errs, 1, core.ErrTaken); err != nil {
				return err
			}
			found, err := s.Store.Find(ctx, "reset", key(name))
			return errors.Join(is("Find", err, nil), sameTicket("the winner", found, made[winner]))
		})
	}},
	{Rule: "Of any number of concurrent Puts with replace one ticket is left", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := func(i int) string { return fmt.Sprintf("ticket %d of round %d", i, round) }
			puts := together(crowd, func(i int) error { return put(ctx, s, name(i), true) })
			living := make([]error, crowd)
			for i := range living {
				living[i] = second(s.Store.Find(ctx, "reset", key(name(i))))
			}
			return errors.Join(tally("Put", puts, crowd, nil), tally("Find", living, 1, core.ErrNotFound))
		})
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
	{Rule: "Of a Consume and a Fail that kills one wins, of any number at once", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			if err := put(ctx, s, name, false); err != nil {
				return err
			}
			errs := together(crowd, func(i int) error {
				if i%2 == 0 {
					return s.Store.Fail(ctx, "reset", key(name), 1)
				}
				return second(s.Store.Consume(ctx, "reset", key(name)))
			})
			rest := core.ErrNotFound
			if slices.Index(errs, nil)%2 == 1 {
				rest = core.ErrUsed
			}
			return errors.Join(tally("Consume and Fail", errs, 1, rest), finds(ctx, s, name, rest))
		})
	}},
	{Rule: "O02 of any number of concurrent Burns one succeeds, the others are ErrUsed", Check: func(ctx context.Context, s tickets) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			return tally("Burn", together(crowd, func(int) error {
				return s.Store.Burn(ctx, "reset", key(name), s.Now().Add(s.hour()))
			}), 1, core.ErrUsed)
		})
	}},
	{Rule: "O02 of any number of concurrent Burns, after an earlier one has ended, one succeeds", Check: func(ctx context.Context, s tickets) error {
		end := s.Now().Add(s.waits())
		err := burns(ctx, s, "reset", "one", nil)
		s.advanceTo(end)
		errs := together(crowd, func(int) error { return s.Store.Burn(ctx, "reset", key("one"), s.Now().Add(time.Hour)) })
		return errors.Join(err, tally("Burn", errs, 1, core.ErrUsed), finds(ctx, s, "one", core.ErrUsed))
	}},
}
