package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// server is a user store with all that a database has.
type server struct {
	core.UserStore[Member]
	plan   []string
	err    error
	ahead  time.Duration
	shared bool
}

func (s *server) Migrate(context.Context) error          { return s.err }
func (s *server) Plan(context.Context) ([]string, error) { return s.plan, s.err }
func (s *server) Time(context.Context) (time.Time, error) {
	return time.Now().Add(s.ahead), s.err
}
func (s *server) Shared() bool { return s.shared }
func (s *server) List(ctx context.Context, q core.Query) ([]*Member, string, error) {
	if s.err != nil {
		return nil, "", s.err
	}
	return s.UserStore.List(ctx, q)
}

// hasher takes as long as it says, and fails once New has tried it.
type hasher struct {
	fast
	took  time.Duration
	err   error
	tried *bool
}

func (h hasher) Hash(password string) (core.PasswordHash, error) {
	time.Sleep(h.took)
	if h.err != nil && *h.tried {
		return "", h.err
	}
	if h.tried != nil {
		*h.tried = true
	}
	return h.fast.Hash(password)
}

// kept hides that something is kept in memory.
type (
	keptTickets  struct{ core.TicketStore }
	keptLimiter  struct{ core.Limiter }
	keptSessions struct{ core.SessionStore }
	mailer       struct{ core.Sender }
)

// page is a flow with a page.
type page struct{ latchkey.Flow }

func (page) Name() string     { return "page" }
func (page) PerBackend() bool { return false }
func (page) Routes(*core.Services) ([]core.Route, error) {
	return []core.Route{{Name: "page:reset", Method: http.MethodGet, Pattern: "/reset", Public: true}}, nil
}

// Examine lets the page find something.
func (page) Examine(context.Context, *core.Services) []core.Finding {
	return []core.Finding{{Code: "PAGE", Severity: core.SeverityNote, Text: "The page is there."}}
}

// healthy is an application with little to say of; change makes it ill.
func healthy(t *testing.T, change func(*server, *latchkey.Options[Member])) []latchkey.Finding {
	t.Helper()
	users := &server{UserStore: memstore.NewUsers[Member](), shared: true}
	boss := &Member{User: latchkey.User{EmailKey: "boss@example.org", IsActive: true, IsSuperuser: true}}
	check(t, users.Create(t.Context(), boss), nil)
	sessions, err := session.New(keptSessions{memstore.NewSessions(nil)}, session.Options{})
	check(t, err, nil)
	cookies, err := cookie.New(cookie.Options{})
	check(t, err, nil)
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:    []latchkey.Flow{page{}, reset.Flow{}}, Tickets: keptTickets{memstore.NewTickets(nil)},
		Limiter: keptLimiter{memstore.NewLimiter(memstore.LimiterOptions{})}, Sender: mailer{},
		BaseURL:  "https://app.example.org",
		Hashers:  []core.Hasher{hasher{fast: "new", took: 6 * time.Millisecond}},
		ClientIP: latchkey.Hops(1), HashConcurrency: 2,
	}
	if change != nil {
		change(users, &o)
	}
	a, err := latchkey.New(core.UserStore[Member](users), o)
	if err != nil {
		t.Fatal(err)
	}
	return a.Doctor(t.Context())
}

// codes are those of findings, with their severity.
func codes(found []latchkey.Finding) (all []string) {
	for _, f := range found {
		all = append(all, string(f.Severity)+" "+f.Code)
	}
	return all
}

