// Command quickstart is a whole application with users, to copy and to grow: a
// SQLite file, pages for people, an API with its document, JWTs for programs.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart users create --superuser you@example.org
//
// This file is the application; dev.go is for a developer's machine alone.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/openapi/viewer"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/senders/smtpsender"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// Account is the application's user: Latchkey's columns and its own.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" db:"full_name" auth:"register,update"`
}

// application is what serves.
type application struct {
	auth  *latchkey.Auth[Account]
	store *sqlstore.Store
	dev   *development
	close func() error
}

func main() {
	addr := cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080")
	if len(os.Args) > 1 {
		os.Exit(command.Main(context.Background(), command.App[Account]{
			Name: "quickstart",
			Open: func(context.Context) (*command.Opened[Account], error) {
				app := open(addr, false)
				return &command.Opened[Account]{Auth: app.auth, Close: app.close}, nil
			},
		}, os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener := must(net.Listen("tcp", addr))
	app := open(listener.Addr().String(), true)
	must(0, app.store.Migrate(ctx))
	must(0, app.dev.begin(ctx, app.auth))
	go app.auth.SweepEvery(ctx, time.Hour)
	server := &http.Server{
		Handler: app.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
	go func() { must(0, server.Serve(listener)) }()
	<-ctx.Done()
	wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	must(0, errors.Join(server.Shutdown(wait), app.auth.Close(wait), app.close())) // queued mails are sent first
}

// open puts the application together; it does not need the tables yet.
func open(addr string, serving bool) *application {
	file, ok := strings.CutPrefix(cmp.Or(os.Getenv("DATABASE_URL"), "file:latchkey.db"), "file:")
	if !ok {
		must(0, errors.New("DATABASE_URL must begin with file: (examples/chi takes servers too)"))
	}
	db := must(sql.Open("sqlite", sqlstore.SQLiteDSN(file)))
	db.SetMaxOpenConns(8)
	store := must(sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{}))
	users := must(sqlstore.Users[Account](store))
	dev := must(newDevelopment(addr, file, serving))
	mails := dev.sender
	if url := os.Getenv("SMTP_URL"); url != "" {
		mails = must(smtpsender.New(smtpsender.Options{URL: url, From: os.Getenv("MAIL_FROM")}))
	}
	site := must(pages.New(pages.Options{
		App: "Quickstart", Admin: true, Templates: dev.templates, Stylesheets: dev.stylesheets,
		Fields: map[string]pages.Field{"full_name": {Label: "Full name", Autocomplete: "name"}},
	}))
	keys := must(passkey.New(passkey.Options{Secret: must(dev.key("passkeys")), Name: "Quickstart"}))
	auth := must(latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{
			{Name: "cookie", Transport: must(cookie.New(cookie.Options{InsecureHTTP: dev.insecureHTTP})),
				Strategy: must(session.New(users.Sessions(), session.Options{}))},
			{Name: "jwt", Transport: bearer.New(bearer.Options{LoginURL: "/auth/jwt/login"}), Strategy: must(jwt.New(
				jwt.Options{Keys: []jwt.Key{must(jwt.HS256("", dev.secret))}, Denied: store.Tickets()}))},
		}, SelfDelete: true, SelfExport: true,
		Flows: append(pages.Links("", verify.Flow{}, reset.Flow{}, emailchange.Flow{Confirm: true},
			totp.Flow{Issuer: "Quickstart"}, recovery.Flow{}), append(must(dev.flows(store, keys)), site)...),
		Tickets: store.Tickets(), Credentials: store.Credentials(), Vault: must(dev.vault()), Sender: mails,
		MailDelay: dev.mailDelay, BaseURL: dev.baseURL, ClientIP: dev.clientIP, InsecureNoLimits: dev.noLimits,
	}))
	return &application{auth, store, dev, func() error { return errors.Join(dev.close(), db.Close()) }}
}

func (a *application) routes() http.Handler {
	mux := http.NewServeMux()
	document := must(openapi.New(openapi.Options{Title: "Quickstart", Version: "1.0.0"}, a.auth.API()))
	httpauth.Mount(mux, "", a.auth.API(), a.auth.Pages("cookie"), document.Group(),
		viewer.Group("/openapi.json", viewer.Options{Title: "Quickstart"}).At("/docs"))
	mux.Handle("GET /{$}", http.RedirectHandler("/account", http.StatusSeeOther))
	members := httpauth.Require(a.auth) // for a page: httpauth.Require(a.auth, latchkey.LoginPage("/login"))
	mux.Handle("GET /authenticated-route", members(http.HandlerFunc(hello)))
	a.dev.mount(mux)
	return httpauth.JSONErrors(mux)
}

// hello is a handler of the application's own.
func hello(w http.ResponseWriter, r *http.Request) {
	user, _ := httpauth.CurrentUser[Account](r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"message": "Hello " + user.Email + "!"})
}

// must ends the program where it cannot begin.
func must[T any](v T, err error) T {
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "quickstart:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
	return v
}
