package core_test

import (
	"net/http"
	"net/netip"
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
			if got := core.Network(netip.MustParseAddr(ip)).String(); got != want {
				t.Errorf("%s: got %s, want %s", ip, got, want)
			}
		}
	})
	if got := core.Network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address has the network %v", got)
	}
}
