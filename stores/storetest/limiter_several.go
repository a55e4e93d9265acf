package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// ladder is a list of limits for one key: two events in an hour, three in two
// and a half, five in six.
func ladder(hour time.Duration) []core.Limit {
	return []core.Limit{{Events: 2, Window: hour}, {Events: 3, Window: hour * 5 / 2}, {Events: 5, Window: 6 * hour}}
}

var severalCases = []limiterCase{
	{Rule: "Each of several limits allows as many events as it says", Check: func(ctx context.Context, s limiter) error {
		hour := s.waits() / 2
		l := ladder(hour)
		err := roomOf(ctx, s, "one", 2, l...)
		s.Advance(hour)
		err = errors.Join(err, roomOf(ctx, s, "one", 1, l...)) // the second limit is reached
		s.Advance(hour * 3 / 2)
		err = errors.Join(err, roomOf(ctx, s, "one", 2, l...)) // the first and the third one
		s.Advance(hour)
		err = errors.Join(err, is("the sixth event in six hours", allow(ctx, s, "one", l...), errRefused))
		s.Advance(hour * 5 / 2)
		return errors.Join(err, roomOf(ctx, s, "one", 2, l...))
	}},
	{Rule: "An event that one of several limits refuses counts under none", Check: func(ctx context.Context, s limiter) error {
		hour := s.waits() / 2
		l := ladder(hour)
		err := roomOf(ctx, s, "one", 2, l...)
		for range 5 {
			err = errors.Join(err, is("Allow", allow(ctx, s, "one", l...), errRefused))
		}
		s.Advance(hour)
		return errors.Join(err, roomOf(ctx, s, "one", 1, l...))
	}},
	{Rule: "The wait is that of the limit which refuses the longest", Check: func(ctx context.Context, s limiter) error {
		hour := s.waits() / 2
		l := ladder(hour)
		l[0].Events, l[1].Events, l[2].Events = 1, 1, 2
		end := s.Now().Add(l[1].Window)
		err := is("Allow", allow(ctx, s, "one", l...), nil)
		for range 2 { // refused by the first two limits, then by the second one alone
			wait, err2 := s.Store.Allow(ctx, "one", l...)
			left := end.Sub(s.Now())
			err = errors.Join(err, is("Allow", err2, nil),
				that((wait-left).Abs() < margin, "the wait is %v, want %v", wait, left))
			s.Advance(hour)
		}
		s.advanceTo(end)
		return errors.Join(err, roomOf(ctx, s, "one", 1, l...))
	}},
	{Rule: "F16 of several limits a clock that is set back lengthens none", Unless: NoClock, Check: func(ctx context.Context, s limiter) error {
		l := ladder(time.Hour)
		err := roomOf(ctx, s, "one", 2, l...)
		s.Advance(-24 * time.Hour)
		wait, err2 := s.Store.Allow(ctx, "one", l...)
		s.Advance(l[0].Window)
		return errors.Join(err, is("Allow", err2, nil),
			that(wait >= 0 && wait <= l[0].Window, "the wait is %v, want at most %v", wait, l[0].Window),
			is("Allow after the wait", allow(ctx, s, "one", l...), nil))
	}},
	{Rule: "Refund returns an event under each of several limits, and Reset all", Check: func(ctx context.Context, s limiter) error {
		l := ladder(time.Hour)
		err := roomOf(ctx, s, "one", 2, l...)
		for range 5 { // else the third would be the last in half an hour, the fifth in an hour
			err = errors.Join(err, is("Refund", s.Store.Refund(ctx, "one"), nil), roomOf(ctx, s, "one", 1, l...))
		}
		return errors.Join(err, is("Reset", s.Store.Reset(ctx, "one"), nil), roomOf(ctx, s, "one", 2, l...))
	}},
	{Rule: "Refund leaves no count of several below nothing", Check: func(ctx context.Context, s limiter) error {
		hour := s.waits() / 2
		l := ladder(hour)
		err := is("Allow", allow(ctx, s, "one", l...), nil)
		s.Advance(hour)
		for range 4 {
			err = errors.Join(err, is("Refund", s.Store.Refund(ctx, "one"), nil))
		}
		err = errors.Join(err, roomOf(ctx, s, "one", 2, l...))
		s.Advance(hour)
		return errors.Join(err, roomOf(ctx, s, "one", 1, l...)) // the second window began with the first event
	}},
	{Rule: "Limits without Events are left out of several", Check: func(ctx context.Context, s limiter) error {
		l := ladder(time.Hour)
		return errors.Join(roomOf(ctx, s, "one", 2, core.Limit{}, l[0], core.Limit{Window: time.Minute}, l[2]),
			is("Allow without limits", second(s.Store.Allow(ctx, "one")), nil))
	}},
	{Rule: "Limits that core.Effective refuses are an error, and count nothing", Check: func(ctx context.Context, s limiter) error {
		l := ladder(time.Hour)
		var many []core.Limit
		for i := range core.MaxLimits + 1 {
			many = append(many, core.Limit{Events: 9, Window: time.Duration(i+1) * time.Minute})
		}
		return errors.Join(
			outage("Allow with too many limits", second(s.Store.Allow(ctx, "one", many...))),
			outage("Allow with the longest first", second(s.Store.Allow(ctx, "one", l[1], l[0]))),
			outage("Allow with one window twice", second(s.Store.Allow(ctx, "one", l[0], l[0]))),
			roomOf(ctx, s, "one", 9, many[:core.MaxLimits]...))
	}},
	{Rule: "Q08 of concurrent Allows under several limits as many succeed as the smallest says", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		l := ladder(time.Hour)
		return repeat(func(round int) error {
			k := fmt.Sprintf("round %d", round)
			return tally("Allow", together(crowd, func(int) error { return allow(ctx, s, k, l...) }), 2, errRefused)
		})
	}},
	{Rule: "Q08 concurrent Allows after the end of one of several windows begin one window", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s limiter) error {
		hour := s.waits() / 2
		l := ladder(hour)
		err := roomOf(ctx, s, "one", 2, l...)
		s.Advance(hour)
		return errors.Join(err, // the second limit allows one more
			tally("Allow", together(crowd, func(int) error { return allow(ctx, s, "one", l...) }), 1, errRefused))
	}},
	{Rule: "Sweeper: Sweep forgets no count of several while another one's window runs", Check: func(ctx context.Context, s limiter) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits() / 2
		l := ladder(hour)
		err := is("Allow", allow(ctx, s, "one", l...), nil)
		s.Advance(3 * hour) // the last window runs alone
		early, err2 := sweeper.Sweep(ctx)
		s.Advance(hour * 5 / 2)
		err = errors.Join(err, is("Sweep", err2, nil), roomOf(ctx, s, "one", 2, l...))
		s.Advance(hour * 3 / 5) // the last window is over
		late, err2 := sweeper.Sweep(ctx)
		err = errors.Join(err, is("Sweep", err2, nil), is("Allow", allow(ctx, s, "one", l...), errRefused))
		s.Advance(hour * 5 / 2)
		due, err2 := sweeper.Sweep(ctx)
		return errors.Join(err, is("Sweep", err2, nil),
			that(early == 0 && late == 0 && due == 1, "Sweeps forgot %d, %d and %d, want 0, 0 and 1", early, late, due))
	}},
}
