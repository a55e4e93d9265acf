// Package echoauth mounts Latchkey on an echo v5 router. In this example auth
// stands for a *latchkey.Auth:
//
//	e := echo.New()
//	echoauth.Mount(e, "/users", auth.Users())
//	e.GET("/plan", func(c *echo.Context) error {
//		u, _ := echoauth.CurrentUser[Account](c)
//		return c.String(http.StatusOK, u.FullName)
//	}, echoauth.Require(auth))
//
// Security notes. Latchkey's routes do not depend on echo's settings for
// escaped paths. The address that rate limits count does not depend on echo's
// IPExtractor either: set Latchkey's ClientIP option. Do not use echo's
// MethodOverride middleware on these routes. A CORS middleware goes around
// Require, since a preflight request carries no credentials.
package echoauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Router is a *echo.Echo or a *echo.Group.
type Router interface {
	AddRoute(route echo.Route) (echo.RouteInfo, error)
}

// Mount registers every route of the groups on r itself, at prefix, the group's
// own prefix (core.Group.At) and the route's pattern, so that they appear in
// echo's own route list, by their names, and under r's prefixes and middleware.
// prefix is empty, or begins with a slash and does not end with one; Mount
// panics on any other, and on what echo refuses. A parameter in a prefix, r's
// too, must be a whole segment. The root of a group answers at prefix with and
// without a trailing slash; a route named withoutSlash redirects (307) from the
// path of any other with a slash at the end to the one without. HEAD is
// registered along with GET.
//
// A route named notAllowed answers the other methods of a path with 405: echo
// itself would answer OPTIONS with 204 and, in a group with middleware,
// everything else with 404. The application's own routes for other methods win
// over it. If two routes are equal, echo uses the one registered last.
func Mount(r Router, prefix string, groups ...core.Group) {
	mux := http.NewServeMux()
	httpauth.Mount(mux, prefix, groups...) // panics on what cannot be served
	for _, g := range groups {
		for _, b := range g {
			mounting{r, prefix + b.Prefix, mux}.route(b)
		}
	}
	for _, path := range core.Slashed(groups...) {
		route := echo.Route{
			Name: "withoutSlash", Method: echo.RouteAny, Path: colons(prefix+path) + "/", Handler: withoutSlash,
		}
		_, _ = r.AddRoute(route) // an error means that the application has this path
	}
}

// mounting is where Mount registers a route. mux is net/http's view of the same
// routes, which decides what they refuse.
type mounting struct {
	r      Router
	prefix string // the whole one
	mux    *http.ServeMux
}

func (m mounting) route(b core.Endpoint) {
	if b.Pattern != "" || m.prefix != "" {
		m.register(b, b.Pattern)
		m.refuse(b.Pattern, b.Pattern)
	}
	if b.Pattern != "" {
		return
	}
	whole := m.register(b, "/")
	m.refuse("/", "/{$}")
	if m.prefix == "" && whole != "/" { // the root of an echo group that has a prefix
		m.register(b, "")
		m.refuse("", "/{$}")
	}
}

// register adds a route at a path below the prefix, with HEAD along with GET,
// and returns the whole path.
func (m mounting) register(b core.Endpoint, path string) string {
	route := echo.Route{Name: b.Name, Method: b.Method, Path: colons(m.prefix + path), Handler: handler(b)}
	info, err := m.r.AddRoute(route)
	if err == nil && route.Method == http.MethodGet {
		_, err = m.r.AddRoute(echo.Route{Method: http.MethodHead, Path: route.Path, Handler: route.Handler})
	}
	if err != nil {
		panic(err)
	}
	return info.Path
}

// refuse adds net/http's response to methods that are not allowed, where the
// path is exactly the pattern's. As a route for any method it is less specific
// than any other; but "/me" must not refuse a method of "/{id}", which is
// matched after it.
func (m mounting) refuse(path, pattern string) {
	var allowed, methods []string
	apart := true
	for _, method := range httpauth.Methods() {
		asked := &http.Request{Method: method, URL: &url.URL{Path: "/" + strings.TrimPrefix(m.prefix+path, "/")}}
		_, found := m.mux.Handler(asked)
		if found == "" {
			methods = append(methods, method)
			continue
		}
		allowed = append(allowed, method)
		apart = apart && strings.HasSuffix(found, " "+m.prefix+pattern)
	}
	var refused []echo.Route
	for _, method := range methods {
		refused = append(refused, echo.Route{
			Name: "notAllowed", Method: method, Path: colons(m.prefix + path), Handler: notAllowed(strings.Join(allowed, ", ")),
		})
	}
	if apart && refused != nil {
		refused = refused[:1]
		refused[0].Method = echo.RouteAny
	}
	for _, route := range refused {
		_, _ = m.r.AddRoute(route) // an error means that another route of the groups has this path, and the path its refusal
	}
}

