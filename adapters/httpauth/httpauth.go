// Package httpauth mounts Latchkey on net/http, and on every router whose
// handlers are http.Handlers. In this example auth stands for a *latchkey.Auth:
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
// admitted. The peer's address is the connection's: this package never reads
// X-Forwarded-For or similar headers. The ResponseWriter is passed on as is, so
// streaming and upgrades work behind Require. A CORS middleware goes around
// Require, since a preflight request carries no credentials. The ServeMux
// itself responds to paths without a route and to wrong methods.
package httpauth

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on mux, at prefix, the group's own
// prefix (core.Group.At) and the route's pattern. prefix is empty, or begins
// with a slash and does not end with one; Mount panics on any other, as
// ServeMux does on what it cannot serve. The root of a group answers at prefix
// with and without a trailing slash, and at nothing below it; another route is
// redirected (307) from its path with a slash at the end to the one without,
// for its method. HEAD is answered wherever GET is. A path for which
// core.IsPlainPath is false gets a 404.
//
// An application's own route wins if it is more specific ("DELETE /users/me"
// over the group's "DELETE /users/{id}"); an equal one panics. What overlaps
// with a redirect alone, such as the subtree "/users/avatars/" with
// "/users/{id}/", wins if it is registered before Mount, and panics after it.
func Mount(mux *http.ServeMux, prefix string, groups ...core.Group) {
	check(prefix)
	for _, g := range groups {
		for _, b := range g {
			check(b.Prefix)
			h, whole := Handler(b), prefix+b.Prefix
			if path := whole + b.Pattern; path != "" {
				mux.Handle(b.Method+" "+path, h)
			}
			if b.Pattern == "" {
				mux.Handle(b.Method+" "+whole+"/{$}", h) // "/" alone would match the whole subtree
			}
		}
	}
	redirect(mux, prefix, groups)
}

// redirect registers the redirects for the methods of the routes alone: for
// another one ServeMux would first redirect from the path without a slash to
// the one with it.
func redirect(mux *http.ServeMux, prefix string, groups []core.Group) {
	slashed := core.Slashed(groups...)
	for _, b := range slices.Concat(groups...) {
		if path := b.Prefix + b.Pattern; slices.Contains(slashed, path) {
			handleIfFree(mux, b.Method+" "+prefix+path+"/{$}")
		}
	}
}

// handleIfFree skips what another pattern conflicts with, and finds out by
// trying: ServeMux has no way to ask.
func handleIfFree(mux *http.ServeMux, pattern string) {
	defer func() { _ = recover() }()
	mux.HandleFunc(pattern, WithoutSlash)
}

func check(prefix string) {
	if prefix != "" && (prefix[0] != '/' || strings.HasSuffix(prefix, "/")) {
		panic(fmt.Sprintf("httpauth: prefix %q must be empty, or begin with a slash and not end with one", prefix))
	}
}

// Handler returns a handler for one route. Mount uses it for ServeMux. With
// another router, register Handler at the route's method and pattern, and pass
// path parameters, percent-decoded, by the request's SetPathValue. A path for
// which core.IsPlainPath is false gets a 404.
func Handler(b core.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !core.IsPlainPath(r.URL.EscapedPath()) {
			NotFound(w, r)
			return
		}
		Write(w, r, b.Serve(r.Context(), Request(r)))
	})
}

// Require returns middleware that lets a request through if its user is active
// and satisfies all guards, and otherwise responds in place of the handler
// (400, 401, 403, 503). The guards are resolved once, by this call; a guard
// that cannot work panics.
func Require(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is like Require, except that a request without a valid credential is
// let through too, and CurrentUser reports false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional, and reports whether there is one. See core.CurrentUser.
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
