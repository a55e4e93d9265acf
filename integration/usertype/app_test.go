package usertype_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

const password = "analytical engine"

// cheap is a hasher that costs nothing.
type cheap struct{}

func (cheap) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("$" + password), nil
}
func (cheap) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "$") }
func (cheap) Outdated(core.PasswordHash) bool { return false }
func (cheap) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "$"+password, nil
}

// app is an application over a user store.
type app[U any] struct {
	*latchkey.Auth[U]
	mux *http.ServeMux
}

func newApp[U any, P core.Model[U]](t testing.TB, users core.UserStore[U], hooks latchkey.Hooks[U]) app[U] {
	t.Helper()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	fatal(t, err)
	auth, err := latchkey.New[U, P](users, latchkey.Options[U]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Hashers:  []core.Hasher{cheap{}}, Hooks: hooks,
	})
	fatal(t, err)
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	a := app[U]{auth, http.NewServeMux()}
	httpauth.Mount(a.mux, "/auth", auth.Register(), auth.Login("api"))
	httpauth.Mount(a.mux, "/users", auth.Users())
	return a
}

// send sends a request with a JSON body.
func (a app[U]) send(route, token, body string) (status int, answer string) {
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// want sends a request and compares the answer: a status and a part of the
// body.
func (a app[U]) want(t testing.TB, route, token, body string, status int, part string) {
	t.Helper()
	if got, answer := a.send(route, token, body); got != status || !strings.Contains(answer, part) {
		t.Errorf("%s %s is answered %d %s, want %d %s", route, body, got, answer, status, part)
	}
}

// register registers a user with these members beside address and password,
// and returns the token of a login.
func (a app[U]) register(t testing.TB, email, members string) (token string) {
	t.Helper()
	a.want(t, "POST /auth/register", "", who(email)+members+"}", 201, email)
	return a.login(t, email)
}

// who begins a body with an address and the password.
func who(email string) string { return `{"email": "` + email + `", "password": "` + password + `"` }

func (a app[U]) login(t testing.TB, email string) (token string) {
	t.Helper()
	_, answer := a.send("POST /auth/login", "", who(email)+"}")
	var login struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer), &login); err != nil || login.Token == "" {
		t.Fatalf("login is answered %s", answer)
	}
	return login.Token
}
