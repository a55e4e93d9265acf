// Package ginauth mounts Latchkey on a gin router. auth stands for a
// *latchkey.Auth:
//
//	r := gin.Default()
//	ginauth.Mount(r, "/users", auth.Users())
//	r.GET("/plan", ginauth.Require(auth), func(c *gin.Context) {
//		u, _ := ginauth.CurrentUser[Account](c)
//		c.String(http.StatusOK, u.FullName)
//	})
//
// A *gin.Context is a context.Context that does not see the request's values,
// unless the engine's ContextWithFallback is set: give c.Request.Context() to
// services, where core.CurrentUser finds the user.
//
// Security notes. Latchkey's routes do not depend on gin's settings for escaped
// paths, and the address that rate limits count does not depend on its trusted
// proxies, which are everybody by default: that is Latchkey's ClientIP option.
// Gin's recovery logs the head of a request that panicked in debug mode, with
// its cookies: use gin.ReleaseMode in production. A CORS middleware goes around
// Require, since a preflight carries no credentials.
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

// Mount registers every route of the groups on r itself, at prefix and the
// route's pattern, so that they are in gin's own listing and under r's
// prefixes, groups and middleware. prefix is empty, or begins with a slash and
// does not end with one; another one panics, and so does what gin refuses.
// Parameters of prefixes, r's too, are whole segments. A group's root answers
// at prefix with and without a trailing slash. HEAD is registered beside GET.
//
// The other methods of these paths are registered too, with a handler called
// notAllowed that answers 405: a gin engine would say 404, and its
// HandleMethodNotAllowed makes some requests panic in gin 1.12. An
// application's own route for one of them, such as a page at "GET /login", is
// to be registered before Mount, which leaves it alone. Gin panics for a second
// route that is equal.
func Mount(r gin.IRouter, prefix string, groups ...core.Group) {
	m := mounting{r.Group(colons(prefix)), prefix, http.NewServeMux()}
	httpauth.Mount(m.mux, prefix, groups...) // it panics for what cannot be served
	for _, each := range []func(path string, b core.Endpoint){m.register, m.refuse} {
		for _, g := range groups {
			for _, b := range g {
				each(b.Pattern, b)
				if b.Pattern == "" && !strings.HasSuffix(m.at.BasePath(), "/") {
					each("/", b)
				}
			}
		}
	}
}

// mounting is one call of Mount. mux knows what net/http answers in its place.
type mounting struct {
	at     *gin.RouterGroup // below the prefix
	prefix string
	mux    *http.ServeMux
}

func (m mounting) register(path string, b core.Endpoint) {
	m.at.Handle(b.Method, colons(path), handler(b))
	if b.Method == http.MethodGet {
		m.at.Handle(http.MethodHead, colons(path), handler(b))
	}
}

// refuse registers what net/http answers to methods that it does not allow.
func (m mounting) refuse(path string, _ core.Endpoint) {
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace,
	} {
		asked := &http.Request{Method: method, URL: &url.URL{Path: "/" + strings.TrimPrefix(m.prefix+path, "/")}}
		if refusal, pattern := m.mux.Handler(asked); pattern == "" {
			m.registerIfFree(method, colons(path), notAllowed(refusal))
		}
	}
}

// registerIfFree leaves alone what is registered already: gin has no way to
// ask.
func (m mounting) registerIfFree(method, path string, h gin.HandlerFunc) {
	defer func() { _ = recover() }()
	m.at.Handle(method, path, h)
}

func notAllowed(refusal http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) { refusal.ServeHTTP(c.Writer, c.Request) }
}

// colons writes "{id}" as ":id".
func colons(pattern string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

// handler serves a route that gin has found. Gin's own values of parameters are
// decoded or not by its settings, a plus sign as a space.
func handler(b core.Endpoint) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := c.Request
		values, ok := core.PathValues(c.FullPath(), r.URL.EscapedPath())
		if !ok {
			http.NotFound(c.Writer, r)
			return
		}
		for name, value := range values {
			r.SetPathValue(name, value)
		}
		answer(c, b.Serve(r.Context(), httpauth.Request(r)))
	}
}

// Require lets a request through if its user satisfies the guards, all of them,
// and answers for the handler if not (400, 401, 403, 503). An active user is
// always asked for. The guards are resolved now, once; one that cannot work
// panics.
func Require(h core.FrontDoor, guards ...core.Guard) gin.HandlerFunc {
	return guarded(h, h.Resolve(false, guards...))
}

// Optional is Require, except that a request without a good credential goes on,
// and CurrentUser is false for it.
func Optional(h core.FrontDoor, guards ...core.Guard) gin.HandlerFunc {
	return guarded(h, h.Resolve(true, guards...))
}

// CurrentUser is the user who is asking, in a handler behind Require or
// Optional. core.CurrentUser finds the same in the context of c.Request, which
// is the one to give to services.
func CurrentUser[U any](c *gin.Context) (*U, bool) {
	return core.CurrentUser[U](c.Request.Context())
}

func guarded(h core.FrontDoor, resolve func(context.Context, core.Head) (context.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := c.Request
		ctx, err := resolve(r.Context(), head{httpauth.Head(r), c})
		if err != nil {
			answer(c, h.Render(r.Context(), err))
			c.Abort()
			return
		}
		c.Request = r.WithContext(ctx)
	}
}

// head is a core.Head that knows the route which gin has found.
type head struct {
	core.Head
	c *gin.Context
}

// PathValue implements core.PathValuer.
func (h head) PathValue(name string) (value string, ok bool) {
	return core.PathValueOf(h.c.FullPath(), h.c.Request.URL.EscapedPath(), name)
}

type passErrors struct{}

// PassErrors is middleware that adds errors of the guards and routes behind it
// to c.Errors, for the application's middleware to answer: a *core.Error each.
// Status and header (WWW-Authenticate, Retry-After, cookies) are set already,
// and nothing is written. The text of a *core.Error names its cause, which is
// not for clients.
func PassErrors(c *gin.Context) { c.Set(passErrors{}, true) }

func answer(c *gin.Context, resp *core.Response) {
	if _, pass := c.Get(passErrors{}); pass && resp.Err != nil {
		httpauth.AddHeader(c.Writer, resp)
		c.Writer.Header().Del("Content-Type")
		c.Status(resp.Status)
		_ = c.Error(resp.Err)
		return
	}
	httpauth.Write(c.Writer, c.Request, resp)
}
