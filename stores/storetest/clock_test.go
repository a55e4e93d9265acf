package storetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// waiting runs the cases on the real clock, which a bubble lets pass at once.
func waiting[S any](
	t *testing.T, cases []storetest.Case[storetest.Clocked[S]], open func(now func() time.Time) S, rules ...string,
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cases = unless(cases, storetest.NoClock)
		broken(t, cases, func() storetest.Clocked[S] {
			c := storetest.RealClock()
			return storetest.Clocked[S]{Store: open(c.Now), Clock: c}
		}, rules...)
	})
}

func sessions(now func() time.Time) core.SessionStore { return memstore.NewSessions(now) }
func tickets(now func() time.Time) core.TicketStore   { return memstore.NewTickets(now) }
func limiter(now func() time.Time) core.Limiter {
	return memstore.NewLimiter(memstore.LimiterOptions{Now: now})
}

// slow returns a clock whose hours, as the kit has them if it must wait, last
// forever.
func slow(now func() time.Time) func() time.Time {
	start := now()
	return func() time.Time { return start.Add(now().Sub(start) / 1000) }
}

func TestRealClock(t *testing.T) {
	t.Run("sound", func(t *testing.T) {
		waiting(t, storetest.SessionCases(), sessions)
		waiting(t, storetest.TicketCases(), tickets)
		waiting(t, storetest.LimiterCases(), limiter)
	})
	t.Run("nothing ends", func(t *testing.T) {
		waiting(t, storetest.SessionCases(), func(now func() time.Time) core.SessionStore { return sessions(slow(now)) },
			"A session is found until", "Touch moves", "Touch may move", "Touch never revives", "DeleteAll revives neither",
			"SessionLister: List returns a user's", "Sweeper: Sweep deletes", "Rotator: Rotate never revives",
			"Rotator: Rotate may move", "Rotator: a session made")
		waiting(t, storetest.TicketCases(), func(now func() time.Time) core.TicketStore { return tickets(slow(now)) },
			"A ticket lives until", "R01 a consumed", "O02 a burned", "O02 of any number of concurrent Burns, after", "Sweeper")
		waiting(t, storetest.LimiterCases(), func(now func() time.Time) core.Limiter { return limiter(slow(now)) },
			"The window begins", "After the wait", "A refused Allow", "Refund of what", "Q08 concurrent Allows after", "Sweeper",
			"Each of several", "An event that one", "The wait is that", "Refund leaves")
	})
	t.Run("all ends at once", func(t *testing.T) {
		waiting(t, storetest.SessionCases(), func(now func() time.Time) core.SessionStore {
			return sessions(func() time.Time { return now().Add(time.Second * 3 / 2) })
		}, "A session is found until", "Touch moves", "SessionLister: List returns a user's", "Sweeper: Sweep deletes")
	})
}

// A store with a clock of its own, which nothing else can read or move, passes
// if it declares that. It waits for half a minute, beside the other tests.
func TestNoClock(t *testing.T) {
	t.Parallel()
	storetest.Limiter(t, func(*testing.T, func() time.Time) core.Limiter { return limiter(nil) }, storetest.NoClock)
}

// A store whose Takes race passes only if it declares that.
func TestNoAtomicUpdates(t *testing.T) {
	races := rule(storetest.LimiterCases(), "Q08 concurrent first Takes")
	storetest.Run(t, func(*testing.T) storetest.Clocked[core.Limiter] {
		return counting(func(s *countStore) { s.race = newBarrier() })
	}, races, storetest.NoAtomicUpdates)
}
