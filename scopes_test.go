package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// keys is the least strategy of API keys: it keeps the session of each.
type keys struct{ issued sync.Map }

func (*keys) Standing() bool { return true }

func (*keys) Issue(context.Context, core.Login) (core.Token, error) {
	return core.Token{}, errors.New("keys are not issued by logins")
}

func (k *keys) Verify(_ context.Context, token string) (core.Found, error) {
	if s, ok := k.issued.Load(token); ok {
		return core.Found{Session: s.(*core.Session)}, nil
	}
	return core.Found{}, core.ErrNoCredential
}

func (k *keys) Revoke(_ context.Context, s *core.Session) error {
	k.issued.Delete(s.ID)
	return nil
}

// Recheck implements core.Rechecker.
func (k *keys) Recheck(ctx context.Context, s *core.Session) (core.Found, error) {
	found, err := k.Verify(ctx, s.ID)
	if errors.Is(err, core.ErrNoCredential) {
		err = core.ErrInvalid
	}
	return found, err
}

// give makes a key with scopes, nil for all, and returns its Authorization
// line.
func (k *keys) give(name, userID string, scopes []string) string {
	k.issued.Store(name, &core.Session{ID: name, UserID: userID, Backend: "keys", Epoch: core.AnyEpoch, Scopes: scopes})
	return "Bearer " + name
}

// withKeys is an application with a backend of keys beside "web", and every
// flow that there is.
func withKeys(t *testing.T, change func(*latchkey.Options[Member])) (*app, *keys) {
	t.Helper()
	k := &keys{}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		social, err := oauth.New(oauth.Options{
			Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
			Providers: []oauth.Provider{{Provider: &acme{name: "acme", begun: map[string]core.OAuthBegin{}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Flows = append(o.Flows, social.Flows()...)
		o.Backends = append(o.Backends, latchkey.Backend{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: k})
		if change != nil {
			change(o)
		}
	})
	return a, k
}

// ask sends a GET to a handler behind guards, with an Authorization line.
func (a *app) ask(authorization string, optional bool, guards ...latchkey.Guard) *httptest.ResponseRecorder {
	a.t.Helper()
	verb := httpauth.Require
	if optional {
		verb = httpauth.Optional
	}
	return send(verb(a, guards...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := latchkey.CurrentSession(r.Context()); !ok {
			w.WriteHeader(http.StatusNonAuthoritativeInfo)
		}
	})), http.MethodGet, authorization)
}

func send(h http.Handler, method, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/at", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.SetPathValue("id", "7")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestKeysOpenNoRoute: a credential with scopes is refused by every route of
// every flow, since none names a scope. One without is let in by the same
// routes.
func TestKeysOpenNoRoute(t *testing.T) {
	t.Parallel()
	a, k := withKeys(t, nil)
	id := a.register("ada@example.org").member("id")
	a.edit(id, func(m *Member) { m.IsSuperuser, m.IsVerified = true, true })
	none, all := k.give("none", id, []string{}), k.give("all", id, nil)
	few := k.give("few", id, []string{"orders:read", "*", "users:current_user"})
	guarded := 0
	for name, group := range latchkey.AllGroups(a.Auth) {
		for _, route := range group {
			h := httpauth.Handler(route)
			if route.Public && !route.Optional {
				if with, without := send(h, route.Method, few), send(h, route.Method, ""); with.Code != without.Code {
					t.Errorf("%s %s: %d with a key, %d without: a public route reads no credential", name, route.Name,
						with.Code, without.Code)
				}
				continue
			}
			guarded++
			if isStepUp(route.Name) { // of the route's own backend, which the keys are not of
				if w := send(h, route.Method, all); w.Code != http.StatusUnauthorized {
					t.Errorf("%s %s with another backend's credential: %d %s", name, route.Name, w.Code, w.Body)
				}
				continue
			}
			for _, key := range []string{none, few} {
				w := send(h, route.Method, key)
				if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), core.CodeInsufficientScope) ||
					w.Header().Get("WWW-Authenticate") != `Bearer error="insufficient_scope"` {
					t.Errorf("%s %s with scopes: %d %s %v", name, route.Name, w.Code, w.Body, w.Header())
				}
			}
			// A deletion or a logout would end what the next route
			// is asked with.
			if route.Method != http.MethodDelete && !strings.HasSuffix(route.Name, "logout") {
				if w := send(h, route.Method, all); strings.Contains(w.Body.String(), core.CodeInsufficientScope) ||
					w.Code == http.StatusUnauthorized {
					t.Errorf("%s %s without scopes: %d %s", name, route.Name, w.Code, w.Body)
				}
			}
		}
	}
	if guarded < 15 {
		t.Errorf("only %d routes were asked", guarded)
	}
}

