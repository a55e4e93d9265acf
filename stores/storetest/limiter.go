package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter checks a limiter. It must read the time from now.
func Limiter(t *testing.T, open func(t *testing.T, now func() time.Time) core.Limiter, lacks ...Lack) {
	t.Helper()
	Run(t, clocked(open, lacks), LimiterCases(), lacks...)
}

// LimiterCases returns the obligations of a core.Limiter.
func LimiterCases() []Case[Clocked[core.Limiter]] {
	return slices.Concat(allowCases, severalCases, allowRaceCases, refundCases)
}

type (
	limiter     = Clocked[core.Limiter]
	limiterCase = Case[Clocked[core.Limiter]]
)

// three is the limit of most cases.
var three = core.Limit{Events: 3, Window: time.Minute}

// errRefused stands for an Allow that must wait.
var errRefused = errors.New("refused")

// allow returns nil if the event was counted, and an error for a wait longer
// than the last window.
func allow(ctx context.Context, s limiter, k string, limits ...core.Limit) error {
	wait, err := s.Store.Allow(ctx, k, limits...)
	longest := limits[len(limits)-1].Window
	switch {
	case err != nil:
		return err
	case wait < 0 || wait > longest:
		return fmt.Errorf("Allow returned a wait of %v, want 0 to %v", wait, longest)
	case wait > 0:
		return errRefused
	}
	return nil
}

// room returns an error unless exactly n more events of k are allowed under l.
func room(ctx context.Context, s limiter, k string, l core.Limit, n int) error {
	return roomOf(ctx, s, k, n, l)
}

// roomOf is room under several limits.
func roomOf(ctx context.Context, s limiter, k string, n int, limits ...core.Limit) error {
	var errs []error
	for i := range n {
		errs = append(errs, is(fmt.Sprintf("event %d of %s", i+1, show(k)), allow(ctx, s, k, limits...), nil))
	}
	return errors.Join(append(errs,
		is(fmt.Sprintf("event %d of %s", n+1, show(k)), allow(ctx, s, k, limits...), errRefused))...)
}

var allowCases = []limiterCase{
	{Rule: "Allow allows as many events as the limit says, then refuses", Check: func(ctx context.Context, s limiter) error {
		return errors.Join(room(ctx, s, "one", three, 3), room(ctx, s, "once", core.Limit{Events: 1, Window: time.Hour}, 1))
	}},
	{Rule: "The window begins with the first event, and its end frees all of it", Check: func(ctx context.Context, s limiter) error {
		three := core.Limit{Events: 3, Window: s.waits()}
		end := s.Now().Add(three.Window)
		err := is("first", allow(ctx, s, "one", three), nil)
		s.Advance(three.Window / 2)
		err = errors.Join(err, room(ctx, s, "one", three, 2))
		s.advanceUntilBefore(end)
		err = errors.Join(err, is("just before the end", allow(ctx, s, "one", three), errRefused))
		s.advanceTo(end)
		return errors.Join(err, room(ctx, s, "one", three, 3))
	}},
	{Rule: "After the wait that Allow returns there is room", Check: func(ctx context.Context, s limiter) error {
		three := core.Limit{Events: 3, Window: s.waits()}
		end := s.Now().Add(three.Window)
		err := is("first", allow(ctx, s, "one", three), nil)
		s.Advance(three.Window / 3)
		err = errors.Join(err, room(ctx, s, "one", three, 2))
		left := end.Sub(s.Now())
		wait, err2 := s.Store.Allow(ctx, "one", three)
		s.Advance(wait)
		return errors.Join(err, is("Allow", err2, nil),
			that((wait-left).Abs() < margin, "the wait is %v, want %v", wait, left),
			room(ctx, s, "one", three, 3))
	}},
	{Rule: "A refused Allow counts nothing and does not lengthen the wait", Check: func(ctx context.Context, s limiter) error {
		three := core.Limit{Events: 3, Window: s.waits()}
		end := s.Now().Add(three.Window)
		err := room(ctx, s, "one", three, 3)
		for range 5 {
			s.Advance(three.Window / 10)
			err = errors.Join(err, is("Allow", allow(ctx, s, "one", three), errRefused))
		}
		s.advanceTo(end)
		return errors.Join(err, room(ctx, s, "one", three, 3))
	}},
	{Rule: "Keys are independent, and compared byte by byte up to 300 bytes", Check: func(ctx context.Context, s limiter) error {
		long := strings.Repeat("k", 299)
		var errs []error
		for _, k := range []string{"login:ann", "login:Ann", "login:ann ", "login:ánn", "login:", "", "login:ann\x00x",
			"login:%", long, long + "a", long + "b", "{a}b", "{a}c", "\xff", "\xfe", "\ufffd", "na\u0308h", "n\u00e4h", strings.Repeat("ü", 150)} {
			errs = append(errs, room(ctx, s, k, three, 3))
		}
		return errors.Join(errs...)
	}},
	{Rule: "One count serves limits of different size", Check: func(ctx context.Context, s limiter) error {
		five := core.Limit{Events: 5, Window: time.Minute}
		return errors.Join(room(ctx, s, "one", three, 3), room(ctx, s, "one", five, 2),
			is("Allow under the lower limit", allow(ctx, s, "one", three), errRefused))
	}},
	{Rule: "A Limit without Events limits nothing", Check: func(ctx context.Context, s limiter) error {
		var errs []error
		for range 100 {
			errs = append(errs, is("Allow", allow(ctx, s, "one", core.Limit{}), nil),
				is("Allow", allow(ctx, s, "one", core.Limit{Window: time.Minute}), nil))
		}
		return errors.Join(append(errs, room(ctx, s, "two", three, 3),
			is("Allow", allow(ctx, s, "two", core.Limit{}), nil))...)
	}},
	{Rule: "F16 a clock that is set back lets nobody wait longer than the window", Unless: NoClock, Check: func(ctx context.Context, s limiter) error {
		err := room(ctx, s, "one", three, 3)
		s.Advance(-time.Hour)
		wait, err2 := s.Store.Allow(ctx, "one", three)
		s.Advance(time.Minute)
		return errors.Join(err, is("Allow", err2, nil),
			that(wait >= 0 && wait <= time.Minute, "the wait is %v, want at most 1m", wait),
			room(ctx, s, "one", three, 3))
	}},
	{Rule: "F25 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s limiter) error {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(is("Allow", allow(ctx, s, "one", three), nil),
			outage("Allow", second(s.Store.Allow(gone, "one", three))), outage("Refund", s.Store.Refund(gone, "one")),
			outage("Reset", s.Store.Reset(gone, "one")),
			room(ctx, s, "one", three, 2))
	}},
}

