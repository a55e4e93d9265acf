package httpauth

import (
	"net/http"
	"net/netip"

	"github.com/latchkey-go/latchkey/core"
)

// head is a core.Head. One pointer, so that it becomes an interface without an
// allocation.
type head struct{ r *http.Request }

func (h head) Method() string             { return h.r.Method }
func (h head) Host() string               { return h.r.Host }
func (h head) Lines(name string) []string { return h.r.Header[name] }

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	value = h.r.PathValue(name)
	return value, value != ""
}

// Head is what guards read of a request. Like Request and Write, it is for
// adapters of frameworks that stand on net/http.
func Head(r *http.Request) core.Head { return head{r} }

// Request is what a route reads of a request. Its parameters are the request's
// path values.
func Request(r *http.Request) *core.Request {
	return &core.Request{
		Head:   head{r},
		Path:   r.URL.Path,
		Query:  r.URL.Query(),
		Remote: peer(r.RemoteAddr),
		Body:   r.Body,
		Param:  r.PathValue,
	}
}

// peer is the address in a RemoteAddr, without port and zone. Middleware that
// sets RemoteAddr may leave the port away. The zero Addr stands for what is no
// address, such as a Unix socket's.
func peer(remote string) netip.Addr {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	ip, _ := netip.ParseAddr(remote)
	return ip.Unmap().WithZone("")
}
