package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/localprovider"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user type: Latchkey's columns and one of its
// own.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,notnull,default:''" auth:"update"`
}

type app struct {
	auth     *latchkey.Auth[Account]
	db       *sql.DB
	links    core.OAuthAccountStore
	services []*providers.Provider
	local    *localprovider.Provider // nil if it is off
	log      *slog.Logger
}

func newApp(ctx context.Context, cfg config, l serve.Listener, log *slog.Logger) (*app, error) {
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(cfg.databasePath))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8) // only one of them writes at a time
	db.SetMaxIdleConns(8)
	a := &app{db: db, services: cfg.services, log: log}
	if err := a.build(ctx, cfg, l); err != nil {
		return nil, errors.Join(err, a.closeParts())
	}
	return a, nil
}

func (a *app) build(ctx context.Context, cfg config, l serve.Listener) error {
	if cfg.localProvider {
		if err := a.startLocalProvider(cfg, l); err != nil {
			return err
		}
	}
	store, err := bunstore.New(bun.NewDB(a.db, sqlitedialect.New()), bunstore.Options{})
	if err != nil {
		return err
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return fmt.Errorf("the database %s cannot be used: %w", cfg.databasePath, err)
	}
	a.links = store.OAuthAccounts()
	social, err1 := a.social(cfg, store.Tickets())
	sessions, err2 := session.New(store.Sessions(), session.Options{})
	cookies, err3 := cookie.New(cookie.Options{InsecureHTTP: cfg.insecureHTTP})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	a.auth, err = latchkey.New(users, latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "cookie", Transport: cookies, Strategy: sessions}},
		Flows:    social.Flows(),
		Tickets:  store.Tickets(),
		BaseURL:  l.BaseURL,
		Hooks:    latchkey.Hooks[Account]{BeforeRegister: takeName},
		Log:      a.log,
	})
	return err
}

func (a *app) startLocalProvider(cfg config, l serve.Listener) error {
	if !l.OnLoopback() {
		return errors.New("no service is enabled, or LOCAL_PROVIDER is, and the local provider is for development: ADDR and BASE_URL must be loopback")
	}
	var err error
	if a.local, err = localprovider.Start(cfg.localProviderAddr); err != nil {
		return err
	}
	client, err := a.local.Client()
	a.services = append(a.services, client)
	return err
}

func (a *app) social(cfg config, tickets core.TicketStore) (*oauth.OAuth, error) {
	options := oauth.Options{Accounts: a.links, Secret: cfg.secret, Vault: cfg.vault, Tickets: tickets,
		InsecureHTTP: cfg.insecureHTTP}
	for _, s := range a.services {
		options.Providers = append(options.Providers, oauth.Provider{Provider: s, VerifiedByDefault: true})
	}
	return oauth.New(options)
}

// takeName sets a new user's name to the one that the service supplies.
func takeName(_ context.Context, e *latchkey.Event[Account]) error {
	if e.Identity != nil {
		e.User.FullName = e.Identity.Name
	}
	return nil
}

func (a *app) routes() http.Handler {
	r := chi.NewRouter()
	for _, s := range a.services {
		chiauth.Mount(r, "/auth/cookie/"+s.Name(), a.auth.OAuth(s.Name(), "cookie"))
		chiauth.Mount(r, "/auth/associate/"+s.Name(), a.auth.Associate(s.Name()))
	}
	chiauth.Mount(r, "/auth/cookie", a.auth.Login("cookie")) // for /logout
	chiauth.Mount(r, "/auth", a.auth.Accounts())
	r.With(chiauth.Optional(a.auth)).Get("/", a.home)
	r.Method(http.MethodGet, "/pages/*", http.FileServerFS(files))
	return r
}

func (a *app) closeParts() error {
	if a.local == nil {
		return a.db.Close()
	}
	return errors.Join(a.local.Close(), a.db.Close())
}
