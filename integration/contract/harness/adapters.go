package harness

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Router is one adapter's router.
type Router struct {
	Mount func(prefix string, groups ...core.Group)
	// handle puts an application's own handler behind Require.
	Handle func(method, path string, h http.HandlerFunc)
	// serve answers until the test ends. It takes a client's address from
	// the header Test-Peer, as on loopback there is but one.
	Serve func(t *testing.T, ln net.Listener)
	// Over is the transport to a server whose answers Serve does not check;
	// nil where it does.
	Over func(t *testing.T) http.RoundTripper
}

// OnServeMux is httpauth on net/http's ServeMux.
func OnServeMux(auth *latchkey.Auth[Account]) Router {
	mux := http.NewServeMux()
	return Router{
		Mount:  func(prefix string, groups ...core.Group) { httpauth.Mount(mux, prefix, groups...) },
		Handle: func(method, path string, h http.HandlerFunc) { mux.Handle(method+" "+path, httpauth.Require(auth)(h)) },
		Serve:  overHTTP(httpauth.JSONErrors(mux)),
	}
}

// OnChi is chiauth.
func OnChi(auth *latchkey.Auth[Account]) Router {
	r := chi.NewRouter()
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	return Router{
		Mount:  func(prefix string, groups ...core.Group) { chiauth.Mount(r, prefix, groups...) },
		Handle: func(method, path string, h http.HandlerFunc) { r.With(chiauth.Require(auth)).Method(method, path, h) },
		Serve:  overHTTP(r),
	}
}

// OnEcho is echoauth.
func OnEcho(auth *latchkey.Auth[Account]) Router {
	e := echo.New()
	e.HTTPErrorHandler = echoauth.ErrorHandler
	return Router{
		Mount: func(prefix string, groups ...core.Group) { echoauth.Mount(e, prefix, groups...) },
		Handle: func(method, path string, h http.HandlerFunc) {
			e.Add(method, colons(path), echo.WrapHandler(h), echoauth.Require(auth))
		},
		Serve: overHTTP(e),
	}
}

// OnGin is ginauth.
func OnGin(auth *latchkey.Auth[Account]) Router {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.NoRoute(ginauth.NotFound)
	return Router{
		Mount: func(prefix string, groups ...core.Group) { ginauth.Mount(engine, prefix, groups...) },
		Handle: func(method, path string, h http.HandlerFunc) {
			engine.Handle(method, colons(path), ginauth.Require(auth), gin.WrapF(h))
		},
		Serve: overHTTP(engine),
	}
}

// colons is a path with the frameworks' parameters.
func colons(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// overHTTP serves a handler by net/http.
func overHTTP(h http.Handler) func(t *testing.T, ln net.Listener) {
	return func(t *testing.T, ln net.Listener) {
		h := checker().Handler(h, report(t))
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if peer := req.Header.Get("Test-Peer"); peer != "" {
				req.RemoteAddr = peer
			}
			h.ServeHTTP(w, req)
		}))
		_ = server.Listener.Close()
		server.Listener = ln
		server.Start()
		t.Cleanup(server.Close)
	}
}

// OnFiber is fiberauth.
func OnFiber(auth *latchkey.Auth[Account]) Router {
	app := fiber.New(fiber.Config{
		ErrorHandler:   fiberauth.ErrorHandler,
		ReadBufferSize: 1 << 20, // of the header: net/http's default
		ReadTimeout:    time.Minute, StreamRequestBody: true, DisablePreParseMultipartForm: true,
	})
	app.Use(func(c fiber.Ctx) error {
		if peer := c.Get("Test-Peer"); peer != "" {
			c.RequestCtx().SetRemoteAddr(peerAddr(strings.Clone(peer)))
		}
		return c.Next()
	})
	return Router{
		Mount: func(prefix string, groups ...core.Group) { fiberauth.Mount(app, prefix, groups...) },
		Handle: func(method, path string, h http.HandlerFunc) {
			app.Add([]string{method}, colons(path), fiberauth.Require(auth), func(c fiber.Ctx) error { return native(c, h) })
		},
		Serve: overFiber(app), Over: checked,
	}
}

// checked is a transport that compares answers with the document.
func checked(t *testing.T) http.RoundTripper {
	return checker().Transport(transport, report(t))
}

func overFiber(app *fiber.App) func(t *testing.T, ln net.Listener) {
	return func(t *testing.T, ln net.Listener) {
		go func() { _ = app.Listener(ln, fiber.ListenConfig{DisableStartupMessage: true}) }()
		// Connections that are idle are closed before it looks whether
		// it may wait: 100 ms at a time for workers that end at once.
		done, cancel := context.WithCancel(context.Background())
		cancel()
		t.Cleanup(func() { _ = app.ShutdownWithContext(done) })
	}
}

// peerAddr is a client's address.
type peerAddr string

func (peerAddr) Network() string { return "tcp" }

func (a peerAddr) String() string { return string(a) }

// native runs a handler of net/http in fiber. One that panics has its
// connection closed, as net/http does.
func native(c fiber.Ctx, h http.HandlerFunc) error {
	defer func() {
		if recover() != nil {
			_ = c.RequestCtx().Conn().Close()
		}
	}()
	r, err := http.NewRequestWithContext(c.Context(), c.Method(), c.OriginalURL(), bytes.NewReader(bytes.Clone(c.Body())))
	if err != nil {
		return err
	}
	w := httptest.NewRecorder()
	h(w, r)
	for name, lines := range w.Header() {
		for _, line := range lines {
			c.Append(name, line)
		}
	}
	body, err := io.ReadAll(w.Body)
	if err != nil {
		return err
	}
	return c.Status(w.Code).Send(body)
}
