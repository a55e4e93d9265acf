// Command gin is the application of five examples on gin: each backend, each
// database, streams, and the environment variables of examples/README.md.
//
//	go run ./examples/gin
//
// The examples nethttp, chi, echo, fiber and gin have the same shape: compare
// two of them with diff to see what a framework changes.
package main

import (
	"context"
	"log/slog"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("gin", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		return serve.HTTP(ctx, l, routes(app), log)
	})
}

func routes(app *site.Site) http.Handler {
	auth := app.Auth
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.RedirectTrailingSlash = false // Latchkey's routes redirect, the others are 404, as on every framework
	r.NoRoute(ginauth.NotFound)
	for _, backend := range site.Backends {
		ginauth.Mount(r, "/auth/"+backend, auth.Login(backend), auth.Factors(backend), auth.Impersonation(backend),
			auth.Device(backend))
	}
	ginauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(), auth.Account(),
		auth.APIKeys(), auth.Audit())
	ginauth.Mount(r, "/users", auth.Users())
	if app.Local != nil {
		socialRoutes(r, app)
	}
	r.GET("/authenticated-route", ginauth.Require(auth, latchkey.Scope("read")), hello)
	r.GET("/events", ginauth.Require(auth, latchkey.Streaming), gin.WrapF(app.Events))
	if app.Outbox != nil {
		r.GET("/dev/outbox", gin.WrapH(app.Outbox))
	}
	r.GET("/", ginauth.Optional(auth), index(app))
	r.GET("/page/*file", gin.WrapH(http.FileServerFS(site.Files())))
	return r
}

// socialRoutes adds the routes for a login at the local provider, for linking
// an account, and for the list of linked accounts.
func socialRoutes(r gin.IRouter, app *site.Site) {
	for _, backend := range []string{"jwt", "cookie"} {
		ginauth.Mount(r, "/auth/"+backend+"/local", app.Auth.OAuth("local", backend))
	}
	ginauth.Mount(r, "/auth/jwt", app.Auth.Exchange("jwt"))
	ginauth.Mount(r, "/auth/associate/local", app.Auth.Associate("local"))
	ginauth.Mount(r, "/auth", app.Auth.Accounts())
}

func hello(c *gin.Context) {
	user, _ := ginauth.CurrentUser[site.Account](c)
	c.JSON(http.StatusOK, gin.H{"message": "Hello " + user.Email + "!"})
}

// index shows who is signed in.
func index(app *site.Site) gin.HandlerFunc {
	return func(c *gin.Context) {
		user, _ := ginauth.CurrentUser[site.Account](c)
		header, body := app.Index(user, c.Query("error"))
		maps.Copy(c.Writer.Header(), header)
		_, _ = c.Writer.Write(body)
	}
}
