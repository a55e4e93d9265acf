package timing_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/timing"
)

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		one, other []time.Duration
		want       float64
	}{
		{[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		{[]time.Duration{4, 5}, []time.Duration{1, 2, 3}, 1},
		{[]time.Duration{1}, []time.Duration{2, 3}, 0},
		{[]time.Duration{7, 7}, []time.Duration{7}, 0.5},
		{[]time.Duration{1, 3}, []time.Duration{2, 3}, 0.375}, // 1<2, 1<3, 3>2, 3=3
	} {
		if got := timing.AUC(c.one, c.other); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("of %d and %d it is %v, want %v", c.one, c.other, got, c.want)
		}
	}
	if timing.Apart(0.2) != 0.8 || timing.Apart(0.7) != 0.7 {
		t.Error("guessing the other way is not counted")
	}
}

func TestBootstrap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(more time.Duration) []time.Duration {
		times := make([]time.Duration, 500)
		for i := range times {
			times[i] = time.Duration(r.IntN(1000)) + more
		}
		return times
	}
	one, same, slower := draw(0), draw(0), draw(300)
	if low, high := timing.Bootstrap(r, 200, one, same); low > 0.5 || high < 0.5 || high-low > 0.1 {
		t.Errorf("of equals it is %v to %v", low, high)
	}
	if low, high := timing.Bootstrap(r, 200, slower, one); low < 0.6 || high < timing.AUC(slower, one) {
		t.Errorf("of unequals it is %v to %v", low, high)
	}
	if got := timing.Quantile([]time.Duration{5, 1, 3}, 0.5); got != 3 {
		t.Errorf("the median is %v", got)
	}
}
