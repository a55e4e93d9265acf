package latchkey_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// both are the backends of a mailApp: browsers, and clients of the API.
var both = []string{"web", "api"}

// mailApp is an application with the login by mail, over memstore and with a
// clock of its own.
type mailApp struct {
	*latchkey.Auth[Member]
	t        *testing.T
	users    *memstore.Users[Member]
	tickets  *memstore.Tickets
	sessions *session.Strategy
	mails    *letters
	mux      *http.ServeMux
	clock    *testclock.Clock

	mu     sync.Mutex
	hosts  int
	events []latchkey.Event[Member] // failed logins
}

func newMailApp(t *testing.T, f maillogin.Flow, change ...func(*mailApp, *latchkey.Options[Member])) *mailApp {
	t.Helper()
	a := &mailApp{t: t, users: memstore.NewUsers[Member](), mails: &letters{}, clock: testclock.New(time.Now())}
	a.tickets = memstore.NewTickets(a.clock.Now)
	var err1 error
	a.sessions, err1 = session.New(memstore.NewSessions(a.clock.Now), session.Options{Now: a.clock.Now})
	browser, err2 := cookie.New(cookie.Options{Now: a.clock.Now})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{
			{Name: "web", Transport: browser, Strategy: a.sessions},
			{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: a.sessions},
		},
		Flows: []latchkey.Flow{f}, Tickets: a.tickets, Sender: a.mails, BaseURL: "https://app.example.org/base/",
		Hashers: []core.Hasher{fast("new")}, Now: a.clock.Now, MailDelay: -1, Log: slog.New(slog.DiscardHandler),
		Limiter: memstore.NewLimiter(memstore.LimiterOptions{Now: a.clock.Now}),
	}
	o.Hooks.AfterFailedLogin = func(_ context.Context, e latchkey.Event[Member]) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.events = append(a.events, e)
	}
	for _, c := range change {
		c(a, &o)
	}
	auth, err := latchkey.New(a.users, o)
	if err != nil {
		t.Fatal(err)
	}
	a.Auth, a.mux = auth, http.NewServeMux()
	httpauth.Mount(a.mux, "", auth.API())
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	a.mux.Handle("/strong", httpauth.Require(auth, latchkey.Factor(0))(nothing))
	t.Cleanup(func() {
		if err := auth.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// failed returns the failed logins, and forgets them.
func (a *mailApp) failed() []latchkey.Event[Member] {
	a.t.Helper()
	a.wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	events := a.events
	a.events = nil
	return events
}

func (a *mailApp) wait() {
	a.t.Helper()
	if err := a.Wait(a.t.Context()); err != nil {
		a.t.Fatal(err)
	}
}

// member stores a user with a password, whose address is verified.
func (a *mailApp) member(email string, edit ...func(*core.User)) *Member {
	a.t.Helper()
	u := &Member{User: core.User{
		Email: email, EmailKey: strings.ToLower(email), IsActive: true, IsVerified: true, HashedPassword: "new$" + password,
	}}
	for _, e := range edit {
		e(&u.User)
	}
	if err := a.users.Create(a.t.Context(), u); err != nil {
		a.t.Fatal(err)
	}
	return u
}

func (a *mailApp) get(id string) *Member {
	a.t.Helper()
	u, err := a.users.Find(a.t.Context(), core.ByID(id))
	if err != nil {
		a.t.Fatal(err)
	}
	return u
}

func (a *mailApp) set(id string, edit func(*core.User)) {
	a.t.Helper()
	_, err := a.users.Update(a.t.Context(), id, func(u *Member) error {
		edit(&u.User)
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// mailed returns the mails that were sent, in their order.
func (a *mailApp) mailed() []core.Mail {
	a.t.Helper()
	a.wait()
	a.mails.mu.Lock()
	defer a.mails.mu.Unlock()
	return append([]core.Mail(nil), a.mails.mails...)
}
