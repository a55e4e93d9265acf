// Command fiber is the application of five examples on fiber v3, without
// net/http: each backend, each database, streams, and the environment variables
// of examples/README.md.
//
//	go run ./examples/fiber
//
// The examples nethttp, chi, echo, fiber and gin have the same shape: compare
// two of them with diff to see what a framework changes.
package main

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/static"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("fiber", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		r := routes(app)
		start := func() error { return r.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }
		return serve.Until(ctx, log, start, r.ShutdownWithContext)
	})
}

func routes(app *site.Site) *fiber.App {
	auth := app.Auth
	r := fiber.New(fiber.Config{
		ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, ReadBufferSize: 32 << 10,
		DisablePreParseMultipartForm: true,                   // forms arrive as they were sent
		ErrorHandler:                 fiberauth.ErrorHandler, // fiber's own quotes what it could not read
	})
	r.Use(recover.New(recover.Config{PanicHandler: func(fiber.Ctx, any) error { return fiber.ErrInternalServerError }}))
	for _, backend := range site.Backends {
		fiberauth.Mount(r, "/auth/"+backend, auth.Login(backend), auth.Factors(backend), auth.Impersonation(backend),
			auth.Device(backend))
	}
	fiberauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(), auth.Account(),
		auth.APIKeys(), auth.Audit())
	fiberauth.Mount(r, "/users", auth.Users())
	if app.Local != nil {
		socialRoutes(r, app)
	}
	r.Get("/authenticated-route", fiberauth.Require(auth, latchkey.Scope("read")), hello)
	r.Get("/events", fiberauth.Require(auth, latchkey.Streaming), events(app))
	if app.Outbox != nil {
		r.Get("/dev/outbox", adaptor.HTTPHandler(app.Outbox))
	}
	r.Get("/", fiberauth.Optional(auth), index(app))
	r.Get("/page/*", static.New("page", static.Config{FS: site.Files()}))
	return r
}

// socialRoutes adds the routes for a login at the local provider, for linking
// an account, and for the list of linked accounts.
func socialRoutes(r fiber.Router, app *site.Site) {
	for _, backend := range []string{"jwt", "cookie"} {
		fiberauth.Mount(r, "/auth/"+backend+"/local", app.Auth.OAuth("local", backend))
	}
	fiberauth.Mount(r, "/auth/jwt", app.Auth.Exchange("jwt"))
	fiberauth.Mount(r, "/auth/associate/local", app.Auth.Associate("local"))
	fiberauth.Mount(r, "/auth", app.Auth.Accounts())
}

func hello(c fiber.Ctx) error {
	user, _ := fiberauth.CurrentUser[site.Account](c)
	return c.JSON(fiber.Map{"message": "Hello " + user.Email + "!"})
}

// events streams after the handler has returned, when c belongs to another
// request, so it takes what it needs from c first.
func events(app *site.Site) fiber.Handler {
	return func(c fiber.Ctx) error {
		ctx, conn := c.Context(), c.RequestCtx().Conn()
		c.Set("Content-Type", "text/event-stream")
		c.Set("Cache-Control", "no-store")
		return c.SendStreamWriter(func(w *bufio.Writer) {
			app.Stream(ctx, w, func() error {
				return errors.Join(conn.SetWriteDeadline(time.Now().Add(site.WriteWithin)), w.Flush())
			})
		})
	}
}

// index shows who is signed in.
func index(app *site.Site) fiber.Handler {
	return func(c fiber.Ctx) error {
		user, _ := fiberauth.CurrentUser[site.Account](c)
		header, body := app.Index(user, c.Query("error"))
		for name := range header {
			c.Set(name, header.Get(name))
		}
		return c.Send(body)
	}
}