// colons rewrites "{id}" as ":id".
func colons(pattern string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

// handler serves a route that echo has matched. It parses the parameters
// itself: whether echo decodes its own depends on settings, and the last one
// holds the rest of the path, slashes included.
func handler(b core.Endpoint) echo.HandlerFunc {
	return func(c *echo.Context) error {
		r := c.Request()
		values, ok := core.PathValues(c.Path(), r.URL.EscapedPath())
		if !ok {
			return echo.ErrNotFound
		}
		for name, value := range values {
			r.SetPathValue(name, value)
		}
		return Write(c, b.Serve(r.Context(), httpauth.Request(r)))
	}
}

func notAllowed(allow string) echo.HandlerFunc {
	return func(c *echo.Context) error {
		if _, ok := core.PathValues(c.Path(), c.Request().URL.EscapedPath()); !ok {
			return echo.ErrNotFound
		}
		c.Response().Header().Set("Allow", allow)
		return Write(c, core.Plain(http.StatusMethodNotAllowed))
	}
}

func withoutSlash(c *echo.Context) error {
	r := c.Request()
	resp, ok := core.WithoutSlash(r.URL.EscapedPath(), r.URL.RawQuery)
	if !ok {
		return echo.ErrNotFound
	}
	return Write(c, resp)
}

// Require returns middleware that lets a request through if its user is active
// and satisfies all guards, and otherwise responds in place of the handler
// (400, 401, 403, 503). The guards are resolved once, by this call; a guard
// that cannot work panics.
func Require(h core.FrontDoor, guards ...core.Guard) echo.MiddlewareFunc {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is like Require, except that a request without a valid credential is
// let through too, and CurrentUser reports false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) echo.MiddlewareFunc {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional, and reports whether there is one. core.CurrentUser finds the
// same user in the context of c.Request(), which is the context to pass to
// services.
func CurrentUser[U any](c *echo.Context) (*U, bool) {
	return core.CurrentUser[U](c.Request().Context())
}

func guarded(h core.FrontDoor, resolve func(context.Context, core.Head) (context.Context, error)) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			r := c.Request()
			ctx, err := resolve(r.Context(), head{httpauth.Head(r), c})
			if err != nil {
				return Write(c, h.Render(r.Context(), err))
			}
			c.SetRequest(r.WithContext(ctx))
			return next(c)
		}
	}
}

// head is a core.Head with the route that echo has matched.
type head struct {
	core.Head
	c *echo.Context
}

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	return core.PathValueOf(h.c.Path(), h.c.Request().URL.EscapedPath(), name)
}

// Target implements core.Targeter.
func (h head) Target() string { return core.Target(h.Head) }

const passErrors = "latchkey: pass errors"

// PassErrors is middleware that passes the errors of guards and routes behind
// it to echo's HTTPErrorHandler instead of responding to them. Each is a
// *core.Error. Their headers (WWW-Authenticate, Retry-After, cookies) are
// already set. The text of a *core.Error includes its cause, which must not be
// sent to clients.
func PassErrors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		c.Set(passErrors, true)
		return next(c)
	}
}

// Write sends a response, such as that of Manager.Login or one made by
// core.HTML. Behind PassErrors it returns the error of a response that has one.
func Write(c *echo.Context, resp *core.Response) error {
	if resp.Err != nil && c.Get(passErrors) != nil {
		httpauth.AddHeader(c.Response(), resp)
		c.Response().Header().Del("Content-Type")
		return resp.Err
	}
	httpauth.Write(c.Response(), c.Request(), resp)
	return nil
}

// ErrorHandler is an error handler for echo.Echo.HTTPErrorHandler. It responds
// with {"detail": phrase}, as Latchkey's routes respond to errors, where the
// phrase is the standard text of the error's status: "Not Found" for a path
// without a route, "Method Not Allowed" for a wrong method. It never sends the
// text of an error. An application that calls it for errors that it does not
// handle itself keeps its own texts.
func ErrorHandler(c *echo.Context, err error) {
	if r, _ := echo.UnwrapResponse(c.Response()); r != nil && r.Committed {
		return
	}
	status := http.StatusInternalServerError
	var e echo.HTTPStatusCoder
	if errors.As(err, &e) && e.StatusCode() != 0 {
		status = e.StatusCode()
	}
	httpauth.Write(c.Response(), c.Request(), core.Plain(status))
}
