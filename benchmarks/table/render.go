package main

import (
	"cmp"
	"fmt"
	"strings"
)

// render writes the goals with what was reached, and the medians of all
// candidates, as Markdown.
func render(r results) string {
	var out strings.Builder
	out.WriteString("| # | what | against | measured | must | aim | reached |\n|---|---|---|---|---|---|---|\n")
	for _, g := range goals {
		v, ok := g.value(r)
		if !ok {
			continue // its family did not run
		}
		_, against, _ := strings.Cut(g.against, "/")
		sign := "≤"
		if g.atLeast {
			sign = "≥"
		}
		fmt.Fprintf(&out, "| %d | %s | %s | %s | %s %v | %s %v | %s |\n",
			g.number, g.what, cmp.Or(against, "—"), number(v), sign, g.must, sign, g.aim, g.verdict(v))
	}
	family := ""
	for _, name := range r.names {
		begins, rest, _ := strings.Cut(name, "/")
		if begins != family {
			family = begins
			fmt.Fprintf(&out, "\n| %s | ns | bytes | allocations | |\n|---|---|---|---|---|\n", family)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", rest, r.cell(name, nanoseconds), r.cell(name, "B/op"),
			r.cell(name, allocations), r.others(name))
	}
	return out.String()
}

func (r *results) cell(name, unit string) string {
	v, ok := r.median(name, unit)
	if !ok {
		return ""
	}
	return number(v)
}

// own are the units of measurements beside those of every benchmark.
var own = []string{"commands/request", "queries", "requests/s", "p99-µs", "logins/s", "peak-MiB", "p99-delay-ms",
	"B/session", "median-ms", "p99-ms"}

func (r *results) others(name string) string {
	var all []string
	for _, unit := range own {
		if v, ok := r.median(name, unit); ok {
			all = append(all, number(v)+" "+unit)
		}
	}
	return strings.Join(all, ", ")
}

// number writes three digits that count.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
