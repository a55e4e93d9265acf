package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var allowRaceCases = []limiterCase{
	{Rule: "Q08 of any number of concurrent Allows at the last slot one succeeds", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		return repeat(func(round int) error {
			k := fmt.Sprintf("round %d", round)
			err := errors.Join(is("Allow", allow(ctx, s, k, three), nil), is("Allow", allow(ctx, s, k, three), nil))
			errs := together(crowd, func(int) error { return allow(ctx, s, k, three) })
			return errors.Join(err, tally("Allow", errs, 1, errRefused))
		})
	}},
	{Rule: "Q08 concurrent first Allows are all counted", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		return repeat(func(round int) error {
			k := fmt.Sprintf("round %d", round)
			return tally("Allow", together(crowd, func(int) error { return allow(ctx, s, k, three) }), 3, errRefused)
		})
	}},
	{Rule: "Q08 concurrent Allows after the end of a window begin one window", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		three := core.Limit{Events: 3, Window: s.waits()}
		end := s.Now().Add(three.Window)
		err := room(ctx, s, "one", three, 3)
		s.advanceTo(end)
		return errors.Join(err,
			tally("Allow", together(crowd, func(int) error { return allow(ctx, s, "one", three) }), 3, errRefused))
	}},
	{Rule: "Of concurrent Allows and Refunds none is lost", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		many := core.Limit{Events: 2 * crowd, Window: time.Minute}
		errs := together(crowd, func(int) error { return is("Allow", allow(ctx, s, "one", many), nil) })
		errs = append(errs, together(crowd, func(i int) error {
			if i%2 == 0 {
				return is("Refund", s.Store.Refund(ctx, "one"), nil)
			}
			return is("Allow", allow(ctx, s, "one", many), nil)
		})...)
		return errors.Join(append(errs, room(ctx, s, "one", many, crowd))...)
	}},
}
