// Package benchmarks measures Latchkey beside its peers, in one run, so that
// ratios hold whatever else the machine does. It is a module of its own, never
// released, so that the peers reach nobody's build.
//
//	make bench                              # every family, and the goals
//	make bench BENCH='Chi|Verify' ROUNDS=3  # some of them
//
// A family is one process. Its candidates take turns, so that what disturbs the
// machine disturbs all of them; the table has the medians of the rounds. Read
// ratios, not nanoseconds.
package benchmarks
