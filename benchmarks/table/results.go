package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results are the measurements of candidates, by name and unit.
type results struct {
	names []string // in their order
	of    map[string]map[string][]float64
}

var (
	// again matches the number that the testing package appends to the name
	// of what it runs again.
	again = regexp.MustCompile(`^(Benchmark\S+?)(#\d+)?(-\d+)?$`)
	spans = regexp.MustCompile(`\s+`)
)

// line reads a line of a benchmark, and returns it as benchstat wants it:
// without the number of the round. Other lines are returned unchanged.
func (r *results) line(text string) string {
	fields := spans.Split(strings.TrimSpace(text), -1)
	name := again.FindStringSubmatch(fields[0])
	if name == nil || len(fields) < 4 {
		return text
	}
	plain := strings.ReplaceAll(strings.TrimPrefix(name[1], "Benchmark"), "_", " ")
	if r.of == nil {
		r.of = map[string]map[string][]float64{}
	}
	if r.of[plain] == nil {
		r.names = append(r.names, plain)
		r.of[plain] = map[string][]float64{}
	}
	for i := 2; i+1 < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			r.of[plain][fields[i+1]] = append(r.of[plain][fields[i+1]], v)
		}
	}
	return strings.Replace(text, fields[0], name[1]+name[3], 1)
}

func (r *results) median(name, unit string) (float64, bool) { return median(r.of[name][unit]) }

// compared returns the median of compare over two candidates' measurements of
// the same round. The machine's mood changes from second to second, so that
// two turns which follow each other have more in common than two medians.
func (r *results) compared(name, other, unit string, compare func(v, other float64) float64) (float64, bool) {
	of, others := r.of[name][unit], r.of[other][unit]
	var all []float64
	for i := range min(len(of), len(others)) {
		all = append(all, compare(of[i], others[i]))
	}
	return median(all)
}

func median(all []float64) (float64, bool) {
	if len(all) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2, true
}
