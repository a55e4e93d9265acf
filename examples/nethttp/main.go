// Command nethttp is the application of five examples on net/http: each
// backend, each database, streams, and the environment variables of
// examples/README.md.
//
//	go run ./examples/nethttp
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

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/examples/internal/site"
)

func main() {
	site.Main("nethttp", func(ctx context.Context, app *site.Site, l serve.Listener, log *slog.Logger) error {
		return serve.HTTP(ctx, l, routes(app), log)
	})
}

func routes(app *site.Site) http.Handler {
	auth := app.Auth
	r := http.NewServeMux()
	for _, backend := range site.Backends {
		httpauth.Mount(r, "/auth/"+backend, auth.Login(backend), auth.Factors(backend), auth.Impersonation(backend),
			auth.Device(backend))
	}
	httpauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys(), auth.Account(),
		auth.APIKeys(), auth.Audit())
	httpauth.Mount(r, "/users", auth.Users())
	if app.Local != nil {
		socialRoutes(r, app)
	}
	r.Handle("GET /authenticated-route", httpauth.Require(auth, latchkey.Scope("read"))(http.HandlerFunc(hello)))
	r.Handle("GET /events", httpauth.Require(auth, latchkey.Streaming)(http.HandlerFunc(app.Events)))
	if app.Outbox != nil {
		r.Handle("GET /dev/outbox", app.Outbox)
	}
	r.Handle("GET /{$}", httpauth.Optional(auth)(index(app)))
	r.Handle("GET /page/", http.FileServerFS(site.Files()))
	return httpauth.JSONErrors(r)
}

// socialRoutes adds the routes for a login at the local provider, for linking
// an account, and for the list of linked accounts.
func socialRoutes(r *http.ServeMux, app *site.Site) {
	for _, backend := range []string{"jwt", "cookie"} {
		httpauth.Mount(r, "/auth/"+backend+"/local", app.Auth.OAuth("local", backend))
	}
	httpauth.Mount(r, "/auth/jwt", app.Auth.Exchange("jwt"))
	httpauth.Mount(r, "/auth/associate/local", app.Auth.Associate("local"))
	httpauth.Mount(r, "/auth", app.Auth.Accounts())
}

func hello(w http.ResponseWriter, r *http.Request) {
	user, _ := httpauth.CurrentUser[site.Account](r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"message": "Hello " + user.Email + "!"})
}

// index shows who is signed in.
func index(app *site.Site) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, _ := httpauth.CurrentUser[site.Account](r)
		header, body := app.Index(user, r.URL.Query().Get("error"))
		maps.Copy(w.Header(), header)
		_, _ = w.Write(body)
	}
}