func TestScopeGuard(t *testing.T) {
	t.Parallel()
	a, k := withKeys(t, nil)
	id := a.register("ada@example.org").member("id")
	read := k.give("read", id, []string{"orders:read"})
	both := k.give("both", id, []string{"orders:write", "orders:read"})
	all := k.give("all", id, nil)
	reads, writes := latchkey.Scope("orders:read"), latchkey.Scope("orders:write")
	for _, c := range []struct {
		key    string
		guards []latchkey.Guard
		status int
		scope  string // of the challenge
	}{
		{read, nil, 403, ""},
		{read, []latchkey.Guard{latchkey.SessionOnly}, 403, ""},
		{read, []latchkey.Guard{latchkey.Via("keys")}, 403, ""},
		{read, []latchkey.Guard{latchkey.Scope("")}, 403, ""},
		{read, []latchkey.Guard{reads}, 200, ""},
		{read, []latchkey.Guard{reads, latchkey.SessionOnly}, 200, ""},
		{read, []latchkey.Guard{writes}, 403, `, scope="orders:write"`},
		{read, []latchkey.Guard{reads, writes, reads}, 403, `, scope="orders:read orders:write"`},
		{both, []latchkey.Guard{reads, writes}, 200, ""},
		{all, nil, 200, ""},
		{all, []latchkey.Guard{reads, writes}, 200, ""},
		{both, []latchkey.Guard{reads, latchkey.Superuser}, 403, "none"}, // a scope widens nobody's rights
	} {
		for _, optional := range []bool{false, true} {
			w := a.ask(c.key, optional, c.guards...)
			if optional && c.scope == "none" {
				c.status = http.StatusNonAuthoritativeInfo // anonymous, as with any login
			}
			challenge := ""
			if c.status == http.StatusForbidden && c.scope != "none" {
				challenge = `Bearer error="insufficient_scope"` + c.scope
			}
			if w.Code != c.status || w.Header().Get("WWW-Authenticate") != challenge {
				t.Errorf("%s, optional %t: %d %q, want %d %q", c.key, optional, w.Code,
					w.Header().Get("WWW-Authenticate"), c.status, challenge)
			}
		}
	}
	for _, bad := range []string{"a b", "a\"", "a\\", "é", "a\n"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the scope %q was resolved", bad)
				}
			}()
			a.Resolve(false, latchkey.Scope(bad))
		}()
	}
}

// TestAnyEpoch: a key outlives a new password, and ends with its user, also
// under SessionOnly and where the epoch is believed for some time.
func TestAnyEpoch(t *testing.T) {
	t.Parallel()
	a, k := withKeys(t, nil)
	id := a.register("ada@example.org").member("id")
	login := a.login("ada@example.org", password).member("token")
	key := k.give("key", id, []string{"read"})
	want := func(status int) {
		t.Helper()
		for _, guards := range [][]latchkey.Guard{
			{latchkey.Scope("read")}, {latchkey.Scope("read"), latchkey.SessionOnly}, {latchkey.Scope("read"), latchkey.Streaming},
		} {
			if len(guards) > 1 && guards[1].Streaming {
				guards = append(guards, latchkey.Via("keys"))
			}
			if w := a.ask(key, false, guards...); w.Code != status {
				t.Errorf("%v: %d, want %d", guards, w.Code, status)
			}
		}
	}
	want(200)
	a.edit(id, func(m *Member) { m.TokenEpoch += 3 })
	a.want("GET", "/active", login, "", 401, "")
	want(200)
	a.edit(id, func(m *Member) { m.IsActive = false })
	want(401)
	a.edit(id, func(m *Member) { m.IsActive = true })
	want(200)
	if err := a.Manager().Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want(401)
}

// TestCommitChecksScopesAndRequests: what a key may do is checked again where
// it is written, as the key and the request are then.
func TestCommitChecksScopesAndRequests(t *testing.T) {
	t.Parallel()
	member := func(m *sync.Map) latchkey.Guard {
		return latchkey.Guard{Name: "member", CheckRequest: func(_ context.Context, h core.Head, c *core.Current) error {
			org, ok := core.PathValue(h, "id")
			if _, is := m.Load(org + " " + c.Session.UserID); !ok || !is {
				return core.Forbidden()
			}
			return nil
		}}
	}
	var members sync.Map
	between := func() {}
	writes := &writing{guards: []latchkey.Guard{latchkey.Scope("write"), member(&members)}, between: &between}
	a, k := withKeys(t, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, writes) })
	id := a.register("ada@example.org").member("id")
	members.Store("7 "+id, true)
	h := httpauth.Handler(a.Flow("writing")[0])
	for _, c := range []struct {
		name   string
		during func()
		status int
	}{
		{"nothing", func() {}, 200},
		{"a new password", func() { a.edit(id, func(m *Member) { m.TokenEpoch++ }) }, 200},
		{"the key loses the scope", func() { k.give("key", id, []string{"read"}) }, 403},
		{"the key is revoked", func() { k.issued.Delete("key") }, 401},
		{"no member any more", func() { members.Delete("7 " + id) }, 403},
		{"deactivated", func() { a.edit(id, func(m *Member) { m.IsActive = false }) }, 401},
	} {
		key := k.give("key", id, []string{"write"})
		members.Store("7 "+id, true)
		between = c.during
		writes.wrote = false
		if w := send(h, http.MethodPost, key); w.Code != c.status || writes.wrote != (c.status == 200) {
			t.Errorf("%s: %d %s, wrote %t, want %d", c.name, w.Code, w.Body, writes.wrote, c.status)
		}
	}
}

