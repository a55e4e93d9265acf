package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/labstack/echo/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
)

// The functions of this file are the blocks of docs/guides/start-frameworks.md:
// the routes of the README's program, on four frameworks.

func chiRoutes(auth *latchkey.Auth[Account], mails http.Handler) http.Handler {
	r := chi.NewRouter()
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	chiauth.Mount(r, "", auth.API(), auth.Pages("web"))
	r.Method("GET", "/outbox", mails)
	members := r.With(chiauth.Require(auth, latchkey.LoginPage("/login")))
	members.Get("/", func(w http.ResponseWriter, r *http.Request) {
		if account, ok := chiauth.CurrentUser[Account](r); ok {
			fmt.Fprintf(w, "Hello %s!\n", account.Name)
		}
	})
	return r
}

func echoRoutes(auth *latchkey.Auth[Account], mails http.Handler) http.Handler {
	e := echo.New()
	e.HTTPErrorHandler = echoauth.ErrorHandler
	echoauth.Mount(e, "", auth.API(), auth.Pages("web"))
	e.GET("/outbox", echo.WrapHandler(mails))
	e.GET("/", func(c *echo.Context) error {
		account, ok := echoauth.CurrentUser[Account](c)
		if !ok {
			return echo.ErrUnauthorized
		}
		return c.String(http.StatusOK, "Hello "+account.Name+"!\n")
	}, echoauth.Require(auth, latchkey.LoginPage("/login")))
	return e
}

func fiberRoutes(auth *latchkey.Auth[Account], mails http.Handler) *fiber.App {
	app := fiber.New(fiber.Config{
		ErrorHandler:                 fiberauth.ErrorHandler, // fiber's own quotes what it could not read
		DisablePreParseMultipartForm: true,                   // forms arrive as they were sent
		ReadTimeout:                  15 * time.Second,
	})
	app.Use(recover.New())
	fiberauth.Mount(app, "", auth.API(), auth.Pages("web"))
	app.Get("/outbox", adaptor.HTTPHandler(mails))
	app.Get("/", fiberauth.Require(auth, latchkey.LoginPage("/login")), func(c fiber.Ctx) error {
		account, ok := fiberauth.CurrentUser[Account](c)
		if !ok {
			return fiber.ErrUnauthorized
		}
		return c.SendString("Hello " + account.Name + "!\n")
	})
	return app
}

func ginRoutes(auth *latchkey.Auth[Account], mails http.Handler) http.Handler {
	r := gin.Default()
	r.RedirectTrailingSlash = false // Latchkey's routes redirect, the others are 404
	r.NoRoute(ginauth.NotFound)
	ginauth.Mount(r, "", auth.API(), auth.Pages("web"))
	r.GET("/outbox", gin.WrapH(mails))
	r.GET("/", ginauth.Require(auth, latchkey.LoginPage("/login")), func(c *gin.Context) {
		if account, ok := ginauth.CurrentUser[Account](c); ok {
			c.String(http.StatusOK, "Hello %s!\n", account.Name)
		}
	})
	return r
}

func TestFrameworks(t *testing.T) {
	gin.SetMode(gin.TestMode) // prints no routes
	for name, serve := range map[string]func(*testing.T, *latchkey.Auth[Account], http.Handler) *browser{
		"chi": func(t *testing.T, auth *latchkey.Auth[Account], mails http.Handler) *browser {
			return over(t, chiRoutes(auth, mails))
		},
		"echo": func(t *testing.T, auth *latchkey.Auth[Account], mails http.Handler) *browser {
			return over(t, echoRoutes(auth, mails))
		},
		"fiber": func(t *testing.T, auth *latchkey.Auth[Account], mails http.Handler) *browser {
			return overFiber(t, fiberRoutes(auth, mails))
		},
		"gin": func(t *testing.T, auth *latchkey.Auth[Account], mails http.Handler) *browser {
			return over(t, ginRoutes(auth, mails))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			auth, mails := open()
			b := serve(t, auth, mails)
			b.register()
			b.open("GET", "/account", nil, http.StatusOK, "", "ada@example.org")
			must(0, auth.Close(t.Context())) // sends the mail
			b.open("GET", "/outbox", nil, http.StatusOK, "", "ada@example.org")
			b.open("GET", "/nothing", nil, http.StatusNotFound, "", "")
		})
	}
}

// overFiber returns a browser of fiber's own server.
func overFiber(t *testing.T, app *fiber.App) *browser {
	l := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	served := make(chan error)
	go func() { served <- app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		if err := errors.Join(app.Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	})
	return &browser{t: t, url: "http://" + l.Addr().String()}
}
