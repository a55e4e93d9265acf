// Package factortest is an application in memory whose users have second
// factors, and clients that enrol and log in, for tests of the factors' flows.
//
//	a := factortest.New(t, nil)
//	secret := a.Client("web").Enrol(factortest.Ada)
//	factortest.Step() // in a bubble of synctest
//	c := a.Client("api")
//	c.Second(c.First(factortest.Ada), authtest.TOTP(t, secret))
package factortest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Ada is a user, who is verified.
const (
	Ada      = "ada@example.org"
	Password = "analytical engine"
)

// Member is the application's user type.
type Member struct{ latchkey.User }

// App is an application with TOTP and recovery codes, and Ada.
type App struct {
	*latchkey.Auth[Member]
	http.Handler
	Ada *Member

	// Ledger has the users after Separate, nil otherwise.
	Ledger *Ledger

	t     *testing.T
	users core.UserStore[Member]
	o     latchkey.Options[Member]
}

// New returns an application of its own; change may be nil.
func New(t *testing.T, change func(*latchkey.Options[Member])) *App {
	t.Helper()
	o := latchkey.Options[Member]{Flows: []latchkey.Flow{totp.Flow{}, recovery.Flow{}}}
	if change != nil {
		change(&o)
	}
	a := &App{t: t, users: memstore.NewUsers[Member](), o: authtest.Options(t, o)}
	a.start()
	a.Ada = a.User(Ada)
	return a
}

// Separate returns an application whose users have transactions that their
// credentials take no part in.
func Separate(t *testing.T, change func(*latchkey.Options[Member])) *App {
	t.Helper()
	a := New(t, change)
	a.Ledger = &Ledger{Users: a.users.(*memstore.Users[Member])}
	a.users = a.Ledger
	a.start()
	return a
}

// Restart begins anew with other options, over the same stores.
func (a *App) Restart(change func(*latchkey.Options[Member])) {
	a.t.Helper()
	change(&a.o)
	a.start()
}

func (a *App) start() {
	a.t.Helper()
	auth, err := latchkey.New(a.users, a.o)
	if err != nil {
		a.t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	a.Auth, a.Handler = auth, mux
	a.t.Cleanup(func() {
		if err := auth.Close(context.WithoutCancel(a.t.Context())); err != nil {
			a.t.Error(err)
		}
	})
}

// User creates a verified user with Password.
func (a *App) User(email string) *Member {
	a.t.Helper()
	u := &Member{User: latchkey.User{Email: email, IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(a.t.Context(), u, Password); err != nil {
		a.t.Fatal(err)
	}
	return u
}

// Client is a client of a backend.
type Client struct {
	*authtest.Client
	a       *App
	backend string
}

// Client returns one that is not logged in.
func (a *App) Client(backend string) *Client { return &Client{authtest.NewClient(a.t), a, backend} }

// Ask posts to a route of the backend, and takes the token of an answer.
func (c *Client) Ask(route, body string, status int, part string) map[string]any {
	c.a.t.Helper()
	return c.Send("POST", "/auth/"+c.backend+route, body, status, part)
}

// Send sends a request, and fails unless the answer has the status and the
// part.
func (c *Client) Send(method, path, body string, status int, part string) map[string]any {
	c.a.t.Helper()
	w := c.Do(c.a, method, path, body)
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		c.a.t.Fatalf("%s %s %s: %d %s, want %d with %q", method, path, body, w.Code, w.Body, status, part)
	}
	return c.take(w)
}

func (c *Client) take(w *httptest.ResponseRecorder) map[string]any {
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // a list, or nothing
	if token, _ := answer["access_token"].(string); token != "" {
		c.Header.Set("Authorization", "Bearer "+token)
	}
	return answer
}

// Done is the status of a login's answer.
func (c *Client) Done() int {
	if c.backend == "web" {
		return 204
	}
	return 200
}

// First logs in as far as the password leads, and returns the pending login's
// secret.
func (c *Client) First(email string) string {
	c.a.t.Helper()
	body := `{"email": "` + email + `", "password": "` + Password + `"}`
	detail := c.Ask("/login", body, 403, core.CodeLoginFactorRequired)["detail"].(map[string]any)
	return detail["pending"].(string)
}

// Second finishes it with a code.
func (c *Client) Second(pending, code string) {
	c.a.t.Helper()
	c.Ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, c.Done(), "")
}

// Enrol logs in by password and enrols an app, whose secret it returns.
func (c *Client) Enrol(email string) (secret string) {
	c.a.t.Helper()
	c.Ask("/login", `{"email": "`+email+`", "password": "`+Password+`"}`, c.Done(), "")
	begun := c.Ask("/totp/begin", "", 200, "otpauth://totp/app.example.org:")
	secret = begun["secret"].(string)
	c.Confirm("/totp/confirm", begun, authtest.TOTP(c.a.t, secret), c.Done(), "")
	return secret
}

// Confirm posts the first code of an enrolment that has begun.
func (c *Client) Confirm(route string, begun map[string]any, code string, status int, part string) {
	c.a.t.Helper()
	c.Ask(route, `{"enrolment": "`+begun["enrolment"].(string)+`", "code": "`+code+`", "label": "the blue phone"}`, status,
		part)
}

// Me checks whether the client is logged in.
func (c *Client) Me(status int) {
	c.a.t.Helper()
	c.Send("GET", "/users/me", "", status, "")
}

// Step passes to the next code.
func Step() { time.Sleep(30 * time.Second) }

// Factors returns GET /factors.
func (c *Client) Factors() (all []map[string]any) {
	c.a.t.Helper()
	w := c.Do(c.a, "GET", "/auth/factors", "")
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != 200 {
		c.a.t.Fatalf("GET /factors: %d %s", w.Code, w.Body)
	}
	return all
}
