package clientip_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/clientip"
)

// head is a request with these X-Forwarded-For lines.
type head []string

func (head) Method() string { return "GET" }
func (head) Host() string   { return "app.example.org" }
func (h head) Lines(name string) []string {
	if name == "X-Forwarded-For" {
		return h
	}
	return nil
}

func TestClient(t *testing.T) {
	proxies := clientip.Policy{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		policy clientip.Policy
		peer   string
		lines  head
		want   string
	}{
		"no policy: the header is ignored (Q05)":         {nil, "10.0.0.1", head{"198.51.100.7"}, "10.0.0.1"},
		"the peer is no proxy":                           {proxies, "203.0.113.9", head{"198.51.100.7"}, "203.0.113.9"},
		"one proxy":                                      {proxies, "10.0.0.1", head{"198.51.100.7"}, "198.51.100.7"},
		"what the client claims itself is not believed":  {proxies, "10.0.0.1", head{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		"a chain of proxies, in one line and in several": {proxies, "10.0.0.1", head{"1.1.1.1, 198.51.100.7, 10.9.9.9", "fd00::1"}, "198.51.100.7"},
		"ports and brackets":                             {proxies, "10.0.0.1", head{"[2001:db8::1]:443"}, "2001:db8::1"},
		"an IPv4 address in IPv6 form (A10)":             {proxies, "::ffff:10.0.0.1", head{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"a zone is dropped":                              {nil, "fe80::1%eth0", nil, "fe80::1"},
		"nonsense ends the search at the last known hop": {proxies, "10.0.0.1", head{"198.51.100.7, unknown, 10.2.2.2"}, "10.2.2.2"},
		"only proxies: the outermost":                    {proxies, "10.0.0.1", head{"10.3.3.3, 10.2.2.2"}, "10.3.3.3"},
		"an empty header":                                {proxies, "10.0.0.1", head{""}, "10.0.0.1"},
		"a header without end is not read without end":   {proxies, "10.0.0.1", head{"198.51.100.7," + strings.Repeat("10.2.2.2,", 5000) + "10.2.2.2"}, "10.2.2.2"},
	} {
		if got := c.policy.Client(c.lines, netip.MustParseAddr(c.peer)); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}
