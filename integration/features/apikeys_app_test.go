package features_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is the application's user type.
type member struct{ latchkey.User }

// keyApp is an application with logins and API keys, both as bearer tokens.
type keyApp struct {
	*latchkey.Auth[member]
	t       *testing.T
	mux     *http.ServeMux
	now     time.Time
	user    *member
	session string
}

func newKeyApp(t *testing.T) *keyApp {
	t.Helper()
	a := &keyApp{t: t, mux: http.NewServeMux(), now: time.Now()}
	clock := func() time.Time { return a.now }
	sessions, err := session.New(memstore.NewSessions(clock), session.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	keys := apiKeys{memstore.NewCredentials(clock), "keys", []string{"orders:read", "orders:write"}, clock}
	a.Auth, err = latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{
			{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
			{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys},
		},
		Flows: []latchkey.Flow{keys}, Hashers: []core.Hasher{plain{}}, Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	httpauth.Mount(a.mux, "/auth/api", a.Login("api"))
	httpauth.Mount(a.mux, "/auth", a.Register(), a.Sessions(), a.Flow("api-keys"))
	httpauth.Mount(a.mux, "/users", a.Users())
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	a.mux.Handle("GET /orders", httpauth.Require(a, latchkey.Scope("orders:read"))(fine))
	a.mux.Handle("POST /orders", httpauth.Require(a, latchkey.Scope("orders:write"))(fine))
	a.mux.Handle("GET /plan", httpauth.Require(a, latchkey.SessionOnly)(fine))
	a.user = &member{latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := a.Manager().Create(t.Context(), a.user, password); err != nil {
		t.Fatal(err)
	}
	a.session = a.member(a.do("POST", "/auth/api/login", "", `{"username": "ada@example.org", "password": "`+password+
		`"}`),
		"access_token")
	return a
}

const password = "a password of ada's"

// plain is a hasher for tests that are not about hashing.
type plain struct{}

func (plain) Hash(p string) (core.PasswordHash, error)           { return core.PasswordHash("plain$" + p), nil }
func (plain) Knows(h core.PasswordHash) bool                     { return strings.HasPrefix(string(h), "plain$") }
func (plain) Verify(h core.PasswordHash, p string) (bool, error) { return string(h) == "plain$"+p, nil }
func (plain) Outdated(core.PasswordHash) bool                    { return false }

func (a *keyApp) do(method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w
}

func (a *keyApp) want(method, path, token, body string, status int) *httptest.ResponseRecorder {
	a.t.Helper()
	w := a.do(method, path, token, body)
	if w.Code != status {
		a.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, w.Code, w.Body, status)
	}
	return w
}

func (a *keyApp) member(w *httptest.ResponseRecorder, name string) string {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		a.t.Fatalf("%d %s", w.Code, w.Body)
	}
	s, _ := m[name].(string)
	return s
}

// make makes a key and returns it and its ID.
func (a *keyApp) make(body string) (key, id string) {
	a.t.Helper()
	w := a.want("POST", "/auth/api-keys", a.session, body, 201)
	return a.member(w, "key"), a.member(w, "id")
}

const readOnly = `{"name": "ci", "scopes": ["orders:read"]}`

// TestAPIKeyOpensItsScopeAlone is attack case K09: a read-only key is refused
// on every route of Latchkey's, and on the application's without its scope.
func TestAPIKeyOpensItsScopeAlone(t *testing.T) {
	t.Parallel()
	a := newKeyApp(t)
	key, _ := a.make(readOnly)
	a.want("GET", "/orders", key, "", 200)
	a.want("POST", "/orders", key, "", 403)
	a.want("GET", "/plan", key, "", 403)
	a.want("POST", "/orders", a.session, "", 200)
	asked := 0
	for prefix, group := range map[string]latchkey.Group{
		"/auth/api": a.Login("api"), "/auth": slices.Concat(a.Register(), a.Sessions(), a.Flow("api-keys")), "/users": a.Users(),
	} {
		for _, route := range group {
			if route.Public {
				continue
			}
			asked++
			w := a.want(route.Method, prefix+strings.Replace(route.Pattern, "{id}", a.user.ID, 1), key, "{}", 403)
			if !strings.Contains(w.Body.String(), core.CodeInsufficientScope) {
				t.Errorf("%s: %s", route.Name, w.Body)
			}
		}
	}
	if asked < 10 {
		t.Errorf("only %d routes were asked", asked)
	}
}

func TestAPIKeyEndsWithItsUserAndNotWithAPassword(t *testing.T) {
	t.Parallel()
	a := newKeyApp(t)
	key, _ := a.make(readOnly)
	another, no, yes := "another good password", false, true
	change := func(c latchkey.Changes[member]) {
		t.Helper()
		if _, err := a.Manager().Update(t.Context(), a.user.ID, c); err != nil {
			t.Fatal(err)
		}
	}
	change(latchkey.Changes[member]{Password: &another})
	a.want("GET", "/plan", a.session, "", 401)
	a.want("GET", "/orders", key, "", 200)
	change(latchkey.Changes[member]{IsActive: &no})
	a.want("GET", "/orders", key, "", 401)
	change(latchkey.Changes[member]{IsActive: &yes})
	a.want("GET", "/orders", key, "", 200)
	if err := a.Manager().Delete(t.Context(), a.user.ID); err != nil {
		t.Fatal(err)
	}
	a.want("GET", "/orders", key, "", 401)
}

func TestAPIKeyExpiresAndIsRevoked(t *testing.T) {
	t.Parallel()
	a := newKeyApp(t)
	short, _ := a.make(`{"name": "short", "scopes": ["orders:read"], "expires_in": 60}`)
	long, id := a.make(`{"name": "long", "scopes": ["orders:read", "orders:write"]}`)
	a.want("POST", "/orders", long, "", 200)
	a.now = a.now.Add(time.Minute)
	a.want("GET", "/orders", short, "", 401)
	a.want("GET", "/orders", long, "", 200)
	if w := a.want("GET", "/auth/api-keys", a.session, "", 200); strings.Contains(w.Body.String(),
		long[len(keyPrefix):]) ||
		!strings.Contains(w.Body.String(), id) || strings.Contains(w.Body.String(), "short") {
		t.Errorf("the list: %s", w.Body)
	}
	a.want("DELETE", "/auth/api-keys/"+id, a.session, "", 204)
	a.want("DELETE", "/auth/api-keys/"+id, a.session, "", 404)
	a.want("GET", "/orders", long, "", 401)
	a.want("GET", "/orders", keyPrefix+"x", "", 401)
}

func TestAPIKeyIsMadeByAPersonAlone(t *testing.T) {
	t.Parallel()
	a := newKeyApp(t)
	for _, bad := range []string{
		`{"scopes": ["orders:read"]}`, `{"name": "x"}`, `{"name": "x", "scopes": []}`, `{"name": "x", "scopes": ["*"]}`,
		`{"name": "x", "scopes": "orders:read"}`, `{"name": "x", "scopes": ["orders:read"], "expires_in": 0}`,
		`{"name": "x", "scopes": ["orders:read"], "expires_in": 7776001}`,
	} {
		a.want("POST", "/auth/api-keys", a.session, bad, 422)
	}
	key, id := a.make(readOnly)
	a.want("POST", "/auth/api-keys", key, readOnly, 403)
	a.want("DELETE", "/auth/api-keys/"+id, key, "", 403)
	a.make(readOnly)
	a.make(readOnly)
	if w := a.want("POST", "/auth/api-keys", a.session, readOnly, 400); !strings.Contains(w.Body.String(),
		"API_KEY_LIMIT") {
		t.Errorf("%s", w.Body)
	}
	a.now = a.now.Add(11 * time.Minute) // the login is no fresh proof any more
	a.want("POST", "/auth/api-keys", a.session, readOnly, 403)
	a.want("GET", "/auth/api-keys", a.session, "", 200)
}