func TestDoctorFinds(t *testing.T) {
	t.Parallel()
	type o = latchkey.Options[Member]
	always := []string{"note PAGE", "note HASH_TIME"}
	synctest.Test(t, func(t *testing.T) {
		if got := codes(healthy(t, nil)); !equalSets(got, always) {
			t.Errorf("of a healthy application: %q", got)
		}
	})
	for name, c := range map[string]struct {
		change func(s *server, o *o)
		want   string
	}{
		"no base URL":          {func(_ *server, o *o) { o.BaseURL, o.Flows = "", []latchkey.Flow{page{}} }, "note NO_BASE_URL"},
		"http":                 {func(_ *server, o *o) { o.BaseURL = "http://app.example.org" }, "error HTTP_BASE_URL"},
		"no limits":            {func(_ *server, o *o) { o.InsecureNoLimits = true }, "error NO_LIMITS"},
		"many guesses":         {func(_ *server, o *o) { o.Limits.LoginFailures = guesses(101) }, "warning LOGIN_FAILURES"},
		"no known browsers":    {func(_ *server, o *o) { o.Tickets, o.Flows = nil, []latchkey.Flow{page{}} }, "warning NO_KNOWN_BROWSERS"},
		"no sender":            {func(_ *server, o *o) { o.Sender, o.Flows = nil, []latchkey.Flow{page{}} }, "note NO_SENDER"},
		"the outbox":           {func(_ *server, o *o) { o.Sender, _ = outbox.New(outbox.Options{}) }, "error OUTBOX"},
		"direct clients":       {func(_ *server, o *o) { o.ClientIP = nil }, "note CLIENTS_DIRECT"},
		"tickets in memory":    {func(_ *server, o *o) { o.Tickets = memstore.NewTickets(nil) }, "warning MEMORY_TICKETS"},
		"a limiter in memory":  {func(_ *server, o *o) { o.Limiter = nil }, "warning MEMORY_LIMITER"},
		"one process' limiter": {func(s *server, o *o) { s.shared, o.Limiter = false, nil }, "note MEMORY_LIMITER"},
		"credentials":          {func(_ *server, o *o) { o.Credentials = memstore.NewCredentials(nil) }, "error MEMORY_CREDENTIALS"},
		"records in memory": {func(_ *server, o *o) {
			o.Flows = append(o.Flows, audit.Flow{Store: memstore.NewAudit()})
		}, "warning MEMORY_AUDIT"},
		"sessions in memory": {func(_ *server, o *o) {
			o.Backends[0].Strategy, _ = session.New(memstore.NewSessions(nil), session.Options{})
		}, "warning MEMORY_SESSIONS"},
		"a link without a page": {func(_ *server, o *o) { o.Flows = append(o.Flows, verify.Flow{}) }, "note MAIL_LINK"},
		"a link elsewhere": {func(_ *server, o *o) {
			o.Flows[1] = reset.Flow{Options: mailtoken.Options{Link: "/app/new-password?token={token}"}}
		}, "note MAIL_LINK"},
		"a clock ahead":        {func(s *server, _ *o) { s.ahead = 5 * time.Second }, "warning CLOCK_DRIFT"},
		"a clock behind":       {func(s *server, _ *o) { s.ahead = -time.Hour }, "error CLOCK_DRIFT"},
		"pending migrations":   {func(s *server, _ *o) { s.plan = []string{"CREATE TABLE a"} }, "error PENDING_MIGRATIONS"},
		"a store that is down": {func(s *server, _ *o) { s.err = errors.New("connection refused") }, "error STORE_UNREACHABLE"},
		"a quick hash":         {func(_ *server, o *o) { o.Hashers = []core.Hasher{fast("new")} }, "warning HASH_TIME"},
		"a hasher that fails": {func(_ *server, o *o) {
			o.Hashers = []core.Hasher{hasher{fast: "new", err: errors.New("no randomness"), tried: new(bool)}}
		}, "error HASHING"},
		"an insecure cookie": {func(_ *server, o *o) {
			o.Backends[0].Transport, _ = cookie.New(cookie.Options{InsecureHTTP: true, InsecureScriptAccess: true})
		}, "warning COOKIE_INSECURE, warning COOKIE_SCRIPTS"},
		"a cookie of a domain": {func(_ *server, o *o) {
			o.Backends[0].Transport, _ = cookie.New(cookie.Options{Name: "__Secure-a", Domain: "example.org"})
		}, "note COOKIE_DOMAIN"},
		"JWTs": {func(_ *server, o *o) { o.Backends[0].Strategy = weakJWT(t) }, "warning JWT_LEGACY_SECRET, note JWT_LOGOUT"},
	} {
		t.Run(name, inVirtualTime(func(t *testing.T) {
			found := healthy(t, func(s *server, o *o) { c.change(s, o) })
			want := append(slices.Clone(always), strings.Split(c.want, ", ")...)
			if strings.Contains(c.want, "HASH") {
				want = slices.DeleteFunc(want, func(s string) bool { return s == "note HASH_TIME" })
			}
			if got := codes(found); !equalSets(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			for _, f := range found {
				if f.Text == "" || f.Text[0] < 'A' || f.Text[0] > 'Z' || !strings.HasSuffix(f.Text, ".") {
					t.Errorf("%s is no sentence: %q", f.Code, f.Text)
				}
			}
		}))
	}
}

// guesses are so many wrong passwords in a week.
func guesses(n int) []latchkey.Limit {
	return []latchkey.Limit{{Events: n, Window: 7 * 24 * time.Hour}}
}

// What is like a fault, and none: 100 guesses in a day, and an application
// without browsers that has no tickets.
func TestDoctorLetsPass(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*server, *latchkey.Options[Member]){
		"100 guesses in a day": func(_ *server, o *latchkey.Options[Member]) { o.Limits.LoginFailures = guesses(100) },
		"no tickets, and no browsers": func(_ *server, o *latchkey.Options[Member]) {
			o.Tickets, o.Flows = nil, []latchkey.Flow{page{}}
			o.Backends[0].Transport = bearer.New(bearer.Options{})
		},
	} {
		t.Run(name, inVirtualTime(func(t *testing.T) {
			if found := codes(healthy(t, change)); !equalSets(found, []string{"note PAGE", "note HASH_TIME"}) {
				t.Errorf("got %q", found)
			}
		}))
	}
}

