package main

import "testing"

func TestRatiosAreOfOneRound(t *testing.T) {
	var r results
	for _, line := range []string{ // the machine is three times as slow in the second round
		"BenchmarkChi/ours-2         1000   100 ns/op   2 allocs/op", "BenchmarkChi/theirs-2         100   1000 ns/op   9 allocs/op",
		"BenchmarkChi/ours#01-2      1000   300 ns/op   2 allocs/op", "BenchmarkChi/theirs#01-2      100   3000 ns/op   9 allocs/op",
		"BenchmarkChi/ours#02-2      1000   200 ns/op   2 allocs/op", "BenchmarkChi/theirs#02-2      100   1000 ns/op   9 allocs/op",
		"PASS",
	} {
		r.line(line)
	}
	for _, c := range []struct {
		goal goal
		want float64
	}{
		{goal{ours: "Chi/ours", against: "Chi/theirs", unit: nanoseconds}, 0.1},
		{goal{ours: "Chi/ours", against: "Chi/theirs", unit: allocations, less: true}, -7},
		{goal{ours: "Chi/ours", unit: nanoseconds}, 200},
	} {
		if got, ok := c.goal.value(r); !ok || got != c.want {
			t.Errorf("%v: got %v, %v, want %v", c.goal, got, ok, c.want)
		}
	}
	if _, ok := (goal{ours: "Chi/ours", against: "Chi/nobody", unit: nanoseconds}).value(r); ok {
		t.Error("a candidate that was not measured is compared")
	}
}
