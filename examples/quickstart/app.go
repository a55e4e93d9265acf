package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/examples/localprovider"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/senders/smtpsender"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user: Latchkey's columns and one of its own.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,notnull,default:''" auth:"register,update"`
}

type app struct {
	auth    *latchkey.Auth[Account]
	db      *sql.DB
	local   *localprovider.Provider // nil where it is off
	handler http.Handler
	log     *slog.Logger
}

func newApp(ctx context.Context, cfg config, log *slog.Logger) (*app, error) {
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(cfg.databasePath()))
	if err != nil {
		return nil, err
	}
	a := &app{db: db, log: log}
	if err := a.build(ctx, cfg); err != nil {
		return nil, errors.Join(err, a.closeParts())
	}
	return a, nil
}

func (a *app) build(ctx context.Context, cfg config) error {
	store, err := bunstore.New(bun.NewDB(a.db, sqlitedialect.New()), bunstore.Options{})
	if err != nil {
		return err
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return fmt.Errorf("the database %s cannot be used: %w", cfg.databasePath(), err)
	}
	backends, err := backends(cfg, store)
	if err != nil {
		return err
	}
	sender, mails, err := sender(cfg, a.log)
	if err != nil {
		return err
	}
	social, err := a.social(cfg, store)
	if err != nil {
		return err
	}
	a.auth, err = latchkey.New(users, latchkey.Options[Account]{
		Backends:         backends,
		Flows:            append(social, verify.Flow{}, reset.Flow{}),
		Hooks:            latchkey.Hooks[Account]{BeforeRegister: takeName},
		Tickets:          store.Tickets(),
		Sender:           sender,
		BaseURL:          cfg.baseURL,
		InsecureNoLimits: cfg.noLimits,
		Log:              a.log,
	})
	if err != nil {
		return err
	}
	a.handler = a.routes(mails)
	return a.createSuperuser(ctx, cfg)
}

func backends(cfg config, store *bunstore.Store) ([]latchkey.Backend, error) {
	key, err := jwt.HS256("", cfg.secret)
	if err != nil {
		return nil, err
	}
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: store.Tickets()})
	if err != nil {
		return nil, err
	}
	sessions, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		return nil, err
	}
	cookies, err := cookie.New(cookie.Options{InsecureHTTP: cfg.insecureHTTP})
	if err != nil {
		return nil, err
	}
	return []latchkey.Backend{
		{Name: "jwt", Transport: bearer.New(bearer.Options{LoginURL: "/auth/jwt/login"}), Strategy: tokens},
		{Name: "cookie", Transport: cookies, Strategy: sessions},
		{Name: "session", Transport: bearer.New(bearer.Options{LoginURL: "/auth/session/login"}), Strategy: sessions},
	}, nil
}

// sender gives SMTP, or the outbox and the handler that shows it.
func sender(cfg config, log *slog.Logger) (latchkey.Sender, http.Handler, error) {
	if cfg.smtpURL != "" {
		smtp, err := smtpsender.New(smtpsender.Options{URL: cfg.smtpURL, From: cfg.from()})
		return smtp, nil, err
	}
	box, err := outbox.New(outbox.Options{Log: log})
	return box, box, err
}

func (a *app) routes(mails http.Handler) http.Handler {
	auth := a.auth
	r := chi.NewRouter()
	for _, backend := range []string{"jwt", "cookie", "session"} {
		chiauth.Mount(r, "/auth/"+backend, auth.Login(backend))
	}
	chiauth.Mount(r, "/auth", auth.Register(), auth.Verify(), auth.Reset(), auth.Sessions(), auth.Keys())
	chiauth.Mount(r, "/users", auth.Users())
	r.With(chiauth.Require(auth)).Get("/authenticated-route", func(w http.ResponseWriter, r *http.Request) {
		user, _ := chiauth.CurrentUser[Account](r)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"message": "Hello " + user.Email + "!"})
	})
	if mails != nil {
		r.Method(http.MethodGet, "/dev/outbox", mails)
	}
	if a.local != nil {
		a.socialRoutes(r)
	}
	r.With(chiauth.Optional(auth)).Get("/", func(w http.ResponseWriter, r *http.Request) { index(w, r, a.local != nil) })
	r.Method(http.MethodGet, "/page/*", http.FileServerFS(files))
	return r
}

// createSuperuser makes the one of the environment, unless the address is registered already.
func (a *app) createSuperuser(ctx context.Context, cfg config) error {
	if cfg.superuserEmail == "" {
		return nil
	}
	admin := &Account{User: latchkey.User{Email: cfg.superuserEmail, IsActive: true, IsSuperuser: true, IsVerified: true}}
	err := a.auth.Manager().Create(ctx, admin, cfg.superuserPassword)
	if errors.Is(err, latchkey.Refuse("REGISTER_USER_ALREADY_EXISTS")) {
		a.log.Info("the superuser's address is registered already; nothing was changed")
		return nil
	}
	if err != nil {
		return fmt.Errorf("the superuser cannot be created: %w", err)
	}
	return nil
}

// sweepHourly deletes what has expired.
func (a *app) sweepHourly(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := a.auth.Sweep(ctx); err != nil {
				a.log.Error("sweep", "err", err)
			}
		}
	}
}

// close sends the mails that are queued, then closes the database.
func (a *app) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(a.auth.Close(ctx), a.closeParts())
}

func (a *app) closeParts() error {
	if a.local == nil {
		return a.db.Close()
	}
	return errors.Join(a.local.Close(), a.db.Close())
}
