package contract_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user: one column that its owner writes, one that it only reads.
type Account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,notnull,default:''" auth:"register,update"`
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
	router adapter
	url    string
	users  atomic.Int64
}

type (
	// adapter makes a router of an application's adapter.
	adapter = func(auth *latchkey.Auth[Account]) router
	// opener opens new, empty stores.
	opener = func(t *testing.T, now func() time.Time) stores
)

// everywhere runs a test with an application of its own on each adapter over each store; change, if not nil, changes its options.
func everywhere(t *testing.T, change func(*app, *options), test func(t *testing.T, a *app)) {
	for name, router := range map[string]adapter{"httpauth": onServeMux, "chiauth": onChi} {
		for store, open := range map[string]opener{"memstore": memory, "bunstore": sqlite} {
			t.Run(name+" "+store, func(t *testing.T) {
				t.Parallel()
				test(t, newApp(t, router, open, change))
			})
		}
	}
}

func newApp(t *testing.T, router adapter, open opener, change func(*app, *options)) *app {
	t.Helper()
	a := &app{clock: newClock(), outage: &outage{}, hasher: &fakeHasher{}, mails: make(mailbox, 64), router: router}
	a.kept = open(t, a.Now).behind(a.outage)
	o := options{
		Backends: newBackends(t, a.kept, a.Now),
		Flows:    []latchkey.Flow{verify.Flow{}, reset.Flow{}},
		Tickets:  a.kept.tickets,
		Sender:   a.mails,
		BaseURL:  baseURL,
		Hashers:  []core.Hasher{a.hasher},
		Limiter:  a.kept.limiter,
		Limits:   latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 100_000, Window: time.Minute}}, // all of a test come from one network
		Log:      slog.New(slog.DiscardHandler),
		Now:      a.Now,
	}
	if change != nil {
		change(a, &o)
	}
	var err error
	if a.Auth, err = latchkey.New(a.kept.users, o); err != nil {
		t.Fatal(err)
	}
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

// router is one adapter's router.
type router struct {
	http.Handler
	mount func(prefix string, groups ...core.Group)
	// handle puts an application's own handler behind Require.
	handle func(method, path string, h http.HandlerFunc)
}

func onServeMux(auth *latchkey.Auth[Account]) router {
	mux := http.NewServeMux()
	return router{
		Handler: mux,
		mount:   func(prefix string, groups ...core.Group) { httpauth.Mount(mux, prefix, groups...) },
		handle:  func(method, path string, h http.HandlerFunc) { mux.Handle(method+" "+path, httpauth.Require(auth)(h)) },
	}
}

func onChi(auth *latchkey.Auth[Account]) router {
	r := chi.NewRouter()
	return router{
		Handler: r,
		mount:   func(prefix string, groups ...core.Group) { chiauth.Mount(r, prefix, groups...) },
		handle:  func(method, path string, h http.HandlerFunc) { r.With(chiauth.Require(auth)).Method(method, path, h) },
	}
}

// serve mounts the application, after routes of its own if there are any, and starts a server, from which requests are answered from now on. The
// server takes a client's address from the header Test-Peer, as on loopback there is but one.
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
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if peer := req.Header.Get("Test-Peer"); peer != "" {
			req.RemoteAddr = peer
		}
		r.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
}

func memory(_ *testing.T, now func() time.Time) stores {
	return stores{
		memstore.NewUsers[Account](), memstore.NewSessions(now), memstore.NewTickets(now), memstore.NewLimiter(memstore.LimiterOptions{Now: now}),
		memstore.NewOAuthAccounts(),
	}
}

func sqlite(t *testing.T, now func() time.Time) stores {
	return onSQLite(t, filepath.Join(t.TempDir(), "contract.sqlite"), bunstore.Options{Now: now})
}

// onSQLite opens a database file as an application does, but without waiting for the disk.
func onSQLite(t *testing.T, file string, o bunstore.Options) stores {
	t.Helper()
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(file)+"&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := bunstore.New(bun.NewDB(db, sqlitedialect.New()), o)
	if err != nil {
		t.Fatal(err)
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return stores{users, store.Sessions(), store.Tickets(), store.Limiter(), store.OAuthAccounts()}
}

// user makes an active user with the password, changed by inactive, superuser, verified.
func (a *app) user(t *testing.T, change ...func(*Account)) *Account {
	t.Helper()
	u := &Account{User: latchkey.User{Email: fmt.Sprintf("User%d@example.org", a.users.Add(1)), IsActive: true}, FullName: "Someone", Credits: 7}
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
