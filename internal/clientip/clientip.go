// Package clientip finds the address of the client behind the proxies of an
// application.
//
//	policy := clientip.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
//	client := policy.Client(head, peer)
//
// Security notes: a forwarding header is read only where a trusted proxy sent
// it, and from the right, as each proxy appends the address that it saw: what
// stands further left the client may have made up (CWE-348). Where nothing can
// be believed the answer is the peer, which may be the zero Addr, for a Unix
// socket.
package clientip

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// Direct believes no header: the peer is the client.
type Direct struct{}

// Client implements latchkey.ClientIP.
func (Direct) Client(_ core.Head, peer netip.Addr) netip.Addr { return plain(peer) }

// LocalSocket among the networks of Proxies stands for peers without an
// address.
var LocalSocket netip.Prefix

// Proxies are the networks of trusted proxies. The client is the first address
// from the right that is not of one of them.
type Proxies []netip.Prefix

// Client implements latchkey.ClientIP. What is no address ends the search: the
// client is then the outermost proxy that is known.
func (p Proxies) Client(h core.Head, peer netip.Addr) netip.Addr {
	client := plain(peer)
	if !p.trusts(client) {
		return client
	}
	for hop := range hops(h) {
		addr, ok := parse(hop)
		if !ok {
			return client
		}
		if client = addr; !p.trusts(client) {
			return client
		}
	}
	return client
}

func (p Proxies) trusts(a netip.Addr) bool {
	if !a.IsValid() {
		return slices.Contains(p, LocalSocket)
	}
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Check implements latchkey.ClientIPChecker.
func (p Proxies) Check() error {
	if len(p) == 0 {
		return errors.New("Proxies needs the networks of the proxies")
	}
	for _, n := range p {
		if n != LocalSocket && !n.IsValid() {
			return fmt.Errorf("Proxies: %v is no network", n)
		}
	}
	return nil
}

// Hops is the number of proxies that every request comes through, whatever
// their addresses. The client is so many places from the right.
type Hops int

// Client implements latchkey.ClientIP. A header that is shorter, or has no
// address there, did not come through all of them, and is not believed.
func (n Hops) Client(h core.Head, peer netip.Addr) netip.Addr {
	rest := int(n)
	for hop := range hops(h) {
		if rest--; rest > 0 {
			continue
		}
		if addr, ok := parse(hop); ok {
			return addr
		}
		break
	}
	return plain(peer)
}

// Check implements latchkey.ClientIPChecker.
func (n Hops) Check() error {
	if n < 1 || n > maxHops {
		return fmt.Errorf("Hops must be from 1 to %d", maxHops)
	}
	return nil
}

// Header is a header that holds the client's address and nothing else, set by
// proxies of the networks, or by a peer without an address.
type Header struct {
	Name    string
	Proxies Proxies
}

// Client implements latchkey.ClientIP. A header that is there twice is not
// believed.
func (n Header) Client(h core.Head, peer netip.Addr) netip.Addr {
	client := plain(peer)
	if client.IsValid() && !n.Proxies.trusts(client) {
		return client
	}
	if addr, ok := parse(core.Line(h, http.CanonicalHeaderKey(n.Name))); ok {
		return addr
	}
	return client
}

// Check implements latchkey.ClientIPChecker.
func (n Header) Check() error {
	if n.Name == "" {
		return errors.New("Header needs a name")
	}
	if len(n.Proxies) == 0 {
		return nil
	}
	return n.Proxies.Check()
}

// Networks returns prefixes as peers are compared with them: IPv4 in its own
// form.
func Networks(prefixes []netip.Prefix) Proxies {
	all := make(Proxies, len(prefixes))
	for i, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		all[i] = p
	}
	return all
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
