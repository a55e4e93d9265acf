package benchmarks

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/server"
)

var roundCount = flag.Int("rounds", 1, "how many turns each candidate of a family has, unless its turns are very long or very short")

// Families whose turns are long have fewer of them: none begins after a while,
// but for the first few. Those whose turns are short have more, where more than
// one is wanted: a database's answers differ by more than what is measured.
const (
	enough = 25 * time.Second
	least  = 8 * time.Second
	fewest = 5
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// candidate is one of those that a family compares.
type candidate struct {
	name string
	run  func(b *testing.B)
}

// rounds lets the candidates take turns, in another order each time: what one
// leaves behind, memory that is still warm or pages that were given back, is
// not always found by the same one. The testing package numbers what it runs
// again ("name#01"); the table takes the numbers off.
func rounds(b *testing.B, candidates ...candidate) {
	b.Helper()
	start := time.Now()
	for round := 0; round < *roundCount || *roundCount > 1 && time.Since(start) < least; round++ {
		if round >= fewest && time.Since(start) > enough {
			return
		}
		for _, i := range rand.Perm(len(candidates)) {
			c := candidates[i]
			b.Run(c.name, func(b *testing.B) {
				b.ReportAllocs()
				c.run(b)
			})
		}
	}
}

// each is a candidate that does the same again and again.
func each(name string, do func() error) candidate {
	return candidate{name, func(b *testing.B) {
		for b.Loop() {
			if err := do(); err != nil {
				b.Fatal(err)
			}
		}
	}}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// must returns a value that was made without an error.
func must[T any](b *testing.B) func(T, error) T {
	return func(v T, err error) T {
		b.Helper()
		check(b, err)
		return v
	}
}
