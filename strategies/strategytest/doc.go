// Package strategytest is the conformance kit for [core.Strategy]: the
// obligations of every strategy to the front door, as cases that quote the rule
// when it is broken. A strategy's author runs it in a test:
//
//	func TestStrategy(t *testing.T) {
//		strategytest.Run(t, strategytest.Harness{
//			New: func(now func() time.Time) core.Strategy {
//				return newDesk(now)
//			},
//			Lifetime: time.Hour,
//			Revokes:  true,
//		})
//	}
//
// Security notes. The kit looks from outside. It finds tokens that can be
// altered, replayed, mixed up, outlived or predicted; it cannot find a weak
// key, a token in a log, or a comparison that takes longer for a better guess.
// Run it with -race once: one case issues, verifies and revokes from many
// goroutines.
package strategytest
