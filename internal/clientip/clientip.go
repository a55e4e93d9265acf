// Package clientip finds the address of the client behind proxies that the application trusts by name.
//
//	client := clientip.Policy{netip.MustParsePrefix("10.0.0.0/8")}.Client(head, peer)
//
// Security notes: without a trusted proxy every forwarding header is ignored; with one, X-Forwarded-For is read from the right and only as
// far as trusted proxies vouch for it, so a client cannot choose its address (CWE-348).
package clientip

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// maxHops bounds the work on a header that a client may have filled.
const maxHops = 32

// Policy lists the networks of trusted proxies.
type Policy []netip.Prefix

// Client is the address nearest to the client that is known for sure; peer itself unless peer is a trusted proxy.
func (p Policy) Client(h core.Head, peer netip.Addr) netip.Addr {
	client := peer.Unmap().WithZone("")
	if !p.trusts(client) {
		return client
	}
	lines := h.Lines("X-Forwarded-For")
	hops := 0
	for _, line := range slices.Backward(lines) {
		for line != "" && hops < maxHops {
			var hop string
			if i := strings.LastIndexByte(line, ','); i >= 0 {
				line, hop = line[:i], line[i+1:]
			} else {
				line, hop = "", line
			}
			hops++
			addr, ok := parse(strings.TrimSpace(hop))
			if !ok {
				return client
			}
			client = addr
			if !p.trusts(client) {
				return client
			}
		}
	}
	return client
}

func (p Policy) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// parse reads an address, with or without a port.
func parse(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
