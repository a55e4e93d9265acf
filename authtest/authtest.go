// Package authtest helps applications to test what they keep behind a login:
// in memory, in microseconds, on every framework.
//
//	func TestProfile(t *testing.T) {
//		options := latchkey.Options[Account]{Hooks: hooks}
//		app := authtest.New(t, options)
//		h := routes(app.Auth) // the application's own http.Handler
//		ada := authtest.User[Account]()
//		client := authtest.As(t, app.Auth, "web", ada)
//		w := client.Do(h, "GET", "/profile", "")
//		…
//	}
//
// As works with every *latchkey.Auth, whatever its stores are; New is for tests
// that need none. The login is a real one: it goes through the gate and the
// backend, so the session, its epoch and the guards are those of production. A
// handler without Require needs less: core.WithCurrent puts a user into its
// context.
//
// There is no clock to wire: the parts of New, as those of an application
// without a Now of its own, follow testing/synctest, in whose bubble
// time.Sleep(8 * 24 * time.Hour) costs nothing.
//
// Security notes. Hasher and Provider are for tests alone, and panic in a
// program that is no test. New switches limits off; the others take an
// application as it is.
package authtest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// patience is how long the end of a test waits for mails and clean-ups.
const patience = 10 * time.Second

// App is an application in memory.
type App[U any] struct {
	*latchkey.Auth[U]
	// Store keeps the users.
	Store *memstore.Users[U]
	// Outbox has the mails; see Mail. It is nil where Options.Sender is
	// another sender.
	Outbox *outbox.Outbox
}

// New returns an application of its own, which keeps its users in memory, and
// closes it at the end of the test. What o leaves out is filled in by Options.
func New[U any, PU core.Model[U]](t testing.TB, o latchkey.Options[U]) *App[U] {
	t.Helper()
	o = Options(t, o)
	users := memstore.NewUsers[U, PU]()
	auth, err := latchkey.New[U, PU](users, o)
	if err != nil {
		t.Fatalf("authtest: New: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := auth.Close(ctx); err != nil {
			t.Errorf("authtest: mails or clean-ups are still in progress at the end of the test: %v", err)
		}
	})
	box, _ := o.Sender.(*outbox.Outbox)
	return &App[U]{Auth: auth, Store: users, Outbox: box}
}

// Options returns o with what tests need in place of what it leaves out, for
// latchkey.New over a user store of the test's own:
//
//	auth, err := latchkey.New(users, authtest.Options(t, options))
//
// The backends are "web" (sessions by cookie) and "api" (JWTs by bearer),
// tickets and credentials are in memory, the vault has a key of the test's own,
// mails go to an outbox and begin at once, the base URL is
// https://app.example.org, the hasher is Hasher, and the log is the test's.
// There are no limits, unless o has Limits or a Limiter.
func Options[U any](t testing.TB, o latchkey.Options[U]) latchkey.Options[U] {
	t.Helper()
	if len(o.Backends) == 0 {
		o.Backends = backends(t, o.Now)
	}
	if o.Tickets == nil {
		o.Tickets = memstore.NewTickets(o.Now)
	}
	if o.Credentials == nil {
		o.Credentials = memstore.NewCredentials(o.Now)
	}
	if len(o.Vault) == 0 {
		o.Vault = []core.VaultKey{{ID: "test", Secret: Secret()}}
	}
	if o.Sender == nil {
		box, err := outbox.New(outbox.Options{Now: o.Now})
		if err != nil {
			t.Fatalf("authtest: %v", err)
		}
		o.Sender = box
	}
	if o.BaseURL == "" {
		o.BaseURL = "https://app.example.org"
	}
	if o.MailDelay == 0 {
		o.MailDelay = -1
	}
	if len(o.Hashers) == 0 {
		o.Hashers = []core.Hasher{Hasher()}
	}
	if o.Limiter == nil && reflect.ValueOf(o.Limits).IsZero() {
		o.Limiter = unlimited{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	return o
}

// unlimited is a core.Limiter that allows everything. (InsecureNoLimits would
// warn of itself in the log of every test.)
type unlimited struct{}

// Allow implements core.Limiter.
func (unlimited) Allow(context.Context, string, ...core.Limit) (time.Duration, error) { return 0, nil }

// Refund implements core.Limiter.
func (unlimited) Refund(context.Context, string) error { return nil }

// Reset implements core.Limiter.
func (unlimited) Reset(context.Context, string) error { return nil }

// backends are those of Options.
func backends(t testing.TB, now func() time.Time) []latchkey.Backend {
	t.Helper()
	browser, err := cookie.New(cookie.Options{Now: now})
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	sessions, err := session.New(memstore.NewSessions(now), session.Options{Now: now})
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	key, err := jwt.HS256("", Secret())
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Now: now})
	if err != nil {
		t.Fatalf("authtest: %v", err)
	}
	return []latchkey.Backend{
		{Name: "web", Transport: browser, Strategy: sessions},
		{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
	}
}

// Secret returns 32 random bytes, for what refuses a made-up secret: the key of
// jwt.HS256, oauth.Options.Secret, a vault.
func Secret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // which never fails
	return secret
}
