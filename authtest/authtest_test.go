package authtest_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Parallel tests share nothing: neither users nor sessions nor keys.
func TestApplicationsShareNothing(t *testing.T) {
	t.Parallel()
	one, other := authtest.New(t, options{}), authtest.New(t, options{})
	same := func() *Member { return authtest.User(func(m *Member) { m.Email = "ada@example.org" }) }
	for _, backend := range []string{"web", "api"} {
		ada := same()
		if backend == "api" {
			found, err := one.Manager().FindByEmail(t.Context(), ada.Email)
			if err != nil {
				t.Fatal(err)
			}
			ada = found
		}
		c := authtest.As(t, one.Auth, backend, ada)
		wantStatus(t, c, site(one.Auth), 200)
		wantStatus(t, c, site(other.Auth), 401)
	}
	wantStatus(t, authtest.As(t, other.Auth, "web", same()), site(other.Auth), 200)
}

// What is set in the options stays.
func TestOptionsWin(t *testing.T) {
	t.Parallel()
	box, err := outbox.New(outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	slow, err := bcrypt.New(bcrypt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log, limiter := slog.New(slog.DiscardHandler), memstore.NewLimiter(memstore.LimiterOptions{})
	tickets, credentials := memstore.NewTickets(nil), memstore.NewCredentials(nil)
	o := options{
		Backends: []latchkey.Backend{{Name: "own", Transport: ownHeader{}}}, Tickets: tickets, Credentials: credentials,
		Sender: box, BaseURL: "https://other.example.org", MailDelay: time.Second, Hashers: []core.Hasher{slow},
		Limiter: limiter, Log: log,
	}
	got := authtest.Options(t, o)
	if got.Backends[0].Name != "own" || got.Tickets != tickets || got.Credentials != credentials || got.Sender != box ||
		got.BaseURL != o.BaseURL || got.MailDelay != time.Second || got.Hashers[0] != core.Hasher(slow) ||
		got.Limiter != limiter || got.Log != log {
		t.Errorf("the options became %+v", got)
	}
	one := latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 1, Window: time.Minute}}
	limits := authtest.Options(t, options{Limits: one})
	if none := authtest.Options(t, options{}); limits.Limiter != nil || none.Limiter == nil {
		t.Errorf("the limiter is %v with limits, %v without", limits.Limiter, none.Limiter)
	}
}

// Forty logins by password within a minute are none too many, and limits hold
// where they are tested.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits  latchkey.Limits
		refused bool
	}{
		"none":    {latchkey.Limits{}, false},
		"the own": {latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 30, Window: time.Minute}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := authtest.New(t, options{Limits: c.limits})
			h := site(app.Auth)
			httpauth.Mount(h, "/auth/web", app.Login("web"))
			ada := authtest.User[Member]()
			if err := app.Manager().Create(t.Context(), ada, "analytical engine"); err != nil {
				t.Fatal(err)
			}
			last, form := 0, "username="+ada.Email+"&password=analytical+engine"
			for range 40 {
				last = authtest.NewClient(t).Do(h, "POST", "/auth/web/login", form).Code
			}
			if (last == 429) != c.refused || !c.refused && last != 204 {
				t.Errorf("the fortieth login is answered with %d", last)
			}
		})
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	wantSentence(t, saying(t, func(tb testing.TB) { authtest.New(tb, options{BaseURL: "nonsense"}) }), "BaseURL")
}

// The log is the test's: it shows where the test fails.
func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	authtest.New(logged{TB: t, to: &log}, options{RequireVerified: true}) // without a flow that verifies
	if !strings.Contains(log.String(), "RequireVerified") {
		t.Errorf("the log is %q", &log)
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	one := authtest.User(func(m *Member) { m.Nick = "ada" }, func(m *Member) { m.IsActive, m.Nick = false, m.Nick+"!" })
	other := authtest.User[Member]()
	if one.Email == other.Email || one.Nick != "ada!" || one.IsActive || !other.IsActive || !other.IsVerified ||
		other.IsSuperuser || other.ID != "" {
		t.Errorf("got %+v and %+v", one, other)
	}
	if _, err := latchkey.CanonicalEmail(other.Email); err != nil {
		t.Error(err)
	}
}

func TestUserWithAName(t *testing.T) {
	t.Parallel()
	type handled struct {
		latchkey.User
		latchkey.Named
	}
	app := authtest.New(t, latchkey.Options[handled]{EmailOptional: true})
	for range 2 {
		u := authtest.User[handled](func(u *handled) { u.Email = "" })
		authtest.As(t, app.Auth, "web", u)
		if got, err := app.Manager().FindByUsername(t.Context(), u.Username); err != nil || got.ID != u.ID {
			t.Errorf("the user named %q: %v", u.Username, err)
		}
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	if one, other := authtest.Secret(), authtest.Secret(); len(one) != 32 || bytes.Equal(one, other) {
		t.Errorf("got %d bytes, twice the same: %v", len(one), bytes.Equal(one, other))
	}
}
