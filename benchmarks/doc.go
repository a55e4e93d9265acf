// Package benchmarks measures Latchkey beside its peers, in one run, so that ratios hold whatever else the machine does. It is a module of
// its own, never released, so that the peers reach nobody's build.
//
//	make bench BENCH=Chi
//
// Read ratios, not nanoseconds.
package benchmarks
