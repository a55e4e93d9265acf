// Package fiberauth mounts Latchkey on a fiber v3 app, without net/http in
// between. In this example auth stands for a *latchkey.Auth:
//
//	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
//	fiberauth.Mount(app, "/users", auth.Users())
//	app.Get("/plan", fiberauth.Require(auth), func(c fiber.Ctx) error {
//		u, _ := fiberauth.CurrentUser[Account](c)
//		return c.SendString(u.FullName)
//	})
//
// Pass c.Context() to services: it carries the user, and is done when the
// server begins to shut down. c itself is never done, does not carry the user,
// and belongs to another request as soon as the handler has returned.
//
// Security notes. Every string that leaves this package is a copy, so it does
// not change when fiber reads another request into the same memory. Credentials
// are read from the header as it was sent, whatever middleware has made of it,
// so that cookies encrypted by encryptcookie are unknown: see the README.
// The peer's address is the connection's, whatever ProxyHeader and TrustProxy
// make of c.IP(): use Latchkey's ClientIP option. A panic in a handler ends the
// program unless fiber's recover middleware is installed. In fiber.Config:
//
//   - leave UnescapePath off;
//   - set ErrorHandler to this package's, since fiber's own sends the heads of
//     malformed requests and the texts of panics to clients;
//   - set DisablePreParseMultipartForm, so that forms arrive as they were sent;
//   - set ReadTimeout, since by default fiber waits for the end of a request
//     forever.
package fiberauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on r itself, an app or a group, at
// prefix, the group's own prefix (core.Group.At) and the route's pattern, so
// that they appear in fiber's own route list, by their names, and under r's
// prefixes and middleware. prefix is empty, or begins with a slash and does not
// end with one; Mount panics on any other. A prefix may have parameters
// (":tenant"), but no optional ones and no wildcards. The root of a group
// answers at prefix with and without a trailing slash; another route is
// redirected (307) from its path with a slash at the end to the one without.
// HEAD is registered along with GET. Paths are compared exactly, whatever
// CaseSensitive and StrictRouting say; a path for which core.IsPlainPath is
// false gets a 404.
//
// fiber uses the route registered first, even if a later one is more specific
// (the routes of one Mount are sorted): an application's own "DELETE /users/me"
// must be registered before the Mount of "DELETE /users/{id}".
func Mount(r fiber.Router, prefix string, groups ...core.Group) {
	check(prefix)
	routes := slices.Concat(groups...)
	// "{" sorts after letters
	slices.SortStableFunc(routes, func(a, b core.Endpoint) int {
		return strings.Compare(a.Prefix+a.Pattern, b.Prefix+b.Pattern)
	})
	for _, b := range routes {
		check(b.Prefix)
		whole := colons(prefix + b.Prefix)
		methods := []string{b.Method}
		if b.Method == http.MethodGet {
			methods = []string{http.MethodHead, http.MethodGet} // Name applies to the last, and to HEAD where that is GET
		}
		r.Add(methods, whole+colons(b.Pattern), handler(b)).Name(b.Name)
		if b.Pattern == "" {
			r.Add(methods, whole+"/", handler(b)).Name(b.Name)
		}
	}
	for _, path := range core.Slashed(groups...) {
		r.All(colons(prefix+path)+"/", withoutSlash)
	}
}

func check(prefix string) {
	if prefix != "" && (prefix[0] != '/' || strings.HasSuffix(prefix, "/")) {
		panic(fmt.Sprintf("fiberauth: prefix %q must be empty, or begin with a slash and not end with one", prefix))
	}
}

// colons writes "{id}" as ":id".
func colons(pattern string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

// handler serves a route if the path is exactly the route's, and otherwise
// calls the next handler: fiber matches without regard to case and trailing
// slashes.
func handler(b core.Endpoint) fiber.Handler {
	return func(c fiber.Ctx) error {
		path := string(c.Request().URI().PathOriginal())
		decoded, err := url.PathUnescape(path)
		if err != nil || malformed(c) {
			return fiber.ErrBadRequest
		}
		values, ok := core.PathValues(c.Route().Path, path)
		if !ok {
			return c.Next()
		}
		r := request(c)
		r.Path, r.Param = decoded, func(name string) string { return values[name] }
		return Write(c, b.Serve(contextOf(c), r))
	}
}

// withoutSlash redirects from a path with one slash too many. fiber takes the
// path without it for the same, and then no longer for one with a wrong method.
func withoutSlash(c fiber.Ctx) error {
	path, pattern := string(c.Request().URI().PathOriginal()), c.Route().Path
	if _, ok := core.PathValues(pattern, path); ok && !malformed(c) {
		if resp, ok := core.WithoutSlash(path, string(c.Request().URI().QueryString())); ok {
			return Write(c, resp)
		}
	}
	err := c.Next()
	if !errors.Is(err, fiber.ErrNotFound) {
		return err
	}
	if allow := allowed(c.App(), path); allow != nil && !slices.Contains(allow, c.Method()) {
		c.Set("Allow", strings.Join(allow, ", "))
		return fiber.ErrMethodNotAllowed
	}
	return err
}

// allowed returns the methods of a path.
func allowed(app *fiber.App, path string) (methods []string) {
	for _, route := range app.GetRoutes(true) {
		if _, ok := core.PathValues(route.Path, path); ok && !slices.Contains(methods, route.Method) {
			methods = append(methods, route.Method)
		}
	}
	return methods
}

// Require returns middleware that lets a request through if its user is active
// and satisfies all guards, and otherwise responds in place of the handler
// (400, 401, 403, 503). The guards are resolved once, by this call; a guard
// that cannot work panics.
func Require(h core.FrontDoor, guards ...core.Guard) fiber.Handler {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is like Require, except that a request without a valid credential is
// let through too, and CurrentUser reports false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) fiber.Handler {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional, and reports whether there is one. It reads c's Locals, so that
// middleware that replaces c's context does not lose the user. core.CurrentUser
// finds the same user in c.Context(), which is the context to pass to services.
func CurrentUser[U any](c fiber.Ctx) (*U, bool) {
	ctx, ok := c.Locals(local("current")).(context.Context)
	if !ok {
		return nil, false
	}
	return core.CurrentUser[U](ctx)
}

type local string // a key of c's Locals

func guarded(h core.FrontDoor, resolve func(context.Context, core.Head) (context.Context, error)) fiber.Handler {
	return func(c fiber.Ctx) error {
		if malformed(c) {
			return fiber.ErrBadRequest
		}
		ctx, err := resolve(contextOf(c), head{c})
		if err != nil {
			return Write(c, h.Render(contextOf(c), err))
		}
		c.Locals(local("current"), ctx)
		c.SetContext(ctx)
		return c.Next()
	}
}
