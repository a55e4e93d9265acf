package redisstore_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

const email, password = "ada@example.org", "correct horse 17 battery"

// app is an application with one user, ada, in memory and everything else in
// Redis.
type app struct {
	users    core.UserStore[latchkey.User]
	strategy *session.Strategy
	ada      *latchkey.User
	url      string
}

func newApp(t testing.TB, addr string) *app {
	t.Helper()
	return appOver(t, open(t, addr, redisstore.Options{}))
}

func appOver(t testing.TB, store *redisstore.Store) *app {
	t.Helper()
	strategy, err := session.New(store.Sessions(), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	users := memstore.NewUsers[latchkey.User]()
	auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		Tickets:  store.Tickets(),
		Limiter:  store.Limiter(),
		Hashers:  []core.Hasher{plain{}},
		BaseURL:  "https://app.example.org",
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{users: users, strategy: strategy, ada: &latchkey.User{Email: email, IsActive: true}}
	if err := auth.Manager().Create(t.Context(), a.ada, password); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("api"))
	mux.Handle("GET /hello", httpauth.Require(auth)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	})))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("plain$" + password), nil
}
func (plain) Knows(core.PasswordHash) bool    { return true }
func (plain) Outdated(core.PasswordHash) bool { return false }
func (plain) Verify(h core.PasswordHash, pw string) (bool, error) {
	return string(h) == "plain$"+pw, nil
}

// issue returns the token of a new session.
func (a *app) issue(t testing.TB) (token string, err error) {
	issued, err := a.strategy.Issue(t.Context(),
		core.Login{User: a.ada, Session: core.Session{UserID: a.ada.ID, Backend: "api", Epoch: a.ada.TokenEpoch}})
	return issued.Raw, err
}

// revoke revokes the session of a token.
func (a *app) revoke(t testing.TB, token string) error {
	found, err := a.strategy.Verify(t.Context(), token)
	if err != nil {
		return err
	}
	return a.strategy.Revoke(t.Context(), found.Session)
}

// raiseEpoch revokes ada's sessions as a new password does, but leaves those in
// Redis alone.
func (a *app) raiseEpoch(t testing.TB) error {
	u, err := a.users.Update(t.Context(), a.ada.ID, func(u *latchkey.User) error {
		u.TokenEpoch++
		return nil
	})
	if err == nil {
		a.ada = u
	}
	return err
}

// answer is a response, with the time of its request and how long it took.
type answer struct {
	status     int
	retryAfter string
	at         time.Time
	took       time.Duration
}

// hello presents a token.
func (a *app) hello(t testing.TB, token string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/hello", nil)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return send(t, req)
}

// login presents the password.
func (a *app) login(t testing.TB) answer {
	t.Helper()
	form := url.Values{"username": {email}, "password": {password}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/auth/login",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, req)
}

func send(t testing.TB, req *http.Request) answer {
	t.Helper()
	at := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return answer{at: at}
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return answer{resp.StatusCode, resp.Header.Get("Retry-After"), at, time.Since(at)}
}
