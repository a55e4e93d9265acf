// Package chiauth mounts Latchkey on a chi router. In this example auth stands
// for a *latchkey.Auth:
//
//	r := chi.NewRouter()
//	chiauth.Mount(r, "/users", auth.Users())
//	plan := func(w http.ResponseWriter, r *http.Request) {
//		u, _ := chiauth.CurrentUser[Account](r)
//		fmt.Fprintln(w, u.FullName)
//	}
//	r.With(chiauth.Require(auth)).Get("/plan", plan)
//
// Security notes. The handlers are those of httpauth; see its security notes.
// Middleware that sets RemoteAddr from a header, such as chi's RealIP, lets
// clients choose the address that rate limits count: leave it out and use
// Latchkey's ClientIP option.
package chiauth

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on r itself, at prefix, the group's
// own prefix (core.Group.At) and the route's pattern, so that they appear in
// chi's own route list and under r's prefixes, groups and middleware. prefix is
// empty, or begins with a slash and does not end with one; Mount panics on any
// other. The root of a group answers at prefix with and without a trailing
// slash; another route is redirected (307) from its path with a slash at the
// end to the one without. HEAD is registered along with GET.
//
// If two routes are equal, chi uses the one registered last, except that a
// redirect replaces nothing; a more specific route of the application always
// wins.
func Mount(r chi.Router, prefix string, groups ...core.Group) {
	httpauth.Mount(http.NewServeMux(), prefix, groups...) // panics on what cannot be served
	for _, g := range groups {
		for _, b := range g {
			h, whole := decoded(httpauth.Handler(b)), prefix+b.Prefix
			if path := whole + b.Pattern; path != "" {
				register(r, b.Method, path, h)
			}
			if b.Pattern == "" {
				register(r, b.Method, whole+"/", h)
			}
		}
	}
	redirect(r, prefix, groups)
}

// redirect registers what nobody has registered.
func redirect(r chi.Router, prefix string, groups []core.Group) {
	taken := map[string]map[string]http.Handler{}
	for _, route := range r.Routes() {
		taken[route.Pattern] = route.Handlers
	}
	for _, path := range core.Slashed(groups...) {
		path = prefix + path + "/"
		for _, method := range httpauth.Methods() {
			if taken[path][method] == nil {
				r.Method(method, path, http.HandlerFunc(httpauth.WithoutSlash))
			}
		}
	}
}

func register(r chi.Router, method, path string, h http.Handler) {
	r.Method(method, path, h)
	if method == http.MethodGet {
		r.Method(http.MethodHead, path, h)
	}
}

// decoded undoes the percent-encoding of path values: chi takes them from the
// raw path if net/http kept it.
func decoded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" { // seldom, and a look into the context costs each request
			decodeParams(r)
		}
		next.ServeHTTP(w, r)
	})
}

func decodeParams(r *http.Request) {
	at := chi.RouteContext(r.Context())
	if at == nil {
		return
	}
	for i, name := range at.URLParams.Keys {
		value, _ := url.PathUnescape(at.URLParams.Values[i]) // net/http has refused malformed escapes
		r.SetPathValue(name, value)
	}
}

// Require returns middleware that lets a request through if its user is active
// and satisfies all guards, and otherwise responds in place of the handler
// (400, 401, 403, 503). The guards are resolved once, by this call; a guard
// that cannot work panics.
func Require(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(httpauth.Require(h, guards...))
}

// Optional is like Require, except that a request without a valid credential is
// let through too, and CurrentUser reports false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(httpauth.Optional(h, guards...))
}

// guarded lets guards see the values of the path decoded.
func guarded(verb func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return decoded(verb(next)) }
}

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional, and reports whether there is one. See core.CurrentUser.
func CurrentUser[U any](r *http.Request) (*U, bool) {
	return httpauth.CurrentUser[U](r)
}

// Write sends a response, such as that of Manager.Login or one made by
// core.HTML.
func Write(w http.ResponseWriter, r *http.Request, resp *core.Response) { httpauth.Write(w, r, resp) }

// NotFound responds with a 404 and {"detail": "Not Found"}, as Latchkey's
// routes respond to errors:
//
//	r.NotFound(chiauth.NotFound)
//	r.MethodNotAllowed(chiauth.MethodNotAllowed)
func NotFound(w http.ResponseWriter, r *http.Request) { httpauth.NotFound(w, r) }

// MethodNotAllowed responds with a 405, Allow and {"detail": "Method Not
// Allowed"}.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	if at := chi.RouteContext(r.Context()); at != nil && at.Routes != nil {
		path := cmp.Or(r.URL.RawPath, r.URL.Path)
		for _, method := range httpauth.Methods() {
			if at.Routes.Match(chi.NewRouteContext(), method, path) {
				w.Header().Add("Allow", method)
			}
		}
	}
	httpauth.MethodNotAllowed(w, r)
}
