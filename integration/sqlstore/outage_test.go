package sqlstore_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

const (
	outage   = 10 * time.Second
	recovery = 2 * time.Second // how soon after it everything must work as before
	load     = 4               // clients
)

// TestOutage stops database servers under load. Nothing else runs meanwhile, so
// that goroutines can be counted.
func TestOutage(t *testing.T) {
	var servers []*server.Process
	var apps []*app
	for name, start := range map[string]func(testing.TB) *server.Process{"PostgreSQL": server.StartPostgres,
		"MariaDB": server.StartMariaDB} {
		p := start(t)
		servers, apps = append(servers, p), append(apps, newApp(t, name, p.URL()))
	}
	each := func(do func(i int)) {
		var all sync.WaitGroup
		for i := range apps {
			all.Go(func() { do(i) })
		}
		all.Wait()
	}
	var stop [2]func()
	each(func(i int) {
		stop[i] = apps[i].underLoad(t)
		apps[i].settles(t, 10*time.Second)
	})
	before := runtime.NumGoroutine()
	each(func(i int) { servers[i].Stop() })
	time.Sleep(outage) // this is the test
	during := runtime.NumGoroutine()
	each(func(i int) {
		apps[i].wantUnavailable(t)
		servers[i].Start()
		took := apps[i].settles(t, recovery)
		stop[i]()
		t.Logf("%s: %d right answers, %d times 503; normal %v after the return", apps[i].name, apps[i].answered.Load(),
			apps[i].unavailable.Load(), took)
	})
	after := runtime.NumGoroutine()
	for end := time.Now().Add(recovery); after > before && time.Now().Before(end); after = runtime.NumGoroutine() {
		time.Sleep(10 * time.Millisecond) // the clients' connections close
	}
	if during > before+load || after > before {
		t.Errorf("there were %d goroutines before, %d in the outage, %d after it", before, during, after)
	}
}

// app is an application whose users and sessions are in a database, and what
// its clients have seen.
type app struct {
	name                  string
	url                   string
	client                *http.Client
	probes                []probe
	answered, unavailable atomic.Int64
}

// probe is a request and the only right response to it while the database can
// be reached.
type probe struct {
	name, method, path, token string
	form                      url.Values
	status                    int
}

var plenty = core.Limit{Events: 1 << 30, Window: time.Minute}

const right, wrong = "correct horse 17 battery", "nine lanterns over water"

func newApp(t *testing.T, name, address string) *app {
	t.Helper()
	store, us := users[core.User](t, databases[name].open(t, address), sqlstore.Options{})
	sessions, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(us, latchkey.Options[core.User]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{LoginURL: "/auth/login"}),
			Strategy: sessions}},
		Hashers: []core.Hasher{clearText{}},
		Limiter: store.Limiter(),
		Limits:  latchkey.Limits{LoginAttempts: plenty, LoginFailures: []latchkey.Limit{plenty}},
		Log:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("api"))
	httpauth.Mount(mux, "/users", auth.Users())
	web := httptest.NewServer(mux)
	a := &app{name: name, url: web.URL, client: web.Client()}
	t.Cleanup(func() {
		web.Close()
		if err := auth.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := auth.Manager().Create(t.Context(), &core.User{Email: "ada@example.org", IsActive: true}, right); err != nil {
		t.Fatal(err)
	}
	a.probes = a.makeProbes(t)
	return a
}

// makeProbes logs in twice, and out once.
func (a *app) makeProbes(t *testing.T) []probe {
	t.Helper()
	login := probe{"the right password", "POST", "/auth/login", "",
		url.Values{"username": {"ada@example.org"}, "password": {right}}, 200}
	guess := probe{"a wrong password", "POST", "/auth/login", "",
		url.Values{"username": {"ada@example.org"}, "password": {wrong}}, 400}
	token := func() string {
		got, err := a.send(t.Context(), login)
		if err != nil || got.status != 200 {
			t.Fatalf("login: %v, %+v", err, got)
		}
		_, rest, _ := strings.Cut(got.body, `"access_token":"`)
		token, _, _ := strings.Cut(rest, `"`)
		return token
	}
	living, ended := token(), token()
	if got, err := a.send(t.Context(), probe{"", "POST", "/auth/logout", ended, nil, 0}); err != nil || got.status != 204 {
		t.Fatalf("logout: %v, %+v", err, got)
	}
	return []probe{
		login, guess,
		{"a living session", "GET", "/users/me", living, nil, 200},
		{"an ended session", "GET", "/users/me", ended, nil, 401},
		{"a forged session", "GET", "/users/me", strings.Repeat("A", core.SecretLen), nil, 401},
		{"no session", "GET", "/users/me", "", nil, 401},
	}
}

// answer is what a client sees.
type answer struct {
	status           int
	retryAfter, body string
}

func (a *app) send(ctx context.Context, p probe) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, p.method, a.url+p.path, strings.NewReader(p.form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header.Get("Retry-After"), string(body)}, err
}

// try sends a probe. It returns an error for any response but the right one and
// a 503 with Retry-After.
func (a *app) try(ctx context.Context, p probe) (unavailable bool, err error) {
	got, err := a.send(ctx, p)
	switch {
	case err != nil:
		return false, err
	case got.status == p.status:
		a.answered.Add(1)
		return false, nil
	case got.status == 503 && got.retryAfter != "":
		a.unavailable.Add(1)
		return true, nil
	}
	return false, fmt.Errorf("%s: got %+v", p.name, got)
}

// underLoad lets clients send all probes repeatedly until stop is called.
func (a *app) underLoad(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range load {
		all.Go(func() {
			for i := 0; ; i++ {
				_, err := a.try(ctx, a.probes[i%len(a.probes)])
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
		a.client.CloseIdleConnections()
	}
}

// settles waits until all probes succeed, three times in a row, and returns
// when that began.
func (a *app) settles(t *testing.T, within time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	for since := begun; ; {
		good := true
		for range 3 {
			for _, p := range a.probes {
				unavailable, err := a.try(t.Context(), p)
				if err != nil {
					t.Error(err)
				}
				good = good && !unavailable
			}
		}
		if good {
			return since.Sub(begun)
		}
		if since = time.Now(); since.Sub(begun) > within {
			t.Errorf("after %v there are still answers 503", within)
			return within
		}
	}
}

// wantUnavailable requests everything that needs the database.
func (a *app) wantUnavailable(t *testing.T) {
	t.Helper()
	for _, p := range a.probes {
		unavailable, err := a.try(t.Context(), p)
		if err != nil || !unavailable && (p.token != "" || p.form != nil) {
			t.Errorf("%s in the outage: %v, want 503", p.name, err)
		}
	}
}

// clearText is a hasher that costs nothing.
type clearText struct{}

func (clearText) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("clear$" + password), nil
}
func (clearText) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "clear$") }
func (clearText) Outdated(core.PasswordHash) bool { return false }
func (clearText) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "clear$"+password, nil
}
