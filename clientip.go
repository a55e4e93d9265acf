package latchkey

import (
	"log/slog"
	"net/netip"
	"sync/atomic"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/clientip"
)

// ClientIP is the policy by which the client's address is found: [Direct],
// [Proxies], [Hops] or [Header]. Limits count by it, and sessions are labelled
// with it. Client returns the address nearest to the client that is known for
// sure; peer is the one that is connected, the zero Addr for a Unix socket. It
// is called for every request to a route, and concurrently.
type ClientIP interface {
	Client(h core.Head, peer netip.Addr) netip.Addr
}

// ClientIPChecker is a ClientIP whose settings can be wrong (optional). New
// calls Check once, and its error joins those of the options.
type ClientIPChecker interface {
	Check() error
}

var (
	_ ClientIPChecker = clientip.Networks(nil)
	_ ClientIPChecker = clientip.Hops(0)
	_ ClientIPChecker = clientip.Header{}
)

// Direct is the default: no proxy stands before the application, the peer is
// the client, and forwarding headers are ignored. Behind a proxy all clients
// are one to limits then.
var Direct ClientIP = clientip.Direct{}

// LocalSocket among the networks of Proxies stands for peers without an
// address: a proxy on the same machine that is connected by a Unix socket.
var LocalSocket netip.Prefix = clientip.LocalSocket

// Proxies trusts proxies by their networks. X-Forwarded-For, or Forwarded (RFC
// 7239) where that is absent, is read from the right, as far as trusted proxies
// vouch for it: a client cannot choose its address.
func Proxies(networks ...netip.Prefix) ClientIP { return clientip.Networks(networks) }

// Hops trusts the number of proxies that every request comes through, for where
// their addresses are not known. The client is the n-th address from the right
// of X-Forwarded-For, or of Forwarded where that is absent; where there are
// fewer, it is the peer. Nobody else may reach the application: a client that
// goes around the proxies chooses its address.
func Hops(n int) ClientIP { return clientip.Hops(n) }

// Header trusts a header that holds the client's address alone, such as
// CF-Connecting-IP or X-Real-IP, where a proxy of the networks sent it, or one
// that is connected by a Unix socket. The proxy must set it on every request,
// in place of one that the client sent.
func Header(name string, networks ...netip.Prefix) ClientIP {
	return clientip.Header{Name: name, Proxies: clientip.Networks(networks)}
}

// clients finds the clients of requests, and warns once of each sign that the
// policy is not the one that the application needs.
type clients struct {
	policy ClientIP
	log    *slog.Logger

	noAddress, ignored atomic.Bool // warned
}

func (c *clients) of(r *core.Request) netip.Addr {
	client := c.policy.Client(r, r.Remote)
	switch {
	case !client.IsValid():
		if c.noAddress.CompareAndSwap(false, true) {
			c.log.Warn("latchkey: requests come from a peer without an address (a Unix socket?): " +
				"limits count all clients as one; set Options.ClientIP")
		}
	case !c.ignored.Load() && client == r.Remote && forwarded(r) && c.ignored.CompareAndSwap(false, true):
		c.log.Warn("latchkey: a forwarding header came from a peer whose header is not believed; "+
			"if the peer is a proxy of yours, limits count all its clients as one: set Options.ClientIP", "peer", r.Remote)
	}
	return client
}

// forwarded reports whether a proxy, or a client, has sent the address of
// another.
func forwarded(h core.Head) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if len(h.Lines(name)) > 0 {
			return true
		}
	}
	return false
}
