// Command echo is the application of five examples on echo v5: each backend,
// each database, streams, and the environment variables of examples/README.md.
//
//	go run ./examples/echo
//
// The examples nethttp, chi, echo, fiber and gin have the same shape: compare
// two of them with diff to see what a framework changes.
package main

import (
	"context"
	"log/slog"
	"maps"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("echo", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		return serve.HTTP(ctx, l, routes(app), log)
	})
}

func routes(app *site.Site) http.Handler {
	auth := app.Auth
	r := echo.New()
	r.HTTPErrorHandler = echoauth.ErrorHandler
	for _, backend := range site.Backends {
		echoauth.Mount(r, "/auth/"+backend, auth.Login(backend), auth.Factors(backend), auth.Impersonation(backend),
			auth.Device(backend))
	}
	echoauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(), auth.Account(),
		auth.APIKeys(), auth.Audit())
	echoauth.Mount(r, "/users", auth.Users())
	if app.Local != nil {
		socialRoutes(r, app)
	}
	r.GET("/authenticated-route", hello, echoauth.Require(auth, latchkey.Scope("read")))
	r.GET("/events", echo.WrapHandler(http.HandlerFunc(app.Events)), echoauth.Require(auth, latchkey.Streaming))
	if app.Outbox != nil {
		r.GET("/dev/outbox", echo.WrapHandler(app.Outbox))
	}
	r.GET("/", index(app), echoauth.Optional(auth))
	r.GET("/page/*", echo.WrapHandler(http.FileServerFS(site.Files())))
	return r
}

// socialRoutes adds the routes for a login at the local provider, for linking
// an account, and for the list of linked accounts.
func socialRoutes(r *echo.Echo, app *site.Site) {
	for _, backend := range []string{"jwt", "cookie"} {
		echoauth.Mount(r, "/auth/"+backend+"/local", app.Auth.OAuth("local", backend))
	}
	echoauth.Mount(r, "/auth/jwt", app.Auth.Exchange("jwt"))
	echoauth.Mount(r, "/auth/associate/local", app.Auth.Associate("local"))
	echoauth.Mount(r, "/auth", app.Auth.Accounts())
}

func hello(c *echo.Context) error {
	user, _ := echoauth.CurrentUser[site.Account](c)
	return c.JSON(http.StatusOK, map[string]string{"message": "Hello " + user.Email + "!"})
}

// index shows who is signed in.
func index(app *site.Site) echo.HandlerFunc {
	return func(c *echo.Context) error {
		user, _ := echoauth.CurrentUser[site.Account](c)
		header, body := app.Index(user, c.QueryParam("error"))
		maps.Copy(c.Response().Header(), header)
		_, err := c.Response().Write(body)
		return err
	}
}
