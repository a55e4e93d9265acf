package fiberauth

import (
	"bytes"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/core"
)

// head is a core.Head. Conversions by string copy what is in fiber's memory;
// the method comes from fiber's own list.
type head struct{ c fiber.Ctx }

func (h head) Method() string { return h.c.Method() }

// Host returns the Host line, or the host of the request line if it has one
// (RFC 9112, section 3.2.2).
func (h head) Host() string {
	r := h.c.Request()
	if !bytes.HasPrefix(r.Header.RequestURI(), []byte("/")) {
		return string(r.URI().Host())
	}
	return string(r.Header.Host())
}

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	return core.PathValueOf(h.c.Route().Path, string(h.c.Request().URI().PathOriginal()), name)
}

// Target implements core.Targeter.
func (h head) Target() string {
	uri := h.c.Request().URI()
	target := string(uri.PathOriginal())
	if query := uri.QueryString(); len(query) > 0 {
		target += "?" + string(query)
	}
	return target
}

// Lines returns header lines as they were sent. fiber's accessors split
// cookies, and return a single line of Content-Type and User-Agent.
func (h head) Lines(name string) []string {
	var lines []string
	for line := range bytes.Lines(h.c.Request().Header.RawHeaders()) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(key), name) && name == http.CanonicalHeaderKey(name) {
			lines = append(lines, string(trimmed(value)))
		}
	}
	return lines
}

// trimmed returns a value without the white space that HTTP allows around it
// (RFC 9112, section 5), which is less than Unicode's.
func trimmed(value []byte) []byte { return bytes.Trim(value, " \t\r\n") }

// malformed reports whether net/http would refuse what fiber lets through: a
// header line that is folded or has a space in its name, a transfer coding
// other than "chunked", a fragment in the target, an invalid Host (RFC 3986,
// section 3.2.2), or a version that does not exist.
func malformed(c fiber.Ctx) bool {
	header := &c.Request().Header
	chunks := bytes.Equal(header.Protocol(), []byte("HTTP/1.1"))
	for line := range bytes.Lines(header.RawHeaders()) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.ContainsAny(name, " \t") {
			return true
		}
		if bytes.EqualFold(name, []byte("Transfer-Encoding")) &&
			(!chunks || !bytes.EqualFold(trimmed(value), []byte("chunked"))) {
			return true
		}
	}
	return bytes.IndexByte(header.RequestURI(), '#') >= 0 || strings.ContainsAny(head{c}.Host(), notInAHost) ||
		!bytes.HasPrefix(header.Protocol(), []byte("HTTP/1."))
}

const notInAHost = " \"#/<>?@\\^`{|}"

// request returns the Request, without Path and Param. Its body is as it was
// sent; fiber's c.Body would decompress it.
func request(c fiber.Ctx) *core.Request {
	r := c.Request()
	body := r.BodyStream()
	if body == nil {
		body = bytes.NewReader(r.Body())
	}
	query, _ := url.ParseQuery(string(r.URI().QueryString()))            // drops malformed pairs, as net/http does
	peer, _ := netip.ParseAddrPort(c.RequestCtx().RemoteAddr().String()) // zero for a Unix socket
	return &core.Request{Head: head{c}, Query: query, Remote: peer.Addr().Unmap().WithZone(""), Body: body}
}

// contextOf returns the context that the application has set, if it has a Done
// channel; otherwise one that is done when the server begins to shut down. It
// outlives the handler, as fiber streams a response's body after that.
func contextOf(c fiber.Ctx) context.Context {
	ctx := c.Context()
	if ctx.Done() != nil || c.RequestCtx().Conn() == nil { // a request made by hand has no server
		return ctx
	}
	return serving{ctx, c.RequestCtx().Done()}
}

// serving is a context that is done when its server stops. fiber's RequestCtx
// is too, but it soon belongs to another request.
type serving struct {
	context.Context
	stopped <-chan struct{}
}

func (s serving) Done() <-chan struct{} { return s.stopped }

func (s serving) Err() error {
	select {
	case <-s.stopped:
		return context.Canceled
	default:
		return nil
	}
}
