package authtest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func TestAs(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{})
	h := site(app.Auth)
	for _, backend := range []string{"web", "api"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			ada := authtest.User[Member]()
			c := authtest.As(t, app.Auth, backend, ada)
			if w := c.Do(h, "GET", "/home", ""); w.Code != 200 || w.Body.String() != "GET home of "+ada.Email {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if found, err := app.Store.Find(t.Context(), core.ByID(ada.ID)); err != nil || found.Email != ada.Email {
				t.Errorf("the user is not stored: %v", err)
			}
			again := authtest.As(t, app.Auth, backend, ada) // who exists now
			wantStatus(t, again, h, 200)
			wantStatus(t, authtest.NewClient(t), h, 401)
		})
	}
}

// A login is one of the backend: it ends as others do.
func TestALoginEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*authtest.App[Member], *Member) error{
		"by the epoch":        func(a *authtest.App[Member], m *Member) error { return a.Manager().EndSessions(t.Context(), m.ID) },
		"with a deactivation": deactivate,
		"with a deletion":     func(a *authtest.App[Member], m *Member) error { return a.Manager().Delete(t.Context(), m.ID) },
	} {
		for _, backend := range []string{"web", "api"} {
			t.Run(name+" at "+backend, func(t *testing.T) {
				t.Parallel()
				app := authtest.New(t, options{})
				h, ada := site(app.Auth), authtest.User[Member]()
				c, other := authtest.As(t, app.Auth, backend, ada), authtest.As(t, app.Auth, backend, authtest.User[Member]())
				wantStatus(t, c, h, 200)
				if err := end(app, ada); err != nil {
					t.Fatal(err)
				}
				wantStatus(t, c, h, 401)
				wantStatus(t, other, h, 200)
			})
		}
	}
}

func deactivate(a *authtest.App[Member], m *Member) error {
	inactive := false
	_, err := a.Manager().Update(context.Background(), m.ID, latchkey.Changes[Member]{IsActive: &inactive})
	return err
}

// Virtual time reaches every part of New without a clock.
func TestEightDaysLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := authtest.New(t, options{})
		h := site(app.Auth)
		web := authtest.As(t, app.Auth, "web", authtest.User[Member]())
		api := authtest.As(t, app.Auth, "api", authtest.User[Member]())
		for range 3 { // used every two days, the session stays; the token does not
			time.Sleep(2 * 24 * time.Hour)
			wantStatus(t, web, h, 200)
			wantStatus(t, api, h, 401)
		}
		time.Sleep(8 * 24 * time.Hour)
		wantStatus(t, web, h, 401)
	})
}

// As logs in without the second factor's dance, and what it vouched for counts.
func TestFactorsAreVouchedFor(t *testing.T) {
	t.Parallel()
	pin := step{method: "pin", asks: lacks("pin")}
	terms := step{method: "terms", asks: lacks("terms")}
	last := step{method: "last", asks: func(done []core.Proof) bool { return done[len(done)-1].Method != "last" }}
	everybody := func(context.Context, *Member) (bool, error) { return true, nil }
	nobody := func([]core.Proof) bool { return false }
	for name, c := range map[string]struct {
		options options
		guard   latchkey.Guard
	}{
		"a factor":                {options{Flows: []latchkey.Flow{pin}}, latchkey.Factor(time.Minute, "pin")},
		"two":                     {options{Flows: []latchkey.Flow{pin, terms}}, latchkey.Factor(0, "terms")},
		"one that must be last":   {options{Flows: []latchkey.Flow{pin, last}}, latchkey.Factor(0, "last")},
		"one that is required":    {options{Flows: []latchkey.Flow{step{"pin", nobody, true}}, RequireFactor: everybody}, latchkey.Factor(0)},
		"one that nobody can get": {options{Flows: []latchkey.Flow{step{"pin", nobody, false}}, RequireFactor: everybody}, latchkey.Factor(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := authtest.New(t, c.options)
			h := site(app.Auth, c.guard)
			wantStatus(t, authtest.As(t, app.Auth, "web", authtest.User[Member]()), h, 200)
		})
	}
	t.Run("twin: without factors there is none", func(t *testing.T) {
		t.Parallel()
		app := authtest.New(t, options{})
		c := authtest.As(t, app.Auth, "web", authtest.User[Member]())
		wantStatus(t, c, site(app.Auth, latchkey.Factor(0, "pin")), 403)
	})
	t.Run("one that is never content", func(t *testing.T) {
		t.Parallel()
		greedy := step{method: "pin", asks: func([]core.Proof) bool { return true }}
		app := authtest.New(t, options{Flows: []latchkey.Flow{greedy}})
		wantSentence(t, saying(t, func(tb testing.TB) { authtest.As(tb, app.Auth, "web", authtest.User[Member]()) }),
			`"pin"`, "Asks")
	})
}

