// Command chi is the application of five examples on chi: each backend, each
// database, streams, and the environment variables of examples/README.md.
//
//	go run ./examples/chi
//
// The examples nethttp, chi, echo, fiber and gin have the same shape: compare
// two of them with diff to see what a framework changes.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("chi", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		return serve.HTTP(ctx, l, routes(app), log)
	})
}

func routes(app *site.Site) http.Handler {
	auth := app.Auth
	r := chi.NewRouter()
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	for _, backend := range site.Backends {
		chiauth.Mount(r, "/auth/"+backend, auth.Login(backend), auth.Factors(backend), auth.Impersonation(backend),
			auth.Device(backend))
	}
	chiauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(), auth.Account(),
		auth.APIKeys(), auth.Audit())
	chiauth.Mount(r, "/users", auth.Users())
	if app.Local != nil {
		socialRoutes(r, app)
	}
	r.With(chiauth.Require(auth, latchkey.Scope("read"))).Get("/authenticated-route", hello)
	r.With(chiauth.Require(auth, latchkey.Streaming)).Get("/events", app.Events)
	if app.Outbox != nil {
		r.Method(http.MethodGet, "/dev/outbox", app.Outbox)
	}
	r.With(chiauth.Optional(auth)).Get("/", index(app))
	r.Method(http.MethodGet, "/page/*", http.FileServerFS(site.Files()))
	return r
}

// socialRoutes adds the routes for a login at the local provider, for linking
// an account, and for the list of linked accounts.
func socialRoutes(r chi.Router, app *site.Site) {
	for _, backend := range []string{"jwt", "cookie"} {
		chiauth.Mount(r, "/auth/"+backend+"/local", app.Auth.OAuth("local", backend))
	}
	chiauth.Mount(r, "/auth/jwt", app.Auth.Exchange("jwt"))
	chiauth.Mount(r, "/auth/associate/local", app.Auth.Associate("local"))
	chiauth.Mount(r, "/auth", app.Auth.Accounts())
}

func hello(w http.ResponseWriter, r *http.Request) {
	user, _ := chiauth.CurrentUser[site.Account](r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"message": "Hello " + user.Email + "!"})
}

// index shows who is signed in.
func index(app *site.Site) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, _ := chiauth.CurrentUser[site.Account](r)
		header, body := app.Index(user, r.URL.Query().Get("error"))
		maps.Copy(w.Header(), header)
		_, _ = w.Write(body)
	}
}
