// Package long sets the size of tests that are worth repeating: make check runs
// few rounds, and make long, with LATCHKEY_TEST_LONG=1, all of them.
package long

import "os"

// Run reports whether the tests run in full.
func Run() bool { return os.Getenv("LATCHKEY_TEST_LONG") == "1" }

// Count returns how often, or with how much, a test runs.
func Count(short, full int) int {
	if Run() {
		return full
	}
	return short
}

// Races returns the number of rounds of a race: 10, or 1,000 in full.
func Races() int { return Count(10, 1000) }

// Rows returns the number of rows of a table that is searched: 10,000, or a
// million in full.
func Rows() int { return Count(10_000, 1_000_000) }

// Kills returns how many times a process is killed: 5, or 50 in full.
func Kills() int { return Count(5, 50) }
