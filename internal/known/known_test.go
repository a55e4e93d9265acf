package known_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/known"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

const year = 365 * 24 * time.Hour

// browser keeps one cookie.
type browser struct {
	t      *testing.T
	s      *servicetest.Services
	d      *known.Devices
	cookie string
	isNew  bool // whether the last login was news
}

func newBrowser(t *testing.T) *browser {
	s := servicetest.New(t)
	d := known.New(s.Services, core.BackendInfo{Name: "web", BrowserSent: true}, core.BackendInfo{Name: "api"})
	return &browser{t: t, s: s, d: d}
}

func (b *browser) request() *core.Request {
	return &core.Request{Head: head(b.cookie)}
}

// head has a Cookie line.
type head string

func (head) Method() string { return http.MethodPost }
func (head) Host() string   { return "app.example" }
func (h head) Lines(name string) []string {
	if name == "Cookie" && h != "" {
		return []string{string(h)}
	}
	return nil
}

// logIn reports whether the browser gets a cookie.
func (b *browser) logIn(backend string, u core.AnyUser, methods ...string) bool {
	b.t.Helper()
	resp, proofs := core.Empty(http.StatusNoContent), []core.Proof{}
	for _, m := range methods {
		proofs = append(proofs, core.Proof{Method: m})
	}
	a := core.Attempt{User: u, Backend: backend, Request: b.request()}
	var old *known.Device
	old, b.isNew = b.d.Recognize(b.t.Context(), a)
	b.d.Admitted(b.t.Context(), old, a, proofs, resp)
	lines := resp.Header["Set-Cookie"]
	if len(lines) == 0 {
		return false
	}
	pair, attributes, _ := strings.Cut(lines[0], "; ")
	if attributes != "Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax" ||
		!strings.HasPrefix(pair, "__Host-latchkey-known=") {
		b.t.Errorf("the cookie is %q", lines)
	}
	b.cookie = pair
	return true
}

func (b *browser) knows(u *servicetest.Account) bool {
	d := b.d.Of(b.t.Context(), "web", b.request())
	return d.Is(u.ID) && d.Identifies(core.ByEmail(u.EmailKey))
}

func TestABrowserBecomesKnown(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada, eve := b.s.Add("ada@example.org", "x"), b.s.Add("eve@example.org", "x")
	if b.knows(ada) || b.logIn("api", ada, "password") {
		t.Error("known without a login in a browser")
	}
	if b.isNew {
		t.Error("a backend without browsers has news")
	}
	if !b.logIn("web", ada, "password") || !b.knows(ada) || b.knows(eve) || !b.isNew {
		t.Error("not known to its user alone")
	}
	mine := b.cookie
	if b.logIn("web", ada, "password") || b.isNew {
		t.Error("a known browser gets another secret, or is news")
	}
	if d := b.d.Of(t.Context(), "api", b.request()); d != nil {
		t.Error("known at a backend without browsers")
	}
	b.cookie += "; " + mine
	if b.knows(ada) {
		t.Error("two cookies count")
	}
	b.cookie = mine[:len(mine)-1]
	if b.knows(ada) {
		t.Error("part of a secret counts")
	}
	b.cookie = mine
	if !b.logIn("web", eve, "password") || !b.knows(eve) || b.knows(ada) || !b.isNew {
		t.Error("another user's login does not take the browser over")
	}
}

// Half a year later it is known for another year.
func TestAKnownBrowserIsRenewed(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada := b.s.Add("ada@example.org", "x")
	b.logIn("web", ada, "password")
	b.s.Advance(year/2 - time.Minute)
	if b.logIn("web", ada, "password") {
		t.Error("renewed within half a year")
	}
	b.s.Advance(2 * time.Minute)
	if !b.logIn("web", ada, "password") || !b.knows(ada) {
		t.Error("not renewed")
	}
	b.s.Advance(year)
	if b.knows(ada) {
		t.Error("known for more than a year")
	}
}

func TestABrowserIsForgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		e      core.Event
		raised bool
		known  bool
	}{
		"a reset":                      {core.Event{Kind: core.EventPasswordReset, Actor: core.Principal{Kind: "nobody"}}, true, false},
		"the end of all logins":        {core.Event{Kind: core.EventSessionsEnded, Actor: core.Principal{Kind: "user", UserID: "own"}}, true, false},
		"a deletion":                   {core.Event{Kind: core.EventDeleted}, false, false},
		"an undone address":            {core.Event{Kind: core.EventEmailUndone}, true, false},
		"an administrator's change":    {core.Event{Kind: core.EventUpdated, Actor: core.Principal{Kind: "user", UserID: "root"}}, true, false},
		"a takeover by the mailbox":    {core.Event{Kind: core.EventFactorRemoved, Actor: core.Principal{Kind: "nobody"}}, true, false},
		"a new password of one's own":  {core.Event{Kind: core.EventUpdated, Actor: core.Principal{Kind: "user", UserID: "own"}}, true, true},
		"an administrator's small one": {core.Event{Kind: core.EventUpdated, Actor: core.Principal{Kind: "user", UserID: "root"}}, false, true},
		"a logout":                     {core.Event{Kind: core.EventLoggedOut}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			ada := b.s.Add("ada@example.org", "x")
			b.logIn("web", ada, "password")
			first := b.cookie
			b.cookie = ""
			b.logIn("web", ada, "password")
			was := ada.User
			c.e.User, c.e.Was = ada, &was
			if c.raised {
				ada.TokenEpoch++
			}
			if c.e.Actor.UserID == "own" {
				c.e.Actor.UserID = ada.ID
			}
			b.d.On(t.Context(), b.s.Services, c.e)
			for _, b.cookie = range []string{b.cookie, first} {
				if b.knows(ada) != c.known {
					t.Errorf("known: %v, want %v", !c.known, c.known)
				}
			}
			if b.cookie = ""; !b.logIn("web", ada, "password") || !b.knows(ada) {
				t.Error("it cannot become known again")
			}
		})
	}
}

