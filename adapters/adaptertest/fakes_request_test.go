package adaptertest

import (
	"bytes"
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
		{"an IPv4 address stays mapped", "A10", handed(func(r *core.Request) { r.Remote = netip.AddrFrom16(r.Remote.As16()) })},
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
		{"the length of a body is lost", "an unread body", func(a *adapter) {
			a.listen = func(ln net.Listener) net.Listener { return forgetful{ln} }
		}},
		{"the body may be nil", "a Request is complete", handed(func(r *core.Request) { r.Body = nil })},
	}
}

// sharedBuffer keeps every request's Path in the same bytes, as frameworks do that promise no string beyond the request.
func sharedBuffer() func(r *core.Request) {
	buffer := make([]byte, 256)
	return func(r *core.Request) {
		n := copy(buffer, r.Path)
		r.Path = unsafe.String(&buffer[0], n)
	}
}

// forgetful makes net/http blind for Content-Length.
type forgetful struct{ net.Listener }

func (l forgetful) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return blindConn{c}, err
}

type blindConn struct{ net.Conn }

func (c blindConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	copy(b, bytes.ReplaceAll(b[:n], []byte("Content-Length"), []byte("Nontent-Length")))
	return n, err
}