func TestProofsOfTheTestsOwn(t *testing.T) {
	t.Parallel()
	pin := step{method: "pin", asks: lacks("pin")}
	hourAgo := core.Proof{Method: "oauth:acme", At: time.Now().Add(-time.Hour)}
	for name, c := range map[string]struct {
		proofs []core.Proof
		flows  []latchkey.Flow
		guard  latchkey.Guard
		status int
	}{
		"a fresh one":              {nil, nil, latchkey.Fresh(time.Minute), 200},
		"an old one":               {[]core.Proof{hourAgo}, nil, latchkey.Fresh(time.Minute), 403},
		"an old one, old enough":   {[]core.Proof{hourAgo}, nil, latchkey.Fresh(2 * time.Hour), 200},
		"a factor is as old":       {[]core.Proof{hourAgo}, []latchkey.Flow{pin}, latchkey.Fresh(time.Minute), 403},
		"in place of the password": {[]core.Proof{hourAgo}, nil, latchkey.Factor(0, core.MethodPassword), 403},
		"of that method":           {[]core.Proof{hourAgo}, nil, latchkey.Factor(0, "oauth:acme"), 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := authtest.New(t, options{Flows: c.flows})
			client := authtest.As(t, app.Auth, "web", authtest.User[Member](), c.proofs...)
			wantStatus(t, client, site(app.Auth, c.guard), c.status)
		})
	}
}

func TestMisuseOfAs(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{RequireVerified: true, Hooks: latchkey.Hooks[Member]{
		BeforeRegister: func(_ context.Context, e *latchkey.Event[Member]) error {
			if e.User.Nick == "unwelcome" {
				return latchkey.Refuse("NOT_WELCOME")
			}
			return nil
		},
	}})
	edited := func(edit func(*Member)) *Member { return authtest.User(edit) }
	for name, c := range map[string]struct {
		backend string
		user    *Member
		parts   []string
	}{
		"no user":          {"web", nil, []string{"authtest.User"}},
		"an unknown one":   {"web", edited(func(m *Member) { m.ID = "7" }), []string{"leave ID empty"}},
		"inactive":         {"web", edited(func(m *Member) { m.IsActive = false }), []string{"set IsActive"}},
		"suspended":        {"web", edited(func(m *Member) { m.SuspendedUntil = time.Now().Add(time.Hour) }), []string{"suspended"}},
		"not verified":     {"web", edited(func(m *Member) { m.IsVerified = false }), []string{"RequireVerified", "set IsVerified"}},
		"an address twice": {"web", edited(func(m *Member) { m.Email = "ada@example.org" }), []string{"REGISTER_USER_ALREADY_EXISTS"}},
		"no address":       {"web", edited(func(m *Member) { m.Email = "ada" }), []string{"cannot be created"}},
		"a hook":           {"web", edited(func(m *Member) { m.Nick = "unwelcome" }), []string{"NOT_WELCOME"}},
		"another backend":  {"wep", edited(func(*Member) {}), []string{`"wep"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "an address twice" {
				authtest.As(t, app.Auth, "web", authtest.User(func(m *Member) { m.Email = "ada@example.org" })) // twin
			}
			wantSentence(t, saying(t, func(tb testing.TB) { authtest.As(tb, app.Auth, c.backend, c.user) }), c.parts...)
		})
	}
}

// A transport that As does not know is said to be one, and works with a line of
// the test's.
func TestATransportOfTheApplicationsOwn(t *testing.T) {
	t.Parallel()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	own := latchkey.Backend{Name: "own", Transport: ownHeader{}, Strategy: sessions}
	app := authtest.New(t, options{Backends: []latchkey.Backend{own}})
	h := site(app.Auth)
	wantSentence(t, saying(t, func(tb testing.TB) {
		authtest.As(tb, app.Auth, "own", authtest.User[Member]()).Do(h, "GET", "/home", "")
	}), "client.Token")
	c := authtest.As(t, app.Auth, "own", authtest.User[Member]())
	c.Header.Set("X-Token", c.Token)
	wantStatus(t, c, h, 200)
}

// Hooks and lists of sessions see a login as they see one by HTTP.
func TestWhatHooksSee(t *testing.T) {
	t.Parallel()
	var seen []latchkey.EventKind
	app := authtest.New(t, options{Hooks: latchkey.Hooks[Member]{
		BeforeLogin: func(_ context.Context, e *latchkey.Event[Member]) error {
			if e.Request == nil || e.Method != core.MethodPassword {
				t.Errorf("the event is %+v", e)
			}
			return nil
		},
		AfterRegister: func(_ context.Context, e latchkey.Event[Member]) { seen = append(seen, e.Kind) },
		AfterLogin: func(_ context.Context, e latchkey.Event[Member]) {
			seen = append(seen, e.Kind)
			if !e.Session.IP.IsValid() || e.Session.Label == "" {
				t.Errorf("the session is %+v", e.Session)
			}
		},
	}})
	authtest.As(t, app.Auth, "web", authtest.User[Member]())
	if len(seen) != 2 || seen[0] != core.EventRegistered || seen[1] != core.EventLoggedIn {
		t.Errorf("hooks saw %v", seen)
	}
}
