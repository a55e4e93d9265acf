// Package ginauth mounts Latchkey on a gin router. In this example auth stands
// for a *latchkey.Auth:
//
//	r := gin.Default()
//	ginauth.Mount(r, "/users", auth.Users())
//	r.GET("/plan", ginauth.Require(auth), func(c *gin.Context) {
//		u, _ := ginauth.CurrentUser[Account](c)
//		c.String(http.StatusOK, u.FullName)
//	})
//
// A *gin.Context is a context.Context that does not see the request's values,
// unless the engine's ContextWithFallback is set: pass c.Request.Context() to
// services, where core.CurrentUser finds the user.
//
// Security notes. Latchkey's routes do not depend on gin's settings for escaped
// paths. The address that rate limits count does not depend on gin's trusted
// proxies, which by default are all addresses: set Latchkey's ClientIP option.
// In debug mode gin's recovery logs the head of a request that panicked, with
// its cookies: use gin.ReleaseMode in production. A CORS middleware goes around
// Require, since a preflight request carries no credentials.
package ginauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Mount registers every route of the groups on r itself, at prefix, the group's
// own prefix (core.Group.At) and the route's pattern, so that they appear in
// gin's own route list and under r's prefixes, groups and middleware. prefix is
// empty, or begins with a slash and does not end with one; Mount panics on any
// other, and on what gin refuses. A parameter in a prefix, r's too, must be a
// whole segment. The root of a group answers at prefix with and without a
// trailing slash; another route is redirected (307) from its path with a slash
// at the end to the one without, by a handler called withoutSlash. HEAD is
// registered along with GET.
//
// The other methods of these paths are registered too, with a handler called
// notAllowed that responds with 405: a gin engine would respond with 404, and
// its HandleMethodNotAllowed makes some requests panic in gin 1.12. Register an
// application's own route for one of them, such as a page at "GET /login",
// before calling Mount, which then leaves it alone. Gin panics if two routes
// are equal.
func Mount(r gin.IRouter, prefix string, groups ...core.Group) {
	mux := http.NewServeMux()
	httpauth.Mount(mux, prefix, groups...) // panics on what cannot be served
	for _, each := range []func(m mounting, path string, b core.Endpoint){mounting.register, mounting.refuse} {
		for _, g := range groups {
			for _, b := range g {
				whole := prefix + b.Prefix
				m := mounting{r.Group(colons(whole)), whole, mux}
				each(m, b.Pattern, b)
				if b.Pattern == "" && !strings.HasSuffix(m.at.BasePath(), "/") {
					each(m, "/", b)
				}
			}
		}
	}
	m := mounting{r.Group(colons(prefix)), prefix, mux}
	for _, path := range core.Slashed(groups...) {
		m.redirect(path)
	}
}

// mounting is where Mount registers a route. mux is net/http's view of the same
// routes, which decides what they refuse.
type mounting struct {
	at     *gin.RouterGroup // below the prefix
	prefix string           // the whole one
	mux    *http.ServeMux
}

func (m mounting) register(path string, b core.Endpoint) {
	m.at.Handle(b.Method, colons(path), handler(b))
	if b.Method == http.MethodGet {
		m.at.Handle(http.MethodHead, colons(path), handler(b))
	}
}

// refuse registers responses to the methods that net/http does not allow.
func (m mounting) refuse(path string, _ core.Endpoint) {
	var allowed, refused []string
	for _, method := range httpauth.Methods() {
		if m.pattern(method, path) == "" {
			refused = append(refused, method)
		} else {
			allowed = append(allowed, method)
		}
	}
	for _, method := range refused {
		m.registerIfFree(method, colons(path), notAllowed(strings.Join(allowed, ", ")))
	}
}

// redirect registers the redirects from a path with a slash at its end, but
// leaves out the methods of a less specific path: with "DELETE /me/", gin does
// not find "DELETE /:id" for "/me".
func (m mounting) redirect(path string) {
	for _, method := range httpauth.Methods() {
		if found := m.pattern(method, path); found == "" || strings.HasSuffix(found, " "+m.prefix+path) {
			m.registerIfFree(method, colons(path)+"/", withoutSlash)
		}
	}
}

