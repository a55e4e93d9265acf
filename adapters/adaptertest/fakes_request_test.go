package adaptertest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"unsafe"

	"github.com/latchkey-go/latchkey/core"
)

func requestFakes() []fake {
	return []fake{
		{"Path is raw", "Path is decoded", request(func(r *http.Request) {
			r.URL.Path, r.URL.RawPath = strings.ReplaceAll(r.URL.Path, " ", "%20"), ""
		})},
		{"Query has one value a name", "Query holds", handed(func(r *core.Request) {
			for name, values := range r.Query {
				r.Query[name] = values[:1]
			}
		})},
		{"the second Authorization line is swallowed", "P10", request(func(r *http.Request) {
			if lines := r.Header["Authorization"]; len(lines) > 1 {
				r.Header["Authorization"] = lines[:1]
			}
		})},
		{"a long header is cut", "J17", request(func(r *http.Request) {
			for i, line := range r.Header["Authorization"] {
				r.Header["Authorization"][i] = line[:min(len(line), 4096)]
			}
		})},
		{"cookies are parsed and written again", "S10", request(func(r *http.Request) {
			cookies := r.Cookies()
			r.Header.Del("Cookie")
			for _, c := range cookies {
				r.AddCookie(c)
			}
		})},
		{"lines are joined", "C08", request(func(r *http.Request) {
			for name, lines := range r.Header {
				r.Header[name] = []string{strings.Join(lines, ", ")}
			}
		})},
		{"an underscore is a dash", "A02 an underscore", request(func(r *http.Request) {
			for name, lines := range r.Header {
				r.Header[http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))] = lines
			}
		})},
		{"X-Forwarded-Host is believed", "R05", request(func(r *http.Request) {
			if h := r.Header.Get("X-Forwarded-Host"); h != "" {
				r.Host = h
			}
		})},
		{"an IPv4 address stays mapped", "A10", handed(func(r *core.Request) {
			if r.Remote.IsValid() {
				r.Remote = netip.AddrFrom16(r.Remote.As16())
			}
		})},
		{"a socket is the machine itself", "A11", handed(func(r *core.Request) {
			if !r.Remote.IsValid() {
				r.Remote = netip.IPv6Loopback()
			}
		})},
		{"X-Forwarded-For is believed", "Q05", request(func(r *http.Request) {
			if ip := r.Header.Get("X-Forwarded-For"); ip != "" {
				r.RemoteAddr = ip + ":1"
			}
		})},
		{"a body is cut", "a body is delivered", handed(func(r *core.Request) { r.Body = io.LimitReader(r.Body, 1024) })},
		{"DELETE may not have a body", "a route may leave", instead(func(w http.ResponseWriter, r *http.Request) bool {
			refused := r.Method == http.MethodDelete && r.ContentLength > 0
			if refused {
				w.WriteHeader(400)
			}
			return refused
		})},
		{"the connection stays open after a 413", "P01", func(a *adapter) {
			a.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(statusWriter{w, func(status int) int {
						w.Header().Del("Connection")
						return status
					}}, r)
				})
			}
		}},
		{"strings share a buffer", "A01", handed(sharedBuffer())},
		{"buffers are recycled", "A01 thousands", routes(recycledBuffers())},
		{"the length of a body is lost", "an unread body", onWire("Content-Length", "Nontent-Length")},
		{"the last Host wins", "R05 a request has", onWire("Host: app.example\r\nHost: ", "Xost: app.example\r\nHost: ")},
		{"a name is trimmed", "A07 what can be read", onWire("Authorization :", "Authorization: ")},
		{"a length counts more than chunks", "A07 what a recipient", onWire("Transfer-Encoding: chunked\r\nContent-Length: 3", "Xransfer-Encoding: chunked\r\nContent-Length: 3")},
		{"the first of two tokens counts", "P10 there is one", firstLine("Authorization")},
		{"the first of two Cookie lines counts", "S10 S11 there is one", firstLine("Cookie")},
		{"the first of two Origins counts", "C01", firstLine("Origin")},
		{"the first of two types counts", "P02", firstLine("Content-Type")},
		{"the body may be nil", "a Request is complete", handed(func(r *core.Request) { r.Body = nil })},
	}
}

func firstLine(name string) func(*adapter) {
	return request(func(r *http.Request) {
		if lines := r.Header[name]; len(lines) > 1 {
			r.Header[name] = lines[:1]
		}
	})
}

// recycledBuffers puts each request's Path in bytes that are reused for a later
// request.
func recycledBuffers() func(b *core.Endpoint) {
	free := make(chan []byte, 100)
	for range cap(free) {
		free <- make([]byte, 256)
	}
	return func(b *core.Endpoint) {
		serve := b.Serve
		b.Serve = func(ctx context.Context, r *core.Request) *core.Response {
			buffer := <-free
			defer func() { free <- buffer }()
			n := copy(buffer, r.Path)
			r.Path = unsafe.String(&buffer[0], n)
			return serve(ctx, r)
		}
	}
}

// sharedBuffer keeps every request's Path in the same bytes, as frameworks do
// whose strings are only valid during the request.
func sharedBuffer() func(r *core.Request) {
	buffer := make([]byte, 256)
	return func(r *core.Request) {
		n := copy(buffer, r.Path)
		r.Path = unsafe.String(&buffer[0], n)
	}
}

// onWire edits the bytes that a server reads.
func onWire(from, to string) func(*adapter) {
	return func(a *adapter) {
		a.listen = func(ln net.Listener) net.Listener { return editingListener{ln, []byte(from), []byte(to)} }
	}
}

type editingListener struct {
	net.Listener
	from, to []byte
}

func (l editingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return editingConn{c, l}, err
}

type editingConn struct {
	net.Conn
	l editingListener
}

func (c editingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	copy(b, bytes.ReplaceAll(b[:n], c.l.from, c.l.to))
	return n, err
}
