// Package chiauth mounts Latchkey on a chi router. auth stands for a
// *latchkey.Auth:
//
//	r := chi.NewRouter()
//	chiauth.Mount(r, "/users", auth.Users())
//	plan := func(w http.ResponseWriter, r *http.Request) {
//		u, _ := chiauth.CurrentUser[Account](r)
//		fmt.Fprintln(w, u.FullName)
//	}
//	r.With(chiauth.Require(auth)).Get("/plan", plan)
//
// Security notes. They are those of httpauth, whose handlers these are.
// Middleware that sets RemoteAddr from a header, as chi's RealIP does, lets
// clients choose the address that rate limits count: leave it away and use
// Latchkey's ClientIP option.
package chiauth

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on r itself, at prefix and the
// route's pattern, so that they are in chi's own listing and under r's
// prefixes, groups and middleware. prefix is empty, or begins with a slash and
// does not end with one; another one panics. A group's root answers at prefix
// with and without a trailing slash. HEAD is registered beside GET.
//
// chi lets the route that was registered last win where two are equal; an
// application's own that is more specific wins anyway.
func Mount(r chi.Router, prefix string, groups ...core.Group) {
	httpauth.Mount(http.NewServeMux(), prefix, groups...) // it panics for what cannot be served
	for _, g := range groups {
		for _, b := range g {
			h := decoded(httpauth.Handler(b))
			if path := prefix + b.Pattern; path != "" {
				register(r, b.Method, path, h)
			}
			if b.Pattern == "" {
				register(r, b.Method, prefix+"/", h)
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
// path as it was sent, where net/http has kept that.
func decoded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at := chi.RouteContext(r.Context()); at != nil && r.URL.RawPath != "" {
			params := at.URLParams
			for i, name := range params.Keys {
				value, _ := url.PathUnescape(params.Values[i]) // net/http has refused what is malformed
				r.SetPathValue(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Require lets a request through if its user satisfies the guards, all of them,
// and answers for the handler if not (400, 401, 403, 503). An active user is
// always asked for. The guards are resolved now, once; one that cannot work
// panics.
func Require(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(httpauth.Require(h, guards...))
}

// Optional is Require, except that a request without a good credential goes on,
// and CurrentUser is false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(httpauth.Optional(h, guards...))
}

// guarded lets guards see the values of the path decoded.
func guarded(verb func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return decoded(verb(next)) }
}

// CurrentUser is the user who is asking, in a handler behind Require or
// Optional. See core.CurrentUser.
func CurrentUser[U any](r *http.Request) (*U, bool) {
	return httpauth.CurrentUser[U](r)
}
