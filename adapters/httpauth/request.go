package httpauth

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// head is a core.Head. It is one pointer, so that converting it to an interface
// does not allocate.
type head struct{ r *http.Request }

func (h head) Method() string             { return h.r.Method }
func (h head) Host() string               { return h.r.Host }
func (h head) Lines(name string) []string { return h.r.Header[name] }

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	value = h.r.PathValue(name)
	return value, value != ""
}

// Target implements core.Targeter.
func (h head) Target() string {
	if strings.HasPrefix(h.r.RequestURI, "/") {
		return h.r.RequestURI
	}
	return h.r.URL.RequestURI() // a request by its whole URL, or one that was made by hand
}

// Head returns what guards read of a request. Like Request and Write, it is for
// adapters of frameworks built on net/http.
func Head(r *http.Request) core.Head { return head{r} }

// Request returns what a route reads of a request. Its parameters are the
// request's path values.
func Request(r *http.Request) *core.Request {
	return &core.Request{
		Head:   head{r},
		Path:   r.URL.Path,
		Prefix: stripped(r),
		Query:  r.URL.Query(),
		Remote: peer(r.RemoteAddr),
		Body:   r.Body,
		Param:  r.PathValue,
	}
}

// stripped returns what a handler before this one has cut off the path.
func stripped(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, r.URL.Path) { // as nearly always
		return ""
	}
	asked, err := url.ParseRequestURI(r.RequestURI)
	if err != nil { // a request that was made by hand
		return ""
	}
	prefix, ok := strings.CutSuffix(asked.Path, r.URL.Path)
	if !ok {
		return ""
	}
	return prefix
}

// peer returns the address in a RemoteAddr, without port and zone. Middleware
// that sets RemoteAddr may leave the port out. The result is the zero Addr if
// there is no address, as with a Unix socket.
func peer(remote string) netip.Addr {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	ip, _ := netip.ParseAddr(remote)
	return ip.Unmap().WithZone("")
}
