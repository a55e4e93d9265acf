package core_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestRateLimited(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "1", time.Millisecond: "1", time.Second: "1", time.Second + 1: "2", time.Hour: "3600",
	} {
		e := wantStatus(t, core.RateLimited(wait), http.StatusTooManyRequests, core.CodeRateLimited)
		if got := e.Header.Get("Retry-After"); got != want {
			t.Errorf("%v: Retry-After is %q, want %q", wait, got, want)
		}
	}
}

func TestNetwork(t *testing.T) {
	t.Run("A10 one network whatever the spelling", func(t *testing.T) {
		for ip, want := range map[string]string{
			"1.2.3.4":              "1.2.3.4/32",
			"::ffff:1.2.3.4":       "1.2.3.4/32",
			"::FFFF:102:304":       "1.2.3.4/32",
			"2001:db8:0:1::5":      "2001:db8:0:1::/64",
			"2001:DB8:0:1:A:B:C:D": "2001:db8:0:1::/64",
			"2001:db8:0:2::5":      "2001:db8:0:2::/64",
			"fe80::1%eth0":         "fe80::/64",
			"fe80::2%ETH1":         "fe80::/64",
		} {
			if got := core.ClientNetwork(netip.MustParseAddr(ip)).String(); got != want {
				t.Errorf("%s: got %s, want %s", ip, got, want)
			}
		}
	})
	if got := core.ClientNetwork(netip.Addr{}); got.IsValid() {
		t.Errorf("no address has the network %v", got)
	}
}

// counts is a Limiter without an end of windows.
type counts map[string]int

func (c counts) Allow(_ context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	for _, l := range limits {
		if c[key] >= l.Events {
			return l.Window, nil
		}
	}
	c[key]++
	return 0, nil
}
func (c counts) Refund(_ context.Context, key string) error { c[key]--; return nil }
func (c counts) Reset(_ context.Context, key string) error  { delete(c, key); return nil }

func TestEffective(t *testing.T) {
	t.Parallel()
	minute, hour, day := core.Limit{Events: 5, Window: time.Minute}, core.Limit{Events: 9, Window: time.Hour},
		core.Limit{Events: 20, Window: 24 * time.Hour}
	for name, c := range map[string]struct {
		limits []core.Limit
		want   int // -1 for an error
	}{
		"none":                      {nil, 0},
		"one":                       {[]core.Limit{hour}, 1},
		"as many as a key can have": {[]core.Limit{{Events: 1, Window: 1}, minute, hour, day}, 4},
		"one more":                  {[]core.Limit{{Events: 1, Window: 1}, {Events: 2, Window: 2}, minute, hour, day}, -1},
		"one more, but some limit nothing": {
			[]core.Limit{{}, {Events: 2}, {Window: 2}, {Events: -1, Window: 2}, {Events: 1, Window: -1}, hour}, 1,
		},
		"the longest first": {[]core.Limit{hour, minute}, -1},
		"one window twice":  {[]core.Limit{hour, hour}, -1},
		"not in order, but for those that limit nothing": {[]core.Limit{minute, {Window: 1}, hour}, 2},
	} {
		given := slices.Clone(c.limits)
		got, err := core.Effective(c.limits)
		if c.want < 0 && err == nil || c.want >= 0 && (err != nil || len(got) != c.want) {
			t.Errorf("%s: got %v, %v; want %d limits", name, got, err, c.want)
		}
		if !slices.Equal(given, c.limits) {
			t.Errorf("%s: the caller's list was changed to %v", name, c.limits)
		}
	}
}

func TestWithinNetwork(t *testing.T) {
	limit := core.Limit{Events: 5, Window: time.Minute}
	// take returns how many of n requests are allowed.
	take := func(c counts, n int, ip func(i int) string) (allowed int) {
		for i := range n {
			if core.CheckNetworkLimit(t.Context(), c, "mail", netip.MustParseAddr(ip(i)), limit) == nil {
				allowed++
			}
		}
		return allowed
	}
	one := func(ip string) func(int) string { return func(int) string { return ip } }
	t.Run("Q07 a /48 that goes through its networks has the events of 16", func(t *testing.T) {
		c := counts{}
		if n := take(c, 65_536, func(i int) string { return fmt.Sprintf("2001:db8:7:%x::1", i) }); n != 80 {
			t.Errorf("%d were allowed, want 80", n)
		}
		if len(c) > 81 {
			t.Errorf("%d keys were made", len(c))
		}
		if n := take(c, 10, one("2001:db8:8::1")); n != 5 {
			t.Errorf("twin, another /48: %d were allowed, want 5", n)
		}
	})
	t.Run("Q07 twin: a network that is refused does not use up its neighbours'", func(t *testing.T) {
		c := counts{}
		for i, ip := range []string{"2001:db8:7:1::1", "2001:db8:7:2::1"} {
			if n := take(c, 1000, one(ip)); n != 5 {
				t.Errorf("network %d: %d were allowed, want 5", i, n)
			}
		}
	})
	t.Run("IPv4 has one count", func(t *testing.T) {
		c := counts{}
		for _, ip := range []string{"192.0.2.1", "::ffff:192.0.2.1"} {
			take(c, 10, one(ip))
		}
		if len(c) != 1 || c["mail-network:192.0.2.1/32"] != 5 {
			t.Errorf("counts %v", c)
		}
	})
	t.Run("no limit counts nothing", func(t *testing.T) {
		c := counts{}
		if err := core.CheckNetworkLimit(t.Context(), c, "mail", netip.MustParseAddr("2001:db8::1"),
			core.Limit{}); err != nil ||
			len(c) != 0 {
			t.Errorf("%v, counts %v", err, c)
		}
	})
}