// Whom a browser is known to is looked up anew: a new address, and a name, are
// theirs too.
func TestWhatTheUserIsCalledNow(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada := b.s.Add("ada@example.org", "x")
	b.logIn("web", ada, "password")
	b.s.Set(ada.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = "lovelace@example.org", "lovelace@example.org" })
	d := b.d.Of(t.Context(), "web", b.request())
	if !d.Identifies(core.ByEmail("lovelace@example.org")) || d.Identifies(core.ByEmail("ada@example.org")) ||
		d.Identifies(core.ByUsername("lovelace@example.org")) || d.Identifies(core.Key{}) || d.Identifies(core.ByEmail("")) {
		t.Error("the address of before counts, or the new one does not")
	}
}

// A user's own logins make so many browsers known and no more; others go on as
// they are.
func TestManyBrowsers(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada, eve := b.s.Add("ada@example.org", "x"), b.s.Add("eve@example.org", "x")
	for i := range 101 {
		b.cookie = ""
		if got := b.logIn("web", ada, "password"); got != (i < 100) {
			t.Fatalf("login %d: known is %v", i, got)
		}
	}
	if !b.logIn("web", eve, "password") {
		t.Error("another user's does not become known")
	}
	b.s.Advance(30 * 24 * time.Hour)
	if b.cookie = ""; !b.logIn("web", ada, "password") {
		t.Error("none becomes known a month later")
	}
}

// A login by something else than the password forgives wrong ones, unless the
// browser is known, where they do not count.
func TestAnotherWayForgives(t *testing.T) {
	t.Parallel()
	once := core.Limit{Events: 1, Window: 48 * time.Hour}
	for name, c := range map[string]struct {
		backend  string
		known    bool
		methods  []string
		forgives bool
	}{
		"a passkey":                 {"web", false, []string{"passkey"}, true},
		"a passkey, no browser":     {"api", false, []string{"passkey"}, true},
		"a passkey, known":          {"web", true, []string{"passkey"}, false},
		"a password":                {"web", false, []string{"password"}, false},
		"a password and a factor":   {"web", false, []string{"password", "totp"}, false},
		"a mail and another factor": {"web", false, []string{"email", "totp"}, true},
	} {
		b := newBrowser(t)
		ada := b.s.Add("ada@example.org", "x")
		if c.known {
			b.logIn("web", ada, "password")
		}
		key := loginlimit.OfUser(ada)
		if err := core.CheckLimit(t.Context(), b.s.Limiter, key, once); err != nil {
			t.Fatal(err)
		}
		b.logIn(c.backend, ada, c.methods...)
		if err := core.CheckLimit(t.Context(), b.s.Limiter, key, once); (err == nil) != c.forgives {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// down is a store of tickets that cannot be reached.
type down struct{ core.TicketStore }

var errDown = errors.New("connection refused")

func (down) Find(context.Context, string, [32]byte) (core.Ticket, error) {
	return core.Ticket{}, errDown
}
func (down) Put(context.Context, core.Ticket, bool) error { return errDown }

// A store that is away makes a browser unknown, and what ends it is tried
// again.
func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada := b.s.Add("ada@example.org", "x")
	b.logIn("web", ada, "password")
	up := b.s.Tickets
	b.s.Tickets = down{up}
	if b.knows(ada) || b.logIn("web", ada, "password") {
		t.Error("known by a store that is down")
	}
	was := ada.User
	ada.TokenEpoch++
	b.d.On(t.Context(), b.s.Services, core.Event{Kind: core.EventPasswordReset, User: ada, Was: &was})
	b.s.Tickets = up
	if !b.knows(ada) {
		t.Error("forgotten without a store")
	}
	for _, err := range b.s.Run(t.Context()) {
		if err != nil {
			t.Error(err)
		}
	}
	if b.knows(ada) {
		t.Error("not forgotten once the store is back")
	}
}

// Without a store, or without Devices, nothing is known and nothing fails.
func TestWithoutTickets(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	ada := b.s.Add("ada@example.org", "x")
	b.s.Tickets = nil
	if b.logIn("web", ada, "password") || b.isNew || b.knows(ada) || b.d.Forget(t.Context(), ada.ID) != nil {
		t.Error("known without a store")
	}
	if b.d = nil; b.knows(ada) {
		t.Error("known without Devices")
	}
}
