package upgrade_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// account is the application's user type.
type account struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,notnull,default:''" auth:"register,update"`
}

// The credentials of the people in the fixtures.
const (
	ada, adasPassword     = "Ada@example.org", "analytical engine 1843"
	grace, gracesPassword = "grace@example.org", "nanoseconds & compilers"
	alan, alansPassword   = "alan@example.org", "on computable numbers"
	eve                   = "eve@example.org" // a user whose password was guessed too often
	secret                = "q7Vn2xKz8RtY4mWc9LhB3dJf6PsG1aEu"
)

// recorded is when the fixtures were made; the tests are a minute later.
var recorded = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// parts holds an application's stores.
type parts struct {
	users       core.UserStore[account]
	sessions    core.SessionStore
	tickets     core.TicketStore
	limiter     core.Limiter
	credentials core.CredentialStore
	audit       core.AuditStore
}

// application is an application on such parts, and its mail.
type application struct {
	http.Handler
	auth  *latchkey.Auth[account]
	mails chan core.Mail
}

// Send keeps a mail.
func (a *application) Send(_ context.Context, m core.Mail) error {
	a.mails <- m
	return nil
}

func newApplication(t *testing.T, p parts, now time.Time) *application {
	t.Helper()
	clock := func() time.Time { return now }
	a := &application{mails: make(chan core.Mail, 8)}
	o := latchkey.Options[account]{
		Backends: backends(t, p, clock),
		Flows:    []latchkey.Flow{reset.Flow{}}, Tickets: p.tickets, Sender: a, BaseURL: "https://app.example.org",
		Limiter: p.limiter,
		// As docs/guides/upgrading.md says: what those releases have
		// counted is of one limit.
		Limits: latchkey.Limits{LoginFailures: []latchkey.Limit{{Events: 5, Window: 5 * time.Minute}}},
		Log:    slog.New(slog.NewTextHandler(t.Output(), nil)), Now: clock,
	}
	if p.credentials != nil {
		options := apikey.Options{Backend: "keys", Prefix: "acme", Scopes: []string{"read"}, Now: clock}
		keys, err := apikey.New(p.credentials, options)
		if err != nil {
			t.Fatal(err)
		}
		o.Credentials, o.Flows = p.credentials, append(o.Flows, keys.Flow(), audit.Flow{Store: p.audit})
		o.Backends = append(o.Backends,
			latchkey.Backend{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys})
		o.RouteScopes = map[string]string{"users:current_user": "read"}
	}
	var err error
	if a.auth, err = latchkey.New(p.users, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.auth.Close(context.WithoutCancel(t.Context())) })
	mux := http.NewServeMux()
	for _, backend := range []string{"web", "api", "mobile"} {
		httpauth.Mount(mux, "/auth/"+backend, a.auth.Login(backend))
	}
	httpauth.Mount(mux, "/auth", a.auth.Register(), a.auth.Reset())
	httpauth.Mount(mux, "/users", a.auth.Users())
	if p.credentials != nil {
		httpauth.Mount(mux, "/auth", a.auth.APIKeys())
	}
	a.Handler = mux
	return a
}

// backends are sessions, JWTs, and JWTs that are renewed.
func backends(t *testing.T, p parts, clock func() time.Time) []latchkey.Backend {
	t.Helper()
	key, err1 := jwt.HS256("", []byte(secret))
	tokens, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Now: clock})
	sessions, err3 := session.New(p.sessions, session.Options{Now: clock})
	access, err4 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Audience: "renewed", Lifetime: 10 * time.Minute, Now: clock})
	renewed, err5 := refresh.New(p.sessions, access, refresh.Options{Now: clock})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	return []latchkey.Backend{
		{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
		{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: tokens},
		{Name: "mobile", Transport: bearer.New(bearer.Options{}), Strategy: renewed},
	}
}

// send sends a request, whose body is a form or JSON, and returns the members
// of the response's object.
func (a *application) send(t *testing.T, route string, status int, token, body string) map[string]any {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	if w.Code != status {
		t.Errorf("%s answers %d %s, want %d", route, w.Code, w.Body, status)
	}
	var members map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &members)
	return members
}

// login logs in at a backend, and returns the token.
func (a *application) login(t *testing.T, backend, email, password string) string {
	t.Helper()
	token, _ := a.pair(t, backend, email, password)
	return token
}

// pair is login, with the refresh token where the backend has one.
func (a *application) pair(t *testing.T, backend, email, password string) (access, refresh string) {
	t.Helper()
	form := url.Values{"username": {email}, "password": {password}}.Encode()
	got := a.send(t, "POST /auth/"+backend+"/login", http.StatusOK, "", form)
	access, _ = got["access_token"].(string)
	refresh, _ = got["refresh_token"].(string)
	return access, refresh
}

// renew presents a refresh token, and returns the next one.
func (a *application) renew(t *testing.T, status int, token string) (next string) {
	t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}.Encode()
	next, _ = a.send(t, "POST /auth/mobile/refresh", status, "", form)["refresh_token"].(string)
	return next
}
