package latchkey_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// renewing is an application whose backends "mobile" and "other" renew bearer
// tokens, and "spa" cookies, over one store, with a clock of its own.
type renewing struct {
	*latchkey.Auth[Member]
	t     *testing.T
	mux   *http.ServeMux
	users *failing
	mails *letters
	clock *testclock.Clock
	// strategy of the backend "mobile"
	strategy core.Strategy

	// found and ending are called before the store finds a session, and
	// ends all of a user's; nil for nothing.
	found, ending func()

	mu     sync.Mutex
	events []core.Event
}

// failing is a user store that can fail.
type failing struct {
	*memstore.Users[Member]
	down error
}

func (f *failing) Unwrap() any { return f.Users }

func (f *failing) Find(ctx context.Context, k core.Key) (*Member, error) {
	if f.down != nil {
		return nil, f.down
	}
	return f.Users.Find(ctx, k)
}

// watched is a session store whose calls the application hears of.
type watched struct {
	*memstore.Sessions
	a *renewing
}

func (w watched) Find(ctx context.Context, digest [32]byte) (core.Found, error) {
	if w.a.found != nil {
		w.a.found()
	}
	return w.Sessions.Find(ctx, digest)
}

func (w watched) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if w.a.ending != nil {
		w.a.ending()
	}
	return w.Sessions.DeleteAll(ctx, userID, epoch, except)
}

// ears hears of what happens.
type ears struct {
	core.Flow
	a *renewing
}

func (e ears) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

func (e ears) Name() string { return "ears" }

func (e ears) PerBackend() bool { return false }

func (e ears) On(_ context.Context, _ *core.Services, one core.Event) {
	e.a.mu.Lock()
	defer e.a.mu.Unlock()
	e.a.events = append(e.a.events, one)
}

// heard returns the kinds of the events since it was called last.
func (a *renewing) heard() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kinds []string
	for _, e := range a.events {
		kinds = append(kinds, string(e.Kind))
	}
	a.events = nil
	return strings.Join(kinds, " ")
}

func newRenewing(t *testing.T, stateless bool, change func(*latchkey.Options[Member])) *renewing {
	t.Helper()
	a := &renewing{t: t, mails: &letters{}, clock: testclock.New(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)),
		mux: http.NewServeMux()}
	a.users = &failing{Users: memstore.NewUsers[Member]()}
	store := watched{memstore.NewSessions(a.clock.Now), a}
	strategy := func() core.Strategy {
		key, err := jwt.HS256("test", []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d"+
			"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38"))
		if err != nil {
			t.Fatal(err)
		}
		access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute, Now: a.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		s, err := refresh.New(store, access, refresh.Options{Now: a.clock.Now, Stateless: stateless})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cookies, err := cookie.New(cookie.Options{RefreshPath: "/auth/spa", Now: a.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.strategy = strategy()
	tokens := bearer.New(bearer.Options{Now: a.clock.Now})
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{
			{Name: "mobile", Transport: tokens, Strategy: a.strategy},
			{Name: "other", Transport: tokens, Strategy: strategy()},
			{Name: "spa", Transport: cookies, Strategy: strategy()},
		},
		Flows:   []latchkey.Flow{ears{a: a}, notices.Flow{}},
		Tickets: memstore.NewTickets(a.clock.Now), Sender: a.mails, MailDelay: -1,
		BaseURL: "https://app.example.org", Hashers: []core.Hasher{fast("new")}, Now: a.clock.Now,
		Log: slog.New(slog.NewTextHandler(&syncWriter{w: &bytes.Buffer{}}, nil)),
	}
	if change != nil {
		change(&o)
	}
	if a.Auth, err = latchkey.New(a.users, o); err != nil {
		t.Fatal(err)
	}
	httpauth.Mount(a.mux, "", a.API())
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	verified := &Member{}
	verified.Email, verified.EmailKey = "ada@example.org", "ada@example.org"
	verified.IsActive, verified.IsVerified = true, true
	verified.HashedPassword = "new$" + password
	if err := a.users.Create(t.Context(), verified); err != nil {
		t.Fatal(err)
	}
	return a
}

// send sends a request of the application's own origin.
func (a *renewing) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := httptest.NewRequest(method, "https://app.example.org"+path, strings.NewReader(body))
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w
}

// pair are a client's tokens.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
}

func (a *renewing) pair(w *httptest.ResponseRecorder) (p pair) {
	a.t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 || p.Access == "" || p.Refresh == "" {
		a.t.Fatalf("got %d %s, want tokens", w.Code, w.Body)
	}
	return p
}

func (a *renewing) login(backend string) *httptest.ResponseRecorder {
	return a.send("POST", "/auth/"+backend+"/login", `{"email": "ada@example.org", "password": "`+password+`"}`)
}

func (a *renewing) renew(refresh string) *httptest.ResponseRecorder {
	return a.send("POST", "/auth/mobile/refresh", "grant_type=refresh_token&refresh_token="+refresh)
}

// wants checks a status and the whole body; "" is any body.
func (a *renewing) wants(what string, w *httptest.ResponseRecorder, status int, body string) {
	a.t.Helper()
	if w.Code != status || body != "" && w.Body.String() != body {
		a.t.Errorf("%s: got %d %s, want %d %s", what, w.Code, w.Body, status, body)
	}
}

const unauthorized = `{"detail":"Unauthorized"}`

func (a *renewing) me(p pair) int {
	return a.send("GET", "/users/me", "", "Authorization", "Bearer "+p.Access).Code
}

func (a *renewing) edit(id string, change func(*Member)) {
	a.t.Helper()
	if _, err := a.users.Update(a.t.Context(), id, func(m *Member) error { change(m); return nil }); err != nil {
		a.t.Fatal(err)
	}
}

// cookies are those of a browser, at any path.
func cookies(w *httptest.ResponseRecorder) map[string]string {
	found := map[string]string{}
	for _, c := range w.Result().Cookies() {
		found[c.Name] = cmp.Or(c.Value, "gone")
	}
	return found
}

const (
	sessionCookie = "__Host-latchkey"
	refreshCookie = "__Secure-latchkey-refresh"
)