var refundCases = []limiterCase{
	{Rule: "Refund returns one event to the budget", Check: func(ctx context.Context, s limiter) error {
		return errors.Join(room(ctx, s, "one", three, 3), room(ctx, s, "two", three, 3),
			is("Refund", s.Store.Refund(ctx, "one"), nil), room(ctx, s, "one", three, 1),
			is("two", allow(ctx, s, "two", three), errRefused))
	}},
	{Rule: "Refund of what was not counted makes no room beyond the limit", Check: func(ctx context.Context, s limiter) error {
		three := core.Limit{Events: 3, Window: s.waits()}
		err := is("Refund of an unknown key", s.Store.Refund(ctx, "one"), nil)
		err = errors.Join(err, is("Allow", allow(ctx, s, "one", three), nil))
		for range 3 {
			err = errors.Join(err, is("Refund", s.Store.Refund(ctx, "one"), nil))
		}
		err = errors.Join(err, room(ctx, s, "one", three, 3))
		s.Advance(three.Window)
		return errors.Join(err, is("Refund after the window", s.Store.Refund(ctx, "one"), nil), room(ctx, s, "one", three, 3))
	}},
	{Rule: "Reset resets a key's count, and no other key's", Check: func(ctx context.Context, s limiter) error {
		return errors.Join(room(ctx, s, "one", three, 3), room(ctx, s, "two", three, 3),
			is("Reset", s.Store.Reset(ctx, "one"), nil), is("Reset of an unknown key", s.Store.Reset(ctx, "unknown"), nil),
			room(ctx, s, "one", three, 3), is("two", allow(ctx, s, "two", three), errRefused))
	}},
	{Rule: "Sweeper: Sweep forgets the counts whose window is over, only those, and returns their number", Check: func(ctx context.Context, s limiter) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits()
		three := core.Limit{Events: 3, Window: hour}
		err := errors.Join(is("old", allow(ctx, s, "old", three), nil), room(ctx, s, "full", three, 3),
			outage("Sweep under a cancelled context", second(sweeper.Sweep(cancelled(ctx)))))
		s.Advance(hour / 2)
		err = errors.Join(err, is("young", allow(ctx, s, "young", three), nil))
		early, err2 := sweeper.Sweep(ctx)
		err = errors.Join(err, is("full", allow(ctx, s, "full", three), errRefused))
		s.Advance(hour / 2)
		due, err3 := sweeper.Sweep(ctx)
		return errors.Join(err, is("Sweep", errors.Join(err2, err3), nil),
			that(early == 0 && due == 2, "Sweeps forgot %d and %d, want 0 and 2", early, due),
			room(ctx, s, "young", three, 2), room(ctx, s, "old", three, 3))
	}},
}
