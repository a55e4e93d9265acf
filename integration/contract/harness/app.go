package harness

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user: one column that its owner writes, one that
// it only reads.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,type:varchar(12000),notnull,default:''" auth:"register,update"`
	Credits  int    `json:"credits" bun:"credits,notnull,default:0"`
}

// Options are the front door's, for Account.
type Options = latchkey.Options[Account]

// Backends are the names of the application's backends. Their logins are under
// /auth/ and the name.
var Backends = []string{"jwt", "cookie", "session"}

const (
	// Password is the password of the users that NewUser makes.
	Password = "correct horse 17 battery"
	// OtherPassword is a wrong one, and the new one where it is changed.
	OtherPassword = "nine lanterns over water"
	// BaseURL is the application's, on which the links of mails are built.
	BaseURL = "https://app.example.org"
)

// Secret signs the JWTs of the backend jwt.
var Secret = []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")

// Vault seals the secrets of factors.
var Vault = []core.VaultKey{{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}}

// App is an application under test, its clock, its mailbox and its switches.
type App struct {
	*latchkey.Auth[Account]
	*testclock.Clock
	*Outage
	Stores Stores // each behind the outage; a change of the options may put more before it
	Hasher *FakeHasher
	Mails  Mailbox
	// Adapter and URL are those of the server, see Serve.
	Adapter Adapter
	URL     string
	// transport sends requests to the server.
	transport http.RoundTripper
	// backends are the application's; what their strategies do in the
	// background has ended when an answer is looked at.
	backends []latchkey.Backend
	// impersonates reports that administrators may act as users.
	impersonates bool
	// devices reports that devices log in.
	devices bool
	users   *atomic.Int64
}

type (
	// Adapter makes a router of an application's adapter.
	Adapter = func(auth *latchkey.Auth[Account]) Router
	// StoreOpener opens new, empty stores.
	StoreOpener = func(t *testing.T, now func() time.Time) Stores
)

// transport is that of all applications, which keeps the connections of a
// crowd. A server of httptest that is closed breaks connections of the default
// one.
var transport = func() *http.Transport {
	own := http.DefaultTransport.(*http.Transport).Clone()
	own.MaxIdleConns, own.MaxIdleConnsPerHost = 0, 64
	return own
}()

// NewApp returns an application on one router and empty stores, which answers
// until the test ends. change, if not nil, changes the options before it is
// made.
func NewApp(t *testing.T, router Adapter, open StoreOpener, change func(*App, *Options)) *App {
	t.Helper()
	clock := testclock.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	a := &App{Clock: clock, Outage: &Outage{}, Adapter: router, users: &atomic.Int64{}}
	a.Stores = open(t, a.Now).behind(a.Outage)
	a.open(t, change)
	return a
}

// Beside returns another application over the stores and by the clock of one,
// with an outage in common, as another process with other options is.
func (a *App) Beside(t *testing.T, change func(*App, *Options)) *App {
	t.Helper()
	b := &App{Clock: a.Clock, Outage: a.Outage, Stores: a.Stores, Adapter: a.Adapter, users: a.users}
	b.open(t, change)
	return b
}

