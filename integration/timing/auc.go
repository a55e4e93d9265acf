package timing

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// AUC returns the probability that a random time of one kind is longer than a
// random one of the other, where equal ones count half (the area under the ROC
// curve, from the Mann-Whitney statistic). Times that reveal nothing have 0.5.
// Both slices have elements, and are not modified.
func AUC(one, other []time.Duration) float64 {
	type sample struct {
		time time.Duration
		one  bool
	}
	samples := make([]sample, 0, len(one)+len(other))
	for _, d := range one {
		samples = append(samples, sample{d, true})
	}
	for _, d := range other {
		samples = append(samples, sample{d, false})
	}
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.time, b.time) })
	wins, below := 0.0, 0.0
	for start := 0; start < len(samples); {
		end, ones := start, 0.0
		for ; end < len(samples) && samples[end].time == samples[start].time; end++ {
			if samples[end].one {
				ones++
			}
		}
		others := float64(end-start) - ones
		wins += ones * (below + others/2)
		below += others
		start = end
	}
	return wins / float64(len(one)) / float64(len(other))
}

// Apart returns what a guesser, who may guess either way, makes of an AUC: at
// least 0.5.
func Apart(auc float64) float64 { return max(auc, 1-auc) }

// Bootstrap returns the bounds that contain 95 of 100 AUCs of samples drawn
// from the same times.
func Bootstrap(r *rand.Rand, rounds int, one, other []time.Duration) (low, high float64) {
	aucs := make([]float64, rounds)
	for i := range aucs {
		aucs[i] = AUC(resample(r, one), resample(r, other))
	}
	slices.Sort(aucs)
	return aucs[rounds*25/1000], aucs[rounds*975/1000]
}

func resample(r *rand.Rand, times []time.Duration) []time.Duration {
	drawn := make([]time.Duration, len(times))
	for i := range drawn {
		drawn[i] = times[r.IntN(len(times))]
	}
	return drawn
}

// Quantile returns the time below which the fraction q of times lies; q is from
// 0 to 1.
func Quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
