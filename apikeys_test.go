package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// keyed is an application with every flow that there is, and API keys.
type keyed struct {
	*latchkey.Auth[Member]
	t     *testing.T
	mux   *http.ServeMux
	clock *testclock.Clock
	mails *letters
	ada   *Member
	login string // Authorization line of her session
}

func newKeyed(t *testing.T, change func(*latchkey.Options[Member], *apikey.Options)) *keyed {
	t.Helper()
	a, err := makeKeyed(t, change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	httpauth.Mount(a.mux, "", a.API())
	fine := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	a.mux.Handle("GET /orders", httpauth.Require(a, latchkey.Scope("orders:read"))(fine))
	a.mux.Handle("POST /orders", httpauth.Require(a, latchkey.Scope("orders:write"))(fine))
	a.mux.Handle("GET /plan", httpauth.Require(a, latchkey.SessionOnly)(fine))
	a.mux.Handle("GET /reports", httpauth.Require(a, latchkey.Superuser, latchkey.Scope("orders:read"))(fine))
	a.ada = &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(t.Context(), a.ada, password); err != nil {
		t.Fatal(err)
	}
	a.login = a.logIn("ada@example.org")
	return a
}

func makeKeyed(t *testing.T, change func(*latchkey.Options[Member], *apikey.Options)) (*keyed, error) {
	t.Helper()
	a := &keyed{t: t, mux: http.NewServeMux(), clock: testclock.New(time.Now()), mails: &letters{}}
	clock := a.clock.Now
	sessions, err := session.New(memstore.NewSessions(clock), session.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	social, err := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: &acme{name: "acme", begun: map[string]core.OAuthBegin{}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows: append(social.Flows(), verify.Flow{}, reset.Flow{}, totp.Flow{}, recovery.Flow{}, trusted.Flow{},
			maillogin.Flow{}, emailchange.Flow{}, notices.Flow{}),
		Tickets: memstore.NewTickets(clock), Credentials: memstore.NewCredentials(clock), Sender: a.mails,
		Vault:   []core.VaultKey{{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
		BaseURL: "https://app.example.org", MailDelay: -1, SelfDelete: true, Hashers: []core.Hasher{fast("new")}, Now: clock,
		Log: slog.New(slog.DiscardHandler),
	}
	k := apikey.Options{Backend: "keys", Prefix: "acme", Scopes: []string{"orders:read", "orders:write"}, Now: clock}
	if change != nil {
		change(&o, &k)
	}
	keys, err := apikey.New(o.Credentials, k)
	if err != nil {
		t.Fatal(err)
	}
	o.Backends = append(o.Backends, latchkey.Backend{
		Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys,
	})
	o.Flows = append(o.Flows, keys.Flow())
	a.Auth, err = latchkey.New(memstore.NewUsers[Member](), o)
	return a, err
}

// ask sends a request with an Authorization line.
func (a *keyed) ask(method, path, authorization, body string, status int, part string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	if a.mux.ServeHTTP(w, r); w.Code != status || !strings.Contains(w.Body.String(), part) {
		a.t.Errorf("%s %s %s: %d %s, want %d …%s…", method, path, body, w.Code, w.Body, status, part)
	}
	return w
}

func (a *keyed) logIn(email string) string {
	a.t.Helper()
	w := a.ask("POST", "/auth/api/login", "", `{"username": "`+email+`", "password": "`+password+`"}`, 200, "")
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &token); err != nil {
		a.t.Fatal(err)
	}
	return "Bearer " + token.Access
}

// make makes a key, and returns its Authorization line and its ID.
func (a *keyed) make(scopes ...string) (line, id string) {
	a.t.Helper()
	body, _ := json.Marshal(map[string]any{"name": "ci", "scopes": scopes})
	w := a.ask("POST", "/auth/api-keys", a.login, string(body), 201, `"key"`)
	var made struct{ ID, Key string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
		a.t.Fatal(err)
	}
	return "Bearer " + made.Key, made.ID
}

// edit changes Ada.
func (a *keyed) edit(change latchkey.Changes[Member]) {
	a.t.Helper()
	if _, err := a.Manager().Update(a.t.Context(), a.ada.ID, change); err != nil {
		a.t.Fatal(err)
	}
}

const readOnly = `{"name": "ci", "scopes": ["orders:read"]}`

// A key with every scope is refused by each route of every group, and by a
// handler without a scope; it opens what names one that it has.
func TestAttackK09(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	yes := true
	a.edit(latchkey.Changes[Member]{IsSuperuser: &yes})
	every, _ := a.make("orders:read", "orders:write")
	read, _ := a.make("orders:read")
	asked, public := 0, 0
	for name, group := range latchkey.AllGroups(a.Auth) {
		for _, route := range group {
			if route.Public && !route.Optional {
				public++
				continue
			}
			asked++
			want, code := http.StatusForbidden, core.CodeInsufficientScope
			if slices.ContainsFunc(route.Guards, func(g latchkey.Guard) bool { return !g.Allows("keys") }) {
				want, code = http.StatusUnauthorized, "Unauthorized" // of another backend alone
			}
			if w := send(httpauth.Handler(route), route.Method, every); w.Code != want ||
				!strings.Contains(w.Body.String(), code) {
				t.Errorf("K09 %s %s: %d %s", name, route.Name, w.Code, w.Body)
			}
		}
	}
	if asked < 30 || public < 10 {
		t.Errorf("only %d routes were asked, %d are public", asked, public)
	}
	a.ask("GET", "/plan", every, "", 403, core.CodeInsufficientScope)
	a.ask("GET", "/orders", read, "", 200, "")
	w := a.ask("POST", "/orders", read, "", 403, core.CodeInsufficientScope)
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="orders:write"` {
		t.Errorf("the challenge is %s", got)
	}
	a.ask("POST", "/orders", every, "", 200, "")
	a.ask("POST", "/orders", a.login, "", 200, "")
}

// Only a login that is fresh makes keys, and for its own user: neither nobody,
// nor a key, nor an old login, whatever the body says.
func TestAttackK01(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	eve := &Member{User: latchkey.User{Email: "eve@example.org", IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(t.Context(), eve, password); err != nil {
		t.Fatal(err)
	}
	forged := strings.ReplaceAll(`{"name": "ci", "scopes": ["orders:read"], "userId": "x", "user_id": "x", "owner": "x"}`,
		`"x"`, `"`+a.ada.ID+`"`)
	a.ask("POST", "/auth/api-keys", "", forged, 401, "")
	a.ask("POST", "/auth/api-keys", a.logIn("eve@example.org"), forged, 201, "")
	a.ask("GET", "/auth/api-keys", a.login, "", 200, "[]")
	key, id := a.make("orders:read", "orders:write")
	for _, route := range []string{
		"POST /auth/api-keys", "POST /auth/api-keys/" + id + "/rotate", "DELETE /auth/api-keys/" + id, "GET /auth/api-keys",
	} {
		method, path, _ := strings.Cut(route, " ")
		a.ask(method, path, key, readOnly, 403, core.CodeInsufficientScope)
		a.ask(method, path, "", readOnly, 401, "")
		if method == "POST" {
			a.clock.Advance(11 * time.Minute)
			a.ask(method, path, a.login, readOnly, 403, core.CodeProofRequired)
			a.login = a.logIn("ada@example.org")
		}
	}
	a.ask("GET", "/orders", key, "", 200, "")
	a.clock.Advance(11 * time.Minute)
	a.ask("DELETE", "/auth/api-keys/"+id, a.login, "", 204, "") // to end one needs no proof
	a.ask("GET", "/orders", key, "", 401, "")
}

// A read-only key of a superuser opens no route of administrators, and a scope
// adds no right that the key's user lacks.
func TestAttackK10(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) {
		o.RouteScopes = map[string]string{"users:current_user": "orders:read"}
	})
	yes, no := true, false
	a.edit(latchkey.Changes[Member]{IsSuperuser: &yes})
	a.login = a.logIn("ada@example.org")
	key, _ := a.make("orders:read")
	for _, admin := range []string{
		"GET /users", "GET /users/" + a.ada.ID, "PATCH /users/" + a.ada.ID, "DELETE /users/" + a.ada.ID,
	} {
		method, path, _ := strings.Cut(admin, " ")
		a.ask(method, path, key, "{}", 403, core.CodeInsufficientScope)
	}
	a.ask("GET", "/users", a.login, "", 200, "")
	a.ask("GET", "/reports", key, "", 200, "")
	a.ask("GET", "/users/me", key, "", 200, a.ada.ID)
	a.edit(latchkey.Changes[Member]{IsSuperuser: &no})
	a.ask("GET", "/reports", key, "", 403, "Forbidden")
}

// A reset by mail ends a user's keys, a new password of theirs does not, nor
// does the end of all other logins. Inactive, they have none.
func TestAttackK13(t *testing.T) {
	t.Parallel()
	reset := func(a *keyed) {
		t.Helper()
		a.ask("POST", "/auth/forgot-password", "", `{"email": "ada@example.org"}`, 202, "")
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.mails.mu.Lock()
		token := ""
		for _, m := range a.mails.mails { // among them are notices, in any order
			if m.Kind == core.MailReset {
				token = m.Token
			}
		}
		a.mails.mu.Unlock()
		a.ask("POST", "/auth/reset-password", "", `{"token": "`+token+`", "password": "`+password+`"}`, 200, "")
	}
	a := newKeyed(t, nil)
	key, _ := a.make("orders:read")
	another, no, yes := "another good password", false, true
	a.ask("DELETE", "/auth/sessions", a.login, "", 204, "")
	a.edit(latchkey.Changes[Member]{Password: &another})
	a.ask("GET", "/plan", a.login, "", 401, "")
	a.ask("GET", "/orders", key, "", 200, "")
	a.edit(latchkey.Changes[Member]{IsActive: &no})
	a.ask("GET", "/orders", key, "", 401, "")
	a.edit(latchkey.Changes[Member]{IsActive: &yes})
	a.ask("GET", "/orders", key, "", 200, "")
	reset(a)
	a.ask("GET", "/orders", key, "", 401, "")
	a.login = a.logIn("ada@example.org")
	a.ask("GET", "/auth/api-keys", a.login, "", 200, "[]")

	kept := newKeyed(t, func(_ *latchkey.Options[Member], k *apikey.Options) { k.KeepOnReset = true })
	key, _ = kept.make("orders:read")
	reset(kept)
	kept.ask("GET", "/orders", key, "", 200, "")

	// An account that nobody had verified is taken over without its keys.
	taken := newKeyed(t, func(_ *latchkey.Options[Member], k *apikey.Options) { k.KeepOnReset = true })
	key, _ = taken.make("orders:read")
	taken.edit(latchkey.Changes[Member]{IsVerified: &no})
	taken.ask("GET", "/orders", key, "", 200, "")
	reset(taken)
	taken.ask("GET", "/orders", key, "", 401, "")
}

// With its user a key is gone, in the store too.
func TestAKeyEndsWithItsUser(t *testing.T) {
	t.Parallel()
	var kept core.CredentialStore
	a := newKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) { kept = o.Credentials })
	key, _ := a.make("orders:read")
	a.ask("DELETE", "/users/me", a.login, "", 204, "")
	a.ask("GET", "/orders", key, "", 401, "")
	if all, err := kept.List(t.Context(), "", a.ada.ID); err != nil || len(all) > 0 {
		t.Errorf("%d credentials are left, %v", len(all), err)
	}
}

// A limit of a key's own is a 429 and no 401.
func TestALimitedKey(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, func(_ *latchkey.Options[Member], k *apikey.Options) {
		k.Limit, k.Limiter = core.Limit{Events: 2, Window: time.Minute}, memstore.NewLimiter(memstore.LimiterOptions{})
	})
	key, _ := a.make("orders:read")
	a.ask("GET", "/orders", key, "", 200, "")
	a.ask("GET", "/orders", key, "", 200, "")
	if w := a.ask("GET", "/orders", key, "", 429, core.CodeRateLimited); w.Header().Get("Retry-After") == "" {
		t.Error("a limit without Retry-After")
	}
	a.ask("GET", "/orders", a.login, "", 200, "")
}

func TestANoticeOfAKey(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	_, id := a.make("orders:read")
	a.ask("POST", "/auth/api-keys/"+id+"/rotate", a.login, "", 201, "")
	a.ask("DELETE", "/auth/api-keys/"+id, a.login, "", 204, "")
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.mails.mu.Lock()
	defer a.mails.mu.Unlock()
	if len(a.mails.mails) != 2 || a.mails.mails[0].Notice.What != notices.KeyMade {
		t.Errorf("%d mails, want two of keys that were made", len(a.mails.mails))
	}
}

func TestManagerAPIKeys(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, nil)
	ctx := t.Context()
	token, made, err := a.Manager().MakeAPIKey(ctx, a.ada.ID,
		apikey.Wanted{Name: "nightly", Scopes: []string{"orders:write"}, Lifetime: time.Hour})
	if err != nil || made.Name != "nightly" {
		t.Fatal(made, err)
	}
	a.ask("POST", "/orders", "Bearer "+token, "", 200, "")
	keys, err := a.Manager().APIKeys(ctx, a.ada.ID)
	if err != nil || len(keys) != 1 || keys[0].ID != made.ID {
		t.Errorf("%+v, %v", keys, err)
	}
	if err := a.Manager().EndAPIKey(ctx, a.ada.ID, made.ID); err != nil {
		t.Error(err)
	}
	a.ask("POST", "/orders", "Bearer "+token, "", 401, "")
	for what, err := range map[string]error{
		"an ended key":        a.Manager().EndAPIKey(ctx, a.ada.ID, made.ID),
		"nobody's key":        a.Manager().EndAPIKey(ctx, "nobody", made.ID),
		"a key of nobody":     thirdOf(a.Manager().MakeAPIKey(ctx, "nobody", apikey.Wanted{Name: "x", Scopes: []string{"orders:read"}})),
		"an impossible scope": thirdOf(a.Manager().MakeAPIKey(ctx, a.ada.ID, apikey.Wanted{Name: "x", Scopes: []string{"*"}})),
	} {
		want := core.ErrNotFound
		if what == "an impossible scope" {
			if !isInvalid(err) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if err != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	plain := newApp(t, nil)
	if _, err := plain.Manager().APIKeys(ctx, "1"); err == nil || !strings.Contains(err.Error(), "api-keys") {
		t.Errorf("without the flow: %v", err)
	}
}

func isInvalid(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && e.Status == http.StatusUnprocessableEntity
}

func thirdOf[A, B any](_ A, _ B, err error) error { return err }

// Keys that no backend would read are an error of New.
func TestKeysWithoutABackend(t *testing.T) {
	t.Parallel()
	_, err := makeKeyed(t, func(_ *latchkey.Options[Member], k *apikey.Options) { k.Backend = "api" })
	if err == nil || !strings.Contains(err.Error(), `no backend called "api" has its strategy`) {
		t.Errorf("another backend's name: %v", err)
	}
}

// A route is opened to keys by its name, those for the person alone never.
func TestRouteScopes(t *testing.T) {
	t.Parallel()
	a := newKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) {
		o.RouteScopes = map[string]string{"users:current_user": "orders:read", "users:patch_current_user": "orders:write"}
	})
	read, _ := a.make("orders:read")
	both, _ := a.make("orders:read", "orders:write")
	a.ask("GET", "/users/me", read, "", 200, a.ada.ID)
	a.ask("PATCH", "/users/me", read, `{"nick": "x"}`, 403, core.CodeInsufficientScope)
	a.ask("PATCH", "/users/me", both, `{"nick": "x"}`, 200, `"nick":"x"`)
	a.ask("PATCH", "/users/me", both, `{"password": "another good one", "current_password": "`+password+`"}`, 403, "")
	a.ask("PATCH", "/users/me", both, `{"email": "eve@example.org", "current_password": "`+password+`"}`, 403, "")
	a.ask("GET", "/auth/sessions", both, "", 403, core.CodeInsufficientScope)
	a.ask("GET", "/users/me", a.login, "", 200, "")

	// Each route alone: it is opened, or New says why not.
	var open []string
	for _, group := range latchkey.AllGroups(a.Auth) {
		for _, route := range group {
			_, err := makeKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) {
				o.RouteScopes = map[string]string{route.Name: "orders:read"}
			})
			switch {
			case err == nil:
				open = append(open, route.Name)
			case !strings.Contains(err.Error(), "Options.RouteScopes: the route "+route.Name):
				t.Errorf("%s: %v", route.Name, err)
			}
		}
	}
	slices.Sort(open)
	want := []string{
		"accounts:list", "auth:api.logout", "factors:list", "sessions:list", "users:current_user", "users:patch_current_user",
	}
	if !slices.Equal(open, want) {
		t.Errorf("what keys can be let in to:\n%q\nwant\n%q", open, want)
	}
	for name, scope := range map[string]string{
		"users:someone": "read", "users:current_user": "a b", "sessions:list": "",
	} {
		if _, err := makeKeyed(t, func(o *latchkey.Options[Member], _ *apikey.Options) {
			o.RouteScopes = map[string]string{name: scope}
		}); err == nil || !strings.Contains(err.Error(), "Options.RouteScopes: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s %q: %v", name, scope, err)
		}
	}
}