// writing is a flow with one route that writes, after something has happened.
type writing struct {
	guards  []latchkey.Guard
	between *func()
	wrote   bool
}

func (*writing) Name() string     { return "writing" }
func (*writing) PerBackend() bool { return false }
func (f *writing) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "writing:write", Method: http.MethodPost, Pattern: "/{id}", Guards: f.guards,
		Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
			(*f.between)()
			err := svc.Events.Commit(ctx, &core.Event{Kind: "written"}, func(context.Context) error {
				f.wrote = true
				return nil
			})
			return core.Empty(http.StatusOK), err
		},
	}}, nil
}

// TestStanding: no flow of a login is made for a strategy that no login asks.
func TestStanding(t *testing.T) {
	t.Parallel()
	a, _ := withKeys(t, nil)
	logins := 0
	for name := range latchkey.AllGroups(a.Auth) {
		if strings.HasSuffix(name, " keys") {
			t.Errorf("there is a flow %q", name)
		}
		if strings.HasSuffix(name, " web") {
			logins++
		}
	}
	if logins < 3 {
		t.Errorf("%d flows of the backend web", logins)
	}
}

// isStepUp reports whether a route proves a login once more.
func isStepUp(name string) bool { return strings.HasSuffix(name, ".prove") }

// TestWhoActsAsSomebody: a session in which an administrator acts as a user, as
// a strategy of one's own may make it, reads what the user reads, and changes
// nothing that lets people in. The user's own session may do all of it.
func TestWhoActsAsSomebody(t *testing.T) {
	t.Parallel()
	a, k := withKeys(t, nil)
	id := a.register("ada@example.org").member("id")
	a.edit(id, func(m *Member) { m.IsSuperuser, m.IsVerified = true, true })
	own := k.give("own", id, nil)
	root := a.register("root@example.org").member("id")
	a.edit(root, func(m *Member) { m.IsSuperuser = true })
	acting := "Bearer acting"
	k.issued.Store("acting",
		&core.Session{ID: "acting", UserID: id, Backend: "keys", Epoch: core.AnyEpoch, Actor: root})
	open := map[string]bool{
		"users:current_user": true, "users:patch_current_user": true, "sessions:list": true, "accounts:list": true,
	}
	var patch http.Handler
	for name, group := range latchkey.AllGroups(a.Auth) {
		for _, route := range group {
			if route.Public || strings.HasSuffix(route.Name, "logout") || isStepUp(route.Name) {
				continue
			}
			h := httpauth.Handler(route)
			if route.Name == "users:patch_current_user" {
				patch = h
			}
			refused := send(h, route.Method, acting).Code == http.StatusForbidden
			if refused == open[route.Name] {
				t.Errorf("%s %s: refused to who acts as the user: %t", name, route.Name, refused)
			}
			if route.Method == http.MethodDelete { // it ends what the next route is called with
				continue
			}
			// It has no proof, which some routes want too.
			if w := send(h, route.Method, own); w.Code == http.StatusForbidden &&
				!strings.Contains(w.Body.String(), core.CodeProofRequired) {
				t.Errorf("%s %s: %d %s to the user", name, route.Name, w.Code, w.Body)
			}
		}
	}
	for body, want := range map[string]int{
		`{"nick": "acted"}`: http.StatusOK,
		`{"password": "another long one", "current_password": "` + password + `"}`: http.StatusForbidden,
	} {
		r := httptest.NewRequest(http.MethodPatch, "/me", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", acting)
		w := httptest.NewRecorder()
		if patch.ServeHTTP(w, r); w.Code != want {
			t.Errorf("PATCH /me %s by who acts as the user: %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
	if w := a.ask(acting, false, latchkey.InPerson); w.Code != http.StatusForbidden {
		t.Errorf("InPerson answers %d to who acts as the user", w.Code)
	}
	if w := a.ask(own, false, latchkey.InPerson); w.Code != http.StatusOK {
		t.Errorf("InPerson answers %d to the user", w.Code)
	}
}