// inVirtualTime keeps hashes from taking any.
func inVirtualTime(test func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

func equalSets(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func weakJWT(t *testing.T) *jwt.Strategy {
	t.Helper()
	keys, err := jwt.NewKeys("EdDSA", "a")
	check(t, err, nil)
	parsed, err := jwt.ParseKeys(keys)
	check(t, err, nil)
	old, err := jwt.InsecureHS256([]byte("SECRET-SECRET-SECRET-SECRET-SECRET"))
	check(t, err, nil)
	s, err := jwt.New(jwt.Options{Keys: parsed, Legacy: &jwt.Legacy{Key: old, Backend: "web"}})
	check(t, err, nil)
	return s
}

// On a developer's own machine, http, the outbox and direct clients are right.
func TestDoctorOnLoopback(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "http://shop.localhost",
	} {
		t.Run(base, inVirtualTime(func(t *testing.T) {
			found := codes(healthy(t, func(_ *server, o *latchkey.Options[Member]) {
				o.BaseURL, o.ClientIP = base, nil
				o.Sender, _ = outbox.New(outbox.Options{})
			}))
			if !equalSets(found, []string{"note PAGE", "note HASH_TIME"}) {
				t.Errorf("got %q", found)
			}
		}))
	}
}

func TestDoctorOfMemory(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	found := codes(a.Doctor(t.Context()))
	if !slices.Contains(found, "warning MEMORY_USERS") || slices.Contains(found, "warning MEMORY_TICKETS") ||
		!slices.Contains(found, "note NO_SUPERUSER") {
		t.Errorf("got %q", found)
	}
	if len(a.Migrators()) != 0 {
		t.Errorf("memory has tables: %v", a.Migrators())
	}
}

// A program that runs has seen what a proxy sends.
func TestDoctorAfterRequests(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/auth/jwks.json", nil)
	check(t, err, nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	resp, err := http.DefaultClient.Do(r)
	check(t, err, nil)
	check(t, resp.Body.Close(), nil)
	if found := codes(a.Doctor(t.Context())); !slices.Contains(found, "warning CLIENTS_UNKNOWN") {
		t.Errorf("got %q", found)
	}
}
