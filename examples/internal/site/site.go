// Package site is the application that several examples serve, each with its
// framework: users in a database, four backends, mail, a provider to log in
// at, and a page. An example adds the routes.
//
//	site.Main("nethttp", func(
//		ctx context.Context, app *site.Site,
//		l serve.Listener, log *slog.Logger,
//	) error {
//		httpauth.Mount(mux, "/auth/jwt", app.Auth.Login("jwt"))
//		return serve.HTTP(ctx, l, mux, log)
//	})
package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/providers/localprovider"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/senders/smtpsender"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user type: Latchkey's columns and one of its
// own.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,notnull,default:''" bson:"full_name" auth:"register,update"`
}

// Backends lists the names of the backends that people log in to: a JWT and a
// session token as bearer tokens, a session's cookie, and a short JWT with a
// refresh token for mobile clients. API keys have one too, "keys", without a
// login.
var Backends = []string{"jwt", "cookie", "session", "mobile"}

// Site is the application.
type Site struct {
	Auth   *latchkey.Auth[Account]
	Outbox http.Handler            // shows the mails; nil if they are sent by SMTP
	Local  *localprovider.Provider // nil if it is off

	stores   stores
	log      *slog.Logger
	stopping <-chan struct{}
}

// New opens the database and assembles the parts. Until ctx is done, expired
// rows are swept, and events sent.
func New(ctx context.Context, cfg Config, l serve.Listener, log *slog.Logger) (*Site, error) {
	stores, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &Site{stores: stores, log: log, stopping: ctx.Done()}
	if err := s.build(ctx, cfg, l); err != nil {
		return nil, errors.Join(err, s.closeParts())
	}
	go s.Auth.SweepEvery(ctx, time.Hour)
	return s, nil
}

func (s *Site) build(ctx context.Context, cfg Config, l serve.Listener) error {
	backends, err := backends(cfg, s.stores)
	if err != nil {
		return err
	}
	sender, err := s.sender(cfg, l.BaseURL)
	if err != nil {
		return err
	}
	social, err := s.social(cfg, l)
	if err != nil {
		return err
	}
	vault, err := cfg.vault()
	if err != nil {
		return err
	}
	factors, err := cfg.factors(l)
	if err != nil {
		return err
	}
	keyBackend, keyFlow, err := keys(s.stores)
	if err != nil {
		return err
	}
	s.Auth, err = latchkey.New(s.stores.users, latchkey.Options[Account]{
		Backends:         append(backends, keyBackend),
		Flows:            slices.Concat(social, mailed(), factors, []latchkey.Flow{keyFlow}, s.audited()),
		SelfDelete:       true,
		SelfExport:       true,
		Hooks:            latchkey.Hooks[Account]{BeforeRegister: takeName},
		Tickets:          s.stores.tickets,
		Credentials:      s.stores.factors,
		Vault:            vault,
		Limiter:          s.stores.limiter,
		Sender:           sender,
		MailDelay:        cfg.mailDelay(),
		BaseURL:          l.BaseURL,
		ClientIP:         cfg.clientIP(),
		InsecureNoLimits: cfg.noLimits,
		Log:              s.log,
	})
	if err != nil {
		return err
	}
	return s.createSuperuser(ctx, cfg)
}

// mailed returns the flows that send mails whatever is switched off, the one by
// which administrators act as users, and the one by which devices log in.
func mailed() []latchkey.Flow {
	return []latchkey.Flow{
		verify.Flow{}, reset.Flow{}, emailchange.Flow{Confirm: true}, leaving.Flow{}, impersonation.Flow{},
		devicegrant.Flow{Link: "/?user_code={token}"},
	}
}

// audited returns the flow that records what happens to accounts.
func (s *Site) audited() []latchkey.Flow {
	return []latchkey.Flow{audit.Flow{Store: s.stores.audit, Own: true}}
}

func backends(cfg Config, stores stores) ([]latchkey.Backend, error) {
	key, err := jwt.HS256("", cfg.secret)
	if err != nil {
		return nil, err
	}
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: stores.codes})
	if err != nil {
		return nil, err
	}
	sessions, err := session.New(stores.sessions, session.Options{})
	if err != nil {
		return nil, err
	}
	cookies, err := cookie.New(cookie.Options{InsecureHTTP: cfg.insecureHTTP})
	if err != nil {
		return nil, err
	}
	mobile, err := renewed(key, stores)
	if err != nil {
		return nil, err
	}
	return []latchkey.Backend{
		{Name: "jwt", Transport: bearer.New(bearer.Options{LoginURL: "/auth/jwt/login"}), Strategy: tokens},
		{Name: "cookie", Transport: cookies, Strategy: sessions},
		{Name: "session", Transport: bearer.New(bearer.Options{LoginURL: "/auth/session/login"}), Strategy: sessions},
		{Name: "mobile", Transport: bearer.New(bearer.Options{
			LoginURL: "/auth/mobile/login", RefreshURL: "/auth/mobile/refresh",
		}), Strategy: mobile},
	}, nil
}

// renewed returns the strategy of logins that a refresh token renews. Its JWTs
// have an audience of their own, as the key is that of others too.
func renewed(key jwt.Key, stores stores) (*refresh.Strategy, error) {
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Audience: "latchkey:mobile", Lifetime: 10 * time.Minute})
	if err != nil {
		return nil, err
	}
	return refresh.New(stores.sessions, access, refresh.Options{})
}

// sender returns an SMTP sender, or the outbox.
func (s *Site) sender(cfg Config, baseURL string) (latchkey.Sender, error) {
	if cfg.SMTPURL != "" {
		return smtpsender.New(smtpsender.Options{URL: cfg.SMTPURL, From: cfg.from(baseURL)})
	}
	box, err := outbox.New(outbox.Options{Log: s.log})
	s.Outbox = box
	return box, err
}

// createSuperuser creates the superuser that the environment names, unless the
// address is already registered.
func (s *Site) createSuperuser(ctx context.Context, cfg Config) error {
	if cfg.superuserEmail == "" {
		return nil
	}
	admin := &Account{User: latchkey.User{Email: cfg.superuserEmail, IsActive: true, IsSuperuser: true, IsVerified: true}}
	err := s.Auth.Manager().Create(ctx, admin, cfg.superuserPassword)
	if errors.Is(err, latchkey.Refuse("REGISTER_USER_ALREADY_EXISTS")) {
		s.log.Info("the superuser's address is registered already; nothing was changed")
		return nil
	}
	if err != nil {
		return fmt.Errorf("the superuser cannot be created: %w", err)
	}
	return nil
}

// Close sends the queued mail, then closes the rest.
func (s *Site) Close() error { return serve.Close(s.Auth, s.closeParts) }

func (s *Site) closeParts() error {
	if s.Local == nil {
		return s.stores.close()
	}
	return errors.Join(s.Local.Close(), s.stores.close())
}
