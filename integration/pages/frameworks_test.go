package pages_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v5"

	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// nested is the prefix of the routers below others.
const nested = "/nested/deep"

// router is a framework's router with routes.
type router interface {
	// Serve answers a request.
	Serve(*http.Request) (*http.Response, error)
	// Listen answers requests of connections until the test ends.
	Listen(*testing.T, net.Listener)
}

// framework mounts routes at a prefix, or below nested by means of its own.
type framework struct {
	name  string
	at    func(prefix string, g core.Group) router
	below func(core.Group) router
}

// root mounts routes at the root.
func (f framework) root(g core.Group) router { return f.at("", g) }

var frameworks = []framework{
	{"net/http", httpAt, httpBelow},
	{"chi", chiAt, chiBelow},
	{"echo", echoAt, echoBelow},
	{"fiber", fiberAt, fiberBelow},
	{"gin", ginAt, ginBelow},
}

// handler is a router of net/http.
type handler struct{ http.Handler }

func (h handler) Serve(r *http.Request) (*http.Response, error) { return pagewalk.Handler(h)(r) }

func (h handler) Listen(t *testing.T, ln net.Listener) {
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = ln
	server.Start()
	t.Cleanup(server.Close)
}

func httpAt(prefix string, g core.Group) router {
	mux := http.NewServeMux()
	httpauth.Mount(mux, prefix, g)
	return handler{httpauth.JSONErrors(mux)}
}

func httpBelow(g core.Group) router {
	outer, mux := http.NewServeMux(), http.NewServeMux()
	httpauth.Mount(mux, nested, g)
	outer.Handle(nested+"/", mux)
	return handler{httpauth.JSONErrors(outer)}
}

func newChi() *chi.Mux {
	r := chi.NewRouter()
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	return r
}

func chiAt(prefix string, g core.Group) router {
	r := newChi()
	chiauth.Mount(r, prefix, g)
	return handler{r}
}

func chiBelow(g core.Group) router {
	r, deep := newChi(), newChi()
	chiauth.Mount(deep, "", g)
	r.Route("/nested", func(r chi.Router) { r.Mount("/deep", deep) })
	return handler{r}
}

func newEcho() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = echoauth.ErrorHandler
	return e
}

func echoAt(prefix string, g core.Group) router {
	e := newEcho()
	echoauth.Mount(e, prefix, g)
	return handler{e}
}

func echoBelow(g core.Group) router {
	e := newEcho()
	echoauth.Mount(e.Group("/nested").Group("/deep"), "", g)
	return handler{e}
}

func newGin() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.NoRoute(ginauth.NotFound)
	return engine
}

func ginAt(prefix string, g core.Group) router {
	engine := newGin()
	ginauth.Mount(engine, prefix, g)
	return handler{engine}
}

func ginBelow(g core.Group) router {
	engine := newGin()
	ginauth.Mount(engine.Group("/nested").Group("/deep"), "", g)
	return handler{engine}
}

// fiberApp is fiber's router.
type fiberApp struct{ *fiber.App }

func (a fiberApp) Serve(r *http.Request) (*http.Response, error) {
	return a.Test(r, fiber.TestConfig{Timeout: 0})
}

func (a fiberApp) Listen(t *testing.T, ln net.Listener) {
	go func() { _ = a.Listener(ln, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() { _ = a.Shutdown() })
}

func newFiber() *fiber.App { return fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler}) }

func fiberAt(prefix string, g core.Group) router {
	app := newFiber()
	fiberauth.Mount(app, prefix, g)
	return fiberApp{app}
}

func fiberBelow(g core.Group) router {
	app := newFiber()
	fiberauth.Mount(app.Group("/nested").Group("/deep"), "", g)
	return fiberApp{app}
}
