package httpauth

import (
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// JSONErrors returns a handler that serves mux, and responds to paths without a
// route with a 404 and {"detail": "Not Found"}, and to wrong methods with a
// 405, Allow and {"detail": "Method Not Allowed"}, as Latchkey's routes respond
// to errors.
func JSONErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusal, pattern := mux.Handler(r); pattern == "" {
			verdict := &status{header: http.Header{}}
			refusal.ServeHTTP(verdict, r)
			switch verdict.code {
			case http.StatusNotFound:
				NotFound(w, r)
				return
			case http.StatusMethodNotAllowed:
				w.Header()["Allow"] = verdict.header["Allow"]
				MethodNotAllowed(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// status keeps the head of a response.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

// NotFound responds with a 404 and {"detail": "Not Found"}, for routers that
// take a handler for paths without a route.
func NotFound(w http.ResponseWriter, r *http.Request) { Write(w, r, core.Plain(http.StatusNotFound)) }

// MethodNotAllowed responds with a 405 and {"detail": "Method Not Allowed"},
// for routers that take a handler for wrong methods. The router, or the caller,
// has set Allow.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	Write(w, r, core.Plain(http.StatusMethodNotAllowed))
}

// WithoutSlash redirects from a path with one slash too many at its end to the
// path without it; see core.WithoutSlash. Mount uses it for ServeMux. With
// another router, register it at the paths of core.Slashed, with a slash at the
// end, for every method.
func WithoutSlash(w http.ResponseWriter, r *http.Request) {
	resp, ok := core.WithoutSlash(r.URL.EscapedPath(), r.URL.RawQuery)
	if !ok {
		NotFound(w, r)
		return
	}
	Write(w, r, resp)
}

// Methods returns the methods of HTTP (RFC 9110, section 9.3, and RFC 5789),
// for adapters of routers that know a route by its method.
func Methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
}
