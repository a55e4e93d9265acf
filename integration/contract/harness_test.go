package contract_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
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

type options = latchkey.Options[Account]

var backends = []string{"jwt", "cookie", "session"}

const (
	password = "correct horse 17 battery"
	another  = "nine lanterns over water"
	baseURL  = "https://app.example.org"
)

var secret = []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")

// app is an application under test, its clock, its mailbox and its switches.
type app struct {
	*latchkey.Auth[Account]
	*clock
	*outage
	kept   stores // each behind the outage; a change of the options may put more before it
	hasher *fakeHasher
	mails  mailbox
	// backends are the application's; what their strategies do in the
	// background has ended when an answer is looked at.
	backends []latchkey.Backend
	router   adapter
	url      string
	users    atomic.Int64
}

type (
	// adapter makes a router of an application's adapter.
	adapter = func(auth *latchkey.Auth[Account]) router
	// opener opens new, empty stores.
	opener = func(t *testing.T, now func() time.Time) stores
)

func newApp(t *testing.T, router adapter, open opener, change func(*app, *options)) *app {
	t.Helper()
	a := &app{clock: newClock(), outage: &outage{}, hasher: &fakeHasher{}, mails: make(mailbox, 64), router: router}
	a.kept = open(t, a.Now).behind(a.outage)
	plenty := latchkey.Limit{Events: 100_000, Window: time.Minute} // all of a test come from one network
	o := options{
		Backends: newBackends(t, a.kept, a.Now),
		Flows: []latchkey.Flow{verify.Flow{Options: mailtoken.Options{RequestLimit: plenty, MailLimit: plenty, AttemptLimit: plenty}},
			reset.Flow{Options: mailtoken.Options{RequestLimit: plenty, MailLimit: plenty, AttemptLimit: plenty}}},
		Tickets: a.kept.tickets,
		Sender:  a.mails,
		// Tests wait for mails. TestSilence of the front door is about
		// the delay.
		MailDelay: -1,
		BaseURL:   baseURL,
		Hashers:   []core.Hasher{a.hasher},
		Limiter:   a.kept.limiter,
		Limits: latchkey.Limits{
			LoginAttempts: plenty, Registrations: plenty, UserChanges: plenty, NetworkChanges: plenty, AdminChanges: plenty,
		},
		Log: slog.New(slog.DiscardHandler),
		Now: a.Now,
	}
	if change != nil {
		change(a, &o)
	}
	var err error
	if a.Auth, err = latchkey.New(a.kept.users, o); err != nil {
		t.Fatal(err)
	}
	a.backends = o.Backends
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = a.Close(ctx)
	})
	a.serve(t, nil)
	return a
}

// newBackends are the three of examples/quickstart, with nothing but defaults.
func newBackends(t *testing.T, kept stores, now func() time.Time) []latchkey.Backend {
	t.Helper()
	key, err1 := jwt.HS256("", secret)
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: kept.tickets, Now: now})
	sessions, err3 := session.New(kept.sessions, session.Options{Now: now})
	cookies, err4 := cookie.New(cookie.Options{Now: now})
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []latchkey.Backend{
		{Name: "jwt", Transport: bearer.New(bearer.Options{LoginURL: "/auth/jwt/login"}), Strategy: tokens},
		{Name: "cookie", Transport: cookies, Strategy: sessions},
		{Name: "session", Transport: bearer.New(bearer.Options{LoginURL: "/auth/session/login"}), Strategy: sessions},
	}
}

// serve mounts the application, after routes of its own if there are any, and
// starts a server, from which requests are answered from now on.
func (a *app) serve(t *testing.T, own func(router)) {
	r := a.router(a.Auth)
	if own != nil {
		own(r)
	}
	for _, b := range backends {
		r.mount("/auth/"+b, a.Login(b))
	}
	r.mount("/auth", a.Register(), a.Verify(), a.Reset(), a.Sessions(), a.Keys())
	r.mount("/users", a.Users())
	r.handle("GET", "/authenticated-route", func(w http.ResponseWriter, r *http.Request) {
		u, _ := latchkey.CurrentUser[Account](r.Context())
		_, _ = io.WriteString(w, "Hello "+u.Email+"!")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.url = "http://" + ln.Addr().String()
	r.serve(t, ln)
}

// user makes an active user with the password, changed by inactive, superuser,
// verified.
func (a *app) user(t *testing.T, change ...func(*Account)) *Account {
	t.Helper()
	u := &Account{User: latchkey.User{Email: fmt.Sprintf("User%d@example.org", a.users.Add(1)), IsActive: true},
		FullName: "Someone", Credits: 7}
	for _, c := range change {
		c(u)
	}
	if err := a.Manager().Create(t.Context(), u, password); err != nil {
		t.Fatal(err)
	}
	return u
}

func inactive(u *Account)  { u.IsActive = false }
func superuser(u *Account) { u.IsSuperuser = true }
func verified(u *Account)  { u.IsVerified = true }

// change edits a user outside HTTP.
func (a *app) change(t *testing.T, u *Account, c latchkey.Changes[Account]) {
	t.Helper()
	if _, err := a.Manager().Update(t.Context(), u.ID, c); err != nil {
		t.Fatal(err)
	}
}

// token logs a user in.
func (a *app) token(t *testing.T, backend string, u *Account) string {
	t.Helper()
	credentials := form("username", u.Email, "password", password)
	if backend == "cookie" {
		return a.want(t, "POST /auth/cookie/login 204", credentials).cookie(t).Value
	}
	return a.want(t, "POST /auth/"+backend+"/login 200", credentials).member(t, "access_token").(string)
}

// login logs a user in and gives what adds the credential to a request.
func (a *app) login(t *testing.T, backend string, u *Account) option {
	t.Helper()
	return credential(backend, a.token(t, backend, u))
}