// open makes the application and serves it.
func (a *App) open(t *testing.T, change func(*App, *Options)) {
	t.Helper()
	a.Hasher, a.Mails = &FakeHasher{}, make(Mailbox, 64)
	plenty := latchkey.Limit{Events: 100_000, Window: time.Minute} // all of a test come from one network
	mails := mailtoken.Options{RequestLimit: plenty, MailLimit: plenty, AttemptLimit: plenty}
	backends, err := newBackends(a.Stores, a.Now)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Backends: backends,
		Flows: []latchkey.Flow{
			verify.Flow{Options: mails}, reset.Flow{Options: mails}, totp.Flow{Attempts: plenty}, recovery.Flow{},
			trusted.Flow{}, audit.Flow{Store: a.Stores.Audit, Own: true}, impersonation.Flow{},
			devicegrant.Flow{RequestLimit: plenty, PollLimit: plenty, GuessLimit: plenty},
		},
		Tickets:     a.Stores.Tickets,
		Credentials: a.Stores.Credentials,
		Vault:       Vault,
		Sender:      a.Mails,
		// Tests wait for mails. TestSilence of the front door is about
		// the delay.
		MailDelay: -1,
		BaseURL:   BaseURL,
		Hashers:   []core.Hasher{a.Hasher},
		Limiter:   a.Stores.Limiter,
		Limits: latchkey.Limits{
			LoginAttempts: plenty, Registrations: plenty, UserChanges: plenty, NetworkChanges: plenty, AdminChanges: plenty,
			FactorAttempts: plenty, SessionEnds: plenty,
		},
		Log: slog.New(slog.DiscardHandler),
		Now: a.Now,
	}
	if change != nil {
		change(a, &o)
	}
	if a.Auth, err = latchkey.New(a.Stores.Users, o); err != nil {
		t.Fatal(err)
	}
	a.backends = o.Backends
	a.impersonates = slices.ContainsFunc(o.Flows, func(f latchkey.Flow) bool { return f.Name() == "impersonation" })
	a.devices = slices.ContainsFunc(o.Flows, func(f latchkey.Flow) bool { return f.Name() == "device" })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = a.Close(ctx)
	})
	a.Serve(t, nil)
}

// newBackends returns those of examples/quickstart, with nothing but defaults.
func newBackends(kept Stores, now func() time.Time) ([]latchkey.Backend, error) {
	key, err1 := jwt.HS256("", Secret)
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: kept.Tickets, Now: now})
	sessions, err3 := session.New(kept.Sessions, session.Options{Now: now})
	cookies, err4 := cookie.New(cookie.Options{Now: now})
	return []latchkey.Backend{
		{Name: "jwt", Transport: bearer.New(bearer.Options{LoginURL: "/auth/jwt/login"}), Strategy: tokens},
		{Name: "cookie", Transport: cookies, Strategy: sessions},
		{Name: "session", Transport: bearer.New(bearer.Options{LoginURL: "/auth/session/login"}), Strategy: sessions},
	}, errors.Join(err1, err2, err3, err4)
}

// Issue returns a credential of a backend for a session that no login makes.
func (a *App) Issue(t *testing.T, backend string, s core.Session) Option {
	t.Helper()
	s.Backend = backend
	for _, b := range a.backends {
		if b.Name == backend {
			token, err := b.Strategy.Issue(t.Context(), core.Login{Session: s})
			if err != nil {
				t.Fatal(err)
			}
			return Credential(backend, token.Raw)
		}
	}
	t.Fatalf("there is no backend %q", backend)
	return nil
}

// Serve mounts the application, after routes of own if it is not nil, on a new
// server that answers all requests from now on.
func (a *App) Serve(t *testing.T, own func(Router)) {
	r := a.Adapter(a.Auth)
	if own != nil {
		own(r)
	}
	for _, b := range a.WithLogins() {
		r.Mount("/auth/"+b, a.Login(b), a.Factors(b))
		if a.impersonates {
			r.Mount("/auth/"+b, a.Impersonation(b))
		}
		if a.devices {
			r.Mount("/auth/"+b, a.Device(b))
		}
	}
	r.Mount("/auth", a.Register(), a.Verify(), a.Reset(), a.Sessions(), a.Keys(), a.Account())
	r.Mount("", auditRoutes(a.Auth))
	if a.hasKeys() {
		r.Mount("/auth", a.APIKeys())
	}
	r.Mount("/users", a.Users())
	r.Handle("GET", "/authenticated-route", func(w http.ResponseWriter, r *http.Request) {
		u, _ := latchkey.CurrentUser[Account](r.Context())
		_, _ = io.WriteString(w, "Hello "+u.Email+"!")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.URL, a.transport = "http://"+ln.Addr().String(), transport
	if r.Over != nil {
		a.transport = r.Over(t)
	}
	r.Serve(t, ln)
}