// pattern returns what net/http would serve a path of the groups with.
func (m mounting) pattern(method, path string) string {
	asked := &http.Request{Method: method, URL: &url.URL{Path: "/" + strings.TrimPrefix(m.prefix+path, "/")}}
	_, pattern := m.mux.Handler(asked)
	return pattern
}

// registerIfFree skips what is already registered, and finds out by trying: gin
// has no way to ask.
func (m mounting) registerIfFree(method, path string, h gin.HandlerFunc) {
	defer func() { _ = recover() }()
	m.at.Handle(method, path, h)
}

func notAllowed(allow string) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Allow", allow)
		MethodNotAllowed(c)
	}
}

func withoutSlash(c *gin.Context) { httpauth.WithoutSlash(c.Writer, c.Request) }

// colons rewrites "{id}" as ":id".
func colons(pattern string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

// handler serves a route that gin has matched. It parses the parameters itself:
// whether gin decodes its own depends on settings, and it reads a plus sign as
// a space.
func handler(b core.Endpoint) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := c.Request
		values, ok := core.PathValues(c.FullPath(), r.URL.EscapedPath())
		if !ok {
			NotFound(c)
			return
		}
		for name, value := range values {
			r.SetPathValue(name, value)
		}
		Write(c, b.Serve(r.Context(), httpauth.Request(r)))
	}
}

// Require returns middleware that lets a request through if its user is active
// and satisfies all guards, and otherwise responds in place of the handler
// (400, 401, 403, 503). The guards are resolved once, by this call; a guard
// that cannot work panics.
func Require(h core.FrontDoor, guards ...core.Guard) gin.HandlerFunc {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is like Require, except that a request without a valid credential is
// let through too, and CurrentUser reports false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) gin.HandlerFunc {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional, and reports whether there is one. core.CurrentUser finds the
// same user in the context of c.Request, which is the context to pass to
// services.
func CurrentUser[U any](c *gin.Context) (*U, bool) {
	return core.CurrentUser[U](c.Request.Context())
}

func guarded(h core.FrontDoor, resolve func(context.Context, core.Head) (context.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := c.Request
		ctx, err := resolve(r.Context(), head{httpauth.Head(r), c})
		if err != nil {
			Write(c, h.Render(r.Context(), err))
			c.Abort()
			return
		}
		c.Request = r.WithContext(ctx)
	}
}

// head is a core.Head with the route that gin has matched.
type head struct {
	core.Head
	c *gin.Context
}

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	return core.PathValueOf(h.c.FullPath(), h.c.Request.URL.EscapedPath(), name)
}

// Target implements core.Targeter.
func (h head) Target() string { return core.Target(h.Head) }

type passErrors struct{}

// PassErrors is middleware that adds the errors of guards and routes behind it
// to c.Errors, for the application's middleware to respond to. Each is a
// *core.Error. Status and headers (WWW-Authenticate, Retry-After, cookies) are
// already set, and no body is written. The text of a *core.Error includes its
// cause, which must not be sent to clients.
func PassErrors(c *gin.Context) { c.Set(passErrors{}, true) }

// Write sends a response, such as that of Manager.Login or one made by
// core.HTML. Behind PassErrors it adds the error of a response that has one to
// c.Errors instead.
func Write(c *gin.Context, resp *core.Response) {
	if _, pass := c.Get(passErrors{}); pass && resp.Err != nil {
		httpauth.AddHeader(c.Writer, resp)
		c.Writer.Header().Del("Content-Type")
		c.Status(resp.Status)
		_ = c.Error(resp.Err)
		return
	}
	httpauth.Write(c.Writer, c.Request, resp)
}

// NotFound responds with a 404 and {"detail": "Not Found"}, as Latchkey's
// routes respond to errors:
//
//	r.NoRoute(ginauth.NotFound)
//	r.NoMethod(ginauth.MethodNotAllowed)
func NotFound(c *gin.Context) {
	httpauth.NotFound(c.Writer, c.Request)
	c.Writer.WriteHeaderNow() // else gin writes a text of its own where there is no body
}

// MethodNotAllowed responds with a 405 and {"detail": "Method Not Allowed"}.
// Gin calls it where HandleMethodNotAllowed is set, and sets Allow.
func MethodNotAllowed(c *gin.Context) {
	httpauth.MethodNotAllowed(c.Writer, c.Request)
	c.Writer.WriteHeaderNow()
}
