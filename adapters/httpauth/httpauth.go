// Package httpauth mounts Latchkey on net/http, and on every router whose
// handlers are http.Handler. auth stands for a *latchkey.Auth:
//
//	mux := http.NewServeMux()
//	httpauth.Mount(mux, "/users", auth.Users())
//	plan := func(w http.ResponseWriter, r *http.Request) {
//		u, _ := httpauth.CurrentUser[Account](r)
//		fmt.Fprintln(w, u.FullName)
//	}
//	guard := httpauth.Require(auth)
//	mux.Handle("GET /plan", guard(http.HandlerFunc(plan)))
//
// Security notes. A handler behind Require starts only after the request was
// admitted. The peer's address is the connection's: X-Forwarded-For and its
// like are read by nobody here. The ResponseWriter is passed on as it is, so
// streaming and upgrades work behind Require. A CORS middleware goes around
// Require, since a preflight carries no credentials. Paths of routes that the
// ServeMux does not know, and wrong methods, are answered by the ServeMux
// itself.
package httpauth

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on mux, at prefix and the route's
// pattern. prefix is empty, or begins with a slash and does not end with one;
// another one panics, as ServeMux does for what it cannot serve. A group's root
// answers at prefix with and without a trailing slash, and at nothing below it.
// HEAD answers where GET does. A path that is not core.IsPlainPath is 404.
//
// An application's own route that is more specific wins ("DELETE /users/me"
// over the group's "DELETE /users/{id}"); one that is equal panics.
func Mount(mux *http.ServeMux, prefix string, groups ...core.Group) {
	if prefix != "" && (prefix[0] != '/' || strings.HasSuffix(prefix, "/")) {
		panic(fmt.Sprintf("httpauth: prefix %q must be empty, or begin with a slash and not end with one", prefix))
	}
	for _, g := range groups {
		for _, b := range g {
			h := Handler(b)
			if path := prefix + b.Pattern; path != "" {
				mux.Handle(b.Method+" "+path, h)
			}
			if b.Pattern == "" {
				mux.Handle(b.Method+" "+prefix+"/{$}", h) // "/" alone would be the whole subtree
			}
		}
	}
}

// Handler serves one route. Mount does this for ServeMux; for another router,
// register Handler at the route's method and pattern, and let the router hand
// over path parameters, percent-decoded, by the request's SetPathValue. A path
// that is not core.IsPlainPath is 404.
func Handler(b core.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !core.IsPlainPath(r.URL.EscapedPath()) {
			http.NotFound(w, r)
			return
		}
		Write(w, r, b.Serve(r.Context(), Request(r)))
	})
}

// Require lets a request through if its user satisfies the guards, all of them,
// and answers for the handler if not (400, 401, 403, 503). An active user is
// always asked for. The guards are resolved now, once; one that cannot work
// panics.
func Require(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is Require, except that a request without a good credential goes on,
// and CurrentUser is false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser is the user who is asking, in a handler behind Require or
// Optional. See core.CurrentUser.
func CurrentUser[U any](r *http.Request) (*U, bool) {
	return core.CurrentUser[U](r.Context())
}

func guarded(
	h core.FrontDoor, resolve func(context.Context, core.Head) (context.Context, error),
) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, err := resolve(r.Context(), Head(r))
			if err != nil {
				Write(w, r, h.Render(r.Context(), err))
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
