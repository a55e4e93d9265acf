package clientip_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/clientip"
)

// head is a request with these lines of headers.
type head map[string][]string

func (head) Method() string               { return "GET" }
func (head) Host() string                 { return "app.example.org" }
func (h head) Lines(name string) []string { return h[name] }

func forwardedFor(lines ...string) head { return head{"X-Forwarded-For": lines} }
func forwarded(lines ...string) head    { return head{"Forwarded": lines} }

type policy interface {
	Client(h core.Head, peer netip.Addr) netip.Addr
}

// socket is the peer at the other end of a Unix socket.
const socket = ""

func addr(s string) (a netip.Addr) {
	if s != socket {
		a = netip.MustParseAddr(s)
	}
	return a
}

func TestClient(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	proxies := clientip.Networks(networks)
	withSocket := clientip.Networks(append(networks, clientip.LocalSocket))
	cloud := clientip.Header{Name: "cf-connecting-ip", Proxies: proxies}
	cf := func(lines ...string) head { return head{"Cf-Connecting-Ip": lines, "X-Forwarded-For": {"192.0.2.99"}} }
	for name, c := range map[string]struct {
		policy policy
		peer   string
		head   head
		want   string
	}{
		"Q05 direct: every header is ignored": {clientip.Direct{}, "10.0.0.1", head{"X-Forwarded-For": {"198.51.100.7"}, "Forwarded": {"for=198.51.100.7"}}, "10.0.0.1"},
		"A10 direct: a zone is dropped":       {clientip.Direct{}, "fe80::1%eth0", nil, "fe80::1"},
		"A10 direct: mapped":                  {clientip.Direct{}, "::ffff:192.0.2.1", nil, "192.0.2.1"},
		"A11 direct: a socket":                {clientip.Direct{}, socket, forwardedFor("198.51.100.7"), socket},

		"Q05 the peer is no proxy":                           {proxies, "203.0.113.9", forwardedFor("198.51.100.7"), "203.0.113.9"},
		"Q05 the peer is a socket that is not named":         {proxies, socket, forwardedFor("198.51.100.7"), socket},
		"A11 the peer is a socket that is named":             {withSocket, socket, forwardedFor("203.0.113.5, 198.51.100.7"), "198.51.100.7"},
		"A11 a chain before the socket":                      {withSocket, socket, forwardedFor("198.51.100.7, 10.1.1.1"), "198.51.100.7"},
		"A11 a socket without header":                        {withSocket, socket, nil, socket},
		"one proxy":                                          {proxies, "10.0.0.1", forwardedFor("198.51.100.7"), "198.51.100.7"},
		"Q05 what the client claims itself is not believed":  {proxies, "10.0.0.1", forwardedFor("1.1.1.1, 198.51.100.7"), "198.51.100.7"},
		"a chain, in one line and in several":                {proxies, "10.0.0.1", forwardedFor("1.1.1.1, 198.51.100.7, 10.9.9.9", "fd00::1"), "198.51.100.7"},
		"Q05 a spoof in a line before":                       {proxies, "10.0.0.1", forwardedFor("1.1.1.1", "198.51.100.7"), "198.51.100.7"},
		"A10 brackets and a port":                            {proxies, "10.0.0.1", forwardedFor("[2001:db8::1]:443"), "2001:db8::1"},
		"A10 brackets":                                       {proxies, "10.0.0.1", forwardedFor("[2001:db8::1]"), "2001:db8::1"},
		"a port":                                             {proxies, "10.0.0.1", forwardedFor("198.51.100.7:4711"), "198.51.100.7"},
		"A10 an IPv4 address in IPv6 form":                   {proxies, "::ffff:10.0.0.1", forwardedFor("::ffff:198.51.100.7"), "198.51.100.7"},
		"A10 a network in IPv6 form":                         {clientip.Networks([]netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}), "10.0.0.1", forwardedFor("198.51.100.7"), "198.51.100.7"},
		"A10 a zone in the header":                           {proxies, "10.0.0.1", forwardedFor("fe80::1%eth0"), "fe80::1"},
		"A10 a proxy with a zone":                            {clientip.Networks([]netip.Prefix{netip.MustParsePrefix("fe80::/10")}), "fe80::1%eth0", forwardedFor("198.51.100.7"), "198.51.100.7"},
		"empty elements":                                     {proxies, "10.0.0.1", forwardedFor(", 198.51.100.7, ,", "", " , 10.2.2.2,"), "198.51.100.7"},
		"nonsense ends the search at the last known hop":     {proxies, "10.0.0.1", forwardedFor("198.51.100.7, unknown, 10.2.2.2"), "10.2.2.2"},
		"an obfuscated name does too":                        {proxies, "10.0.0.1", forwardedFor("198.51.100.7, _SEVKISEK, 10.2.2.2"), "10.2.2.2"},
		"halves of brackets":                                 {proxies, "10.0.0.1", forwardedFor("[198.51.100.7"), "10.0.0.1"},
		"IPv4 in brackets":                                   {proxies, "10.0.0.1", forwardedFor("[198.51.100.7]"), "10.0.0.1"},
		"a port that is none":                                {proxies, "10.0.0.1", forwardedFor("198.51.100.7:66666"), "10.0.0.1"},
		"a network":                                          {proxies, "10.0.0.1", forwardedFor("2001:db8::/32"), "10.0.0.1"},
		"only proxies: the outermost":                        {proxies, "10.0.0.1", forwardedFor("10.3.3.3, 10.2.2.2"), "10.3.3.3"},
		"an empty header":                                    {proxies, "10.0.0.1", forwardedFor(""), "10.0.0.1"},
		"a header without end is not read without end":       {proxies, "10.0.0.1", forwardedFor("198.51.100.7," + strings.Repeat("10.2.2.2,", 5000) + "10.2.2.2"), "10.2.2.2"},
		"Forwarded":                                          {proxies, "10.0.0.1", forwarded(`for=1.1.1.1, For="198.51.100.7:4711";proto=https;by=10.0.0.1`), "198.51.100.7"},
		"Forwarded, IPv6":                                    {proxies, "10.0.0.1", forwarded(`proto=https; for="[2001:db8:cafe::17]:4711"`, `for=10.1.1.1`), "2001:db8:cafe::17"},
		"Q05 Forwarded: an open quote hides nothing":         {proxies, "10.0.0.1", forwarded(`for=", for=198.51.100.7`), "198.51.100.7"},
		"Q05 Forwarded: a comma in quotes parts nothing":     {proxies, "10.0.0.1", forwarded(`for=1.1.1.1, for=198.51.100.7;host="a, for=2.2.2.2"`), "198.51.100.7"},
		"Q05 Forwarded: two nodes in an element":             {proxies, "10.0.0.1", forwarded(`for=1.1.1.1;for=198.51.100.7`), "10.0.0.1"},
		"Forwarded: obfuscated":                              {proxies, "10.0.0.1", forwarded(`for=198.51.100.7, for=_hidden`), "10.0.0.1"},
		"Q05 X-Forwarded-For wins over Forwarded":            {proxies, "10.0.0.1", head{"X-Forwarded-For": {"198.51.100.7"}, "Forwarded": {"for=1.1.1.1"}}, "198.51.100.7"},
		"Q05 hops: the n-th from the right":                  {clientip.Hops(2), "203.0.113.1", forwardedFor("1.1.1.1, 198.51.100.7, 203.0.113.8"), "198.51.100.7"},
		"hops: one":                                          {clientip.Hops(1), "203.0.113.1", forwardedFor("1.1.1.1", "198.51.100.7"), "198.51.100.7"},
		"A11 hops: a socket":                                 {clientip.Hops(1), socket, forwardedFor("1.1.1.1, 198.51.100.7"), "198.51.100.7"},
		"hops: a header that is too short":                   {clientip.Hops(2), "203.0.113.1", forwardedFor("198.51.100.7"), "203.0.113.1"},
		"hops: no header":                                    {clientip.Hops(1), "203.0.113.1", nil, "203.0.113.1"},
		"hops: no address there":                             {clientip.Hops(1), "203.0.113.1", forwardedFor("198.51.100.7, unknown"), "203.0.113.1"},
		"hops: a nearer one that hides its address":          {clientip.Hops(2), "203.0.113.1", forwardedFor("198.51.100.7, unknown"), "198.51.100.7"},
		"hops: empty elements do not count":                  {clientip.Hops(2), "203.0.113.1", forwardedFor("1.1.1.1, 198.51.100.7, , 203.0.113.8,"), "198.51.100.7"},
		"header: of a proxy":                                 {cloud, "10.0.0.1", cf("198.51.100.7"), "198.51.100.7"},
		"header: with a port":                                {cloud, "10.0.0.1", cf("[2001:db8::1]:443"), "2001:db8::1"},
		"A11 header: of a socket":                            {clientip.Header{Name: "CF-Connecting-IP"}, socket, cf("198.51.100.7"), "198.51.100.7"},
		"Q05 header: of a peer that is no proxy":             {cloud, "203.0.113.9", cf("198.51.100.7"), "203.0.113.9"},
		"Q05 header: networks are named for peers with ones": {clientip.Header{Name: "CF-Connecting-IP"}, "10.0.0.1", cf("198.51.100.7"), "10.0.0.1"},
		"Q05 header: twice":                                  {cloud, "10.0.0.1", cf("1.1.1.1", "198.51.100.7"), "10.0.0.1"},
		"Q05 header: a list":                                 {cloud, "10.0.0.1", cf("1.1.1.1, 198.51.100.7"), "10.0.0.1"},
		"header: absent":                                     {cloud, "10.0.0.1", forwardedFor("198.51.100.7"), "10.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.policy.Client(c.head, addr(c.peer)); got != addr(c.want) {
				t.Errorf("got %v, want %v", got, addr(c.want))
			}
		})
	}
}
