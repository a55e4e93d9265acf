// Package fiberauth mounts Latchkey on a fiber v3 app, without net/http in
// between. auth stands for a *latchkey.Auth:
//
//	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
//	fiberauth.Mount(app, "/users", auth.Users())
//	app.Get("/plan", fiberauth.Require(auth), func(c fiber.Ctx) error {
//		u, _ := fiberauth.CurrentUser[Account](c)
//		return c.SendString(u.FullName)
//	})
//
// Services are given c.Context(): it knows the user, and ends when the server
// begins to shut down. c itself never ends, does not know the user, and belongs
// to another request as soon as the handler has returned.
//
// Security notes. Every string that leaves this package is a copy, so it stays
// what it is when fiber reads another request into the same memory. Credentials
// are read from the header as it was sent, whatever middleware has made of it.
// The peer's address is the connection's, whatever ProxyHeader and TrustProxy
// make of c.IP(): use Latchkey's ClientIP option. A handler's panic ends the
// program unless there is fiber's recover middleware. Of fiber.Config, leave
// UnescapePath off; set ErrorHandler to this package's, since fiber's own sends
// the heads of malformed requests and the texts of panics to clients;
// DisablePreParseMultipartForm, so that forms arrive as they were sent; and
// ReadTimeout, since fiber waits for the end of a request as long as it takes.
package fiberauth

import (
	"context"
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
// that they are in fiber's own listing, by their names, and under r's prefixes
// and middleware. prefix is empty, or begins with a slash and does not end with
// one; another one panics. Prefixes may have parameters (":tenant"), but no
// optional ones and no wildcards. A group's root answers at prefix with and
// without a trailing slash. HEAD is registered beside GET. Paths are compared
// exactly, whatever CaseSensitive and StrictRouting say; one that is not
// core.IsPlainPath is 404.
//
// fiber lets the route that was registered first win, even where a later one is
// more specific (those of one Mount are sorted): an application's own "DELETE
// /users/me" must stand before the Mount of "DELETE /users/{id}".
func Mount(r fiber.Router, prefix string, groups ...core.Group) {
	check(prefix)
	routes := slices.Concat(groups...)
	// "{" comes after letters
	slices.SortStableFunc(routes, func(a, b core.Endpoint) int {
		return strings.Compare(a.Prefix+a.Pattern, b.Prefix+b.Pattern)
	})
	for _, b := range routes {
		check(b.Prefix)
		whole := colons(prefix + b.Prefix)
		methods := []string{b.Method}
		if b.Method == http.MethodGet {
			methods = []string{http.MethodHead, http.MethodGet} // Name is for the last, and for HEAD where that is GET
		}
		r.Add(methods, whole+colons(b.Pattern), handler(b)).Name(b.Name)
		if b.Pattern == "" {
			r.Add(methods, whole+"/", handler(b)).Name(b.Name)
		}
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

// handler serves a route if the path is exactly the route's. fiber has found it
// without regard to case and slashes; if not, it goes on.
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

// Require lets a request through if its user satisfies the guards, all of them,
// and answers for the handler if not (400, 401, 403, 503). An active user is
// always asked for. The guards are resolved now, once; one that cannot work
// panics.
func Require(h core.FrontDoor, guards ...core.Guard) fiber.Handler {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is Require, except that a request without a good credential goes on,
// and CurrentUser is false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) fiber.Handler {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser is the user who is asking, in a handler behind Require or
// Optional. It reads c's Locals, so that middleware which replaces c's context
// does not lose the user. core.CurrentUser finds the same in c.Context(), which
// is the one to give to services.
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
