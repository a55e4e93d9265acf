package latchkey_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
	// strategy of the backend "mobile"
	strategy core.Strategy

	mu     sync.Mutex
	now    time.Time
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

// ears hears of what happens.
type ears struct {
	core.Flow
	a *renewing
}

func (e ears) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (e ears) Name() string                                { return "ears" }
func (e ears) PerBackend() bool                            { return false }
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

func (a *renewing) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *renewing) advance(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

func newRenewing(t *testing.T, stateless bool, change func(*latchkey.Options[Member])) *renewing {
	t.Helper()
	a := &renewing{t: t, mails: &letters{}, now: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), mux: http.NewServeMux()}
	a.users = &failing{Users: memstore.NewUsers[Member]()}
	store := memstore.NewSessions(a.clock)
	strategy := func() core.Strategy {
		key, err := jwt.HS256("test", []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d"+
			"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38"))
		if err != nil {
			t.Fatal(err)
		}
		access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute, Now: a.clock})
		if err != nil {
			t.Fatal(err)
		}
		s, err := refresh.New(store, access, refresh.Options{Now: a.clock, Stateless: stateless})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cookies, err := cookie.New(cookie.Options{RefreshPath: "/auth/spa", Now: a.clock})
	if err != nil {
		t.Fatal(err)
	}
	a.strategy = strategy()
	tokens := bearer.New(bearer.Options{Now: a.clock})
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{
			{Name: "mobile", Transport: tokens, Strategy: a.strategy},
			{Name: "other", Transport: tokens, Strategy: strategy()},
			{Name: "spa", Transport: cookies, Strategy: strategy()},
		},
		Flows:   []latchkey.Flow{ears{a: a}, notices.Flow{}},
		Tickets: memstore.NewTickets(a.clock), Sender: a.mails, MailDelay: -1,
		BaseURL: "https://app.example.org", Hashers: []core.Hasher{fast("new")}, Now: a.clock,
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
	verified.Email, verified.EmailKey, verified.IsActive, verified.IsVerified = "ada@example.org", "ada@example.org", true, true
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

func TestRefresh(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := a.pair(a.login("mobile"))
	if first.Type != "bearer" || first.Expires != 600 {
		t.Errorf("got %+v", first)
	}
	if heard := a.heard(); heard != "login" {
		t.Errorf("heard %q", heard)
	}
	a.advance(20 * time.Minute)
	if status := a.me(first); status != 401 {
		t.Errorf("an access token that has expired: %d", status)
	}
	w := a.renew(first.Refresh)
	second := a.pair(w)
	if w.Header().Get("Cache-Control") != "no-store" || second.Refresh == first.Refresh || second.Expires != 600 {
		t.Errorf("got %+v %v", second, w.Header())
	}
	if status := a.me(second); status != 200 {
		t.Errorf("a new access token: %d", status)
	}
	again := a.pair(a.send("POST", "/auth/mobile/refresh", `{"refresh_token": "`+first.Refresh+`"}`))
	if again.Refresh != second.Refresh {
		t.Error("T04: a client to which the answer got lost gets another refresh token")
	}
	if heard := a.heard(); heard != "refused" {
		t.Errorf("heard %q, want the 401 alone: a renewal is no event", heard)
	}
}

func TestAttackT01(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := a.pair(a.login("mobile"))
	second := a.pair(a.renew(first.Refresh))
	a.advance(11 * time.Second)
	a.heard()
	a.wants("replayed", a.renew(first.Refresh), 401, unauthorized)
	a.wants("the present one afterwards", a.renew(second.Refresh), 401, unauthorized)
	if status := a.me(second); status != 401 {
		t.Errorf("its access token: %d", status)
	}
	if len(a.events) == 0 || a.events[0].Kind != core.EventSessionReused || a.events[0].Backend != "mobile" ||
		a.events[0].Target == "" || a.events[0].User.Base().Email != "ada@example.org" {
		t.Errorf("heard %+v", a.events)
	}
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(a.mails.mails) != 1 || a.mails.mails[0].Notice.What != notices.SessionReused {
		t.Errorf("mailed %+v", a.mails.mails)
	}
}

func TestAttackT05(t *testing.T) {
	for name, end := range map[string]func(a *renewing, p pair, ada *Member){
		"inactive": func(a *renewing, _ pair, ada *Member) {
			a.edit(ada.ID, func(m *Member) { m.IsActive = false })
		},
		"suspended": func(a *renewing, _ pair, ada *Member) {
			a.edit(ada.ID, func(m *Member) { m.SuspendedUntil = a.clock().Add(time.Hour) })
		},
		"unverified where that is required": func(a *renewing, _ pair, ada *Member) {
			a.edit(ada.ID, func(m *Member) { m.IsVerified = false })
		},
		"a new password, not cleaned up": func(a *renewing, _ pair, ada *Member) {
			a.edit(ada.ID, func(m *Member) { m.TokenEpoch++ })
		},
		"deleted": func(a *renewing, _ pair, ada *Member) {
			if err := a.users.Delete(t.Context(), ada.ID); err != nil {
				t.Fatal(err)
			}
		},
		"logged out": func(a *renewing, p pair, _ *Member) {
			a.wants("logout", a.send("POST", "/auth/mobile/logout", "", "Authorization", "Bearer "+p.Access), 204, "")
		},
		"revoked": func(a *renewing, p pair, _ *Member) {
			a.wants("revoke", a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh), 200, "null")
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRenewing(t, true, func(o *latchkey.Options[Member]) { o.RequireVerified = name[0] == 'u' })
			p, twin := a.pair(a.login("mobile")), a.pair(a.login("mobile"))
			ada, err := a.users.Find(t.Context(), core.ByEmail("ada@example.org"))
			if err != nil {
				t.Fatal(err)
			}
			twin = a.pair(a.renew(twin.Refresh))
			end(a, p, ada)
			w := a.renew(p.Refresh)
			a.wants(name, w, 401, unauthorized)
			if w.Header().Get("Set-Cookie") != "" {
				t.Error("a refusal clears cookies")
			}
			if strings.HasSuffix(name, "out") || name == "revoked" {
				a.wants("the other login", a.renew(twin.Refresh), 200, "")
			}
		})
	}
}

func (a *renewing) edit(id string, change func(*Member)) {
	a.t.Helper()
	if _, err := a.users.Update(a.t.Context(), id, func(m *Member) error { change(m); return nil }); err != nil {
		a.t.Fatal(err)
	}
}

func TestAttackT07(t *testing.T) {
	a := newRenewing(t, false, nil)
	p := a.pair(a.login("mobile"))
	a.wants("an access token as refresh token", a.renew(p.Access), 401, unauthorized)
	if status := a.me(pair{Access: p.Refresh}); status != 401 {
		t.Errorf("a refresh token as access token: %d", status)
	}
	a.wants("the twin", a.renew(p.Refresh), 200, "")
}

func TestAttackT08(t *testing.T) {
	a := newRenewing(t, false, nil)
	p := a.pair(a.login("mobile"))
	a.wants("at another backend", a.send("POST", "/auth/other/refresh", "refresh_token="+p.Refresh), 401, unauthorized)
	a.wants("ended at another backend", a.send("POST", "/auth/other/revoke", "token="+p.Refresh), 200, "null")
	a.wants("the twin", a.renew(p.Refresh), 200, "")
}

func TestAttackT13(t *testing.T) {
	a := newRenewing(t, false, nil)
	p := a.pair(a.login("mobile"))
	for range 3 {
		a.users.down = errors.New("connection refused")
		a.wants("without the users", a.renew(p.Refresh), 503, `{"detail":"SERVICE_UNAVAILABLE"}`)
		a.advance(time.Minute)
		a.users.down = nil
	}
	a.wants("afterwards", a.renew(p.Refresh), 200, "")
}

// The bodies that are wrong are said to be; none is a refusal of the token.
func TestRefreshBodies(t *testing.T) {
	a := newRenewing(t, false, nil)
	p := a.pair(a.login("mobile"))
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"refresh", "grant_type=refresh_token", 422},
		{"refresh", "grant_type=password&refresh_token=" + p.Refresh, 422},
		{"refresh", "refresh_token=" + p.Refresh + "&refresh_token=" + p.Refresh, 422},
		{"refresh", `{"refresh_token": 7}`, 422},
		{"refresh", `{"refresh_token": "a", "refresh_token": "b"}`, 422},
		{"refresh", "refresh_token=", 401},
		{"refresh", "", 415},
		{"refresh", "refresh_token=" + strings.Repeat("a", 1<<20), 413},
		{"refresh", "grant_type=&scope=x&refresh_token=" + p.Refresh, 200},
		{"revoke", "token_type_hint=refresh_token", 422},
		{"revoke", "token=unknown&token_type_hint=x", 200},
		{"revoke", `{"refresh_token": "unknown"}`, 200},
	} {
		if w := a.send("POST", "/auth/mobile/"+c.path, c.body); w.Code != c.status {
			t.Errorf("%s %.80s: got %d %s, want %d", c.path, c.body, w.Code, w.Body, c.status)
		}
	}
}

func TestRefreshLimit(t *testing.T) {
	a := newRenewing(t, false, func(o *latchkey.Options[Member]) {
		o.Limits.Refreshes = latchkey.Limit{Events: 2, Window: time.Minute}
	})
	p := a.pair(a.login("mobile"))
	p = a.pair(a.renew(p.Refresh))
	a.renew(p.Refresh)
	w := a.renew(p.Refresh)
	a.wants("the third", w, 429, `{"detail":"RATE_LIMITED"}`)
	if w.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	a.advance(time.Minute)
	a.wants("a minute later, with the same token", a.renew(p.Refresh), 200, "")
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

func TestRefreshByCookie(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := cookies(a.login("spa"))
	if len(first) != 2 || first[sessionCookie] == "" || !strings.HasPrefix(first[refreshCookie], "lkr_") {
		t.Fatalf("the login sets %v", first)
	}
	a.advance(time.Hour)
	w := a.send("POST", "/auth/spa/refresh", "", "Cookie", refreshCookie+"="+first[refreshCookie])
	second := cookies(w)
	if w.Code != 204 || len(second) != 2 || second[refreshCookie] == first[refreshCookie] {
		t.Fatalf("got %d %v", w.Code, second)
	}
	if w := a.send("GET", "/users/me", "", "Cookie", sessionCookie+"="+second[sessionCookie]); w.Code != 200 {
		t.Errorf("the new access token: %d", w.Code)
	}
	w = a.send("POST", "/auth/spa/logout", "", "Cookie", sessionCookie+"="+second[sessionCookie])
	if gone := cookies(w); w.Code != 204 || gone[sessionCookie] != "gone" || gone[refreshCookie] != "gone" {
		t.Errorf("logout: %d %v", w.Code, gone)
	}
	w = a.send("POST", "/auth/spa/refresh", "", "Cookie", refreshCookie+"="+second[refreshCookie])
	a.wants("after the logout", w, 401, unauthorized)
	if len(cookies(w)) != 0 {
		t.Errorf("the refusal sets %v: another tab may have renewed them", cookies(w))
	}
}

func TestAttackT15(t *testing.T) {
	a := newRenewing(t, false, nil)
	token := cookies(a.login("spa"))[refreshCookie]
	sent := refreshCookie + "=" + token
	cross := a.send("POST", "/auth/spa/refresh", "", "Cookie", sent, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	a.wants("cross-site", cross, 403, `{"detail":"CROSS_ORIGIN_REFUSED"}`)
	cross = a.send("POST", "/auth/spa/revoke", "", "Cookie", sent, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	a.wants("revoked cross-site", cross, 403, `{"detail":"CROSS_ORIGIN_REFUSED"}`)
	for _, path := range []string{"refresh", "revoke"} {
		twice := a.send("POST", "/auth/spa/"+path, "", "Cookie", sent+"; "+refreshCookie+"=tossed")
		a.wants("twice", twice, 400, `{"detail":"DUPLICATE_CREDENTIALS"}`)
		if cookies(twice)[refreshCookie] != "gone" {
			t.Error("the browser stays shut out")
		}
	}
	a.wants("in the body of a cookie backend", a.send("POST", "/auth/spa/refresh", "refresh_token="+token), 401, unauthorized)
	a.wants("a body that cannot be read, beside the cookie", a.send("POST", "/auth/spa/refresh", "{", "Cookie", sent), 204, "")
}

func TestAttackT16(t *testing.T) {
	a := newRenewing(t, false, nil)
	p, token := a.pair(a.login("mobile")), cookies(a.login("spa"))[refreshCookie]
	a.advance(time.Hour)
	a.heard()
	a.wants("logout with an expired token", a.send("POST", "/auth/mobile/logout", "", "Authorization", "Bearer "+p.Access), 401, "")
	a.heard()
	a.wants("revoke", a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh), 200, "null")
	w := a.send("POST", "/auth/spa/revoke", "", "Cookie", refreshCookie+"="+token)
	a.wants("revoke by cookie", w, 200, "null")
	if gone := cookies(w); gone[sessionCookie] != "gone" || gone[refreshCookie] != "gone" {
		t.Errorf("revoke leaves cookies: %v", gone)
	}
	if heard := a.heard(); heard != "logout logout" {
		t.Errorf("heard %q", heard)
	}
	a.wants("afterwards", a.renew(p.Refresh), 401, unauthorized)
	a.wants("again", a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh), 200, "null")
	if w := a.send("POST", "/auth/spa/revoke", ""); w.Code != 200 || cookies(w)[refreshCookie] != "gone" {
		t.Errorf("revoke without a cookie: %d %v", w.Code, cookies(w))
	}
}

// A new password in one tab, while another one renews: this login goes on with
// both of its tokens, all others end.
func TestAttackT17(t *testing.T) {
	for _, stateless := range []bool{false, true} {
		a := newRenewing(t, stateless, nil)
		own, other := a.pair(a.login("mobile")), a.pair(a.login("mobile"))
		w := a.send("PATCH", "/users/me", `{"password": "another password of hers", "current_password": "`+password+`"}`,
			"Authorization", "Bearer "+own.Access)
		a.wants("a new password", w, 200, "")
		if status := a.me(own); status != 200 {
			t.Errorf("stateless %t: the access token of this login: %d", stateless, status)
		}
		next := a.pair(a.renew(own.Refresh))
		if status := a.me(next); status != 200 {
			t.Errorf("stateless %t: the next access token of this login: %d", stateless, status)
		}
		a.wants("the other login", a.renew(other.Refresh), 401, unauthorized)
		if status := a.me(other); status != 401 {
			t.Errorf("stateless %t: the access token of the other login: %d", stateless, status)
		}
	}
}

// Who acts as somebody else does not renew that.
func TestAttackT19(t *testing.T) {
	a := newRenewing(t, false, nil)
	ada, err := a.users.Find(t.Context(), core.ByEmail("ada@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	for actor, status := range map[string]int{"root": 401, "": 200} {
		token, err := a.strategy.Issue(t.Context(), core.Login{
			User: ada, Session: core.Session{UserID: ada.ID, Backend: "mobile", Actor: actor},
		})
		if err != nil {
			t.Fatal(err)
		}
		a.wants("acted by "+actor, a.renew(token.Refresh), status, "")
	}
}

func TestNewChecksRefreshTokens(t *testing.T) {
	key, err := jwt.HS256("test", []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d"+
		"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38"))
	if err != nil {
		t.Fatal(err)
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	if err != nil {
		t.Fatal(err)
	}
	rotating, err := refresh.New(memstore.NewSessions(nil), access, refresh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path     string
		strategy core.Strategy
		want     string
	}{
		"no path":                {"", rotating, "RefreshPath"},
		"a path":                 {"/auth/web", rotating, ""},
		"a path and no strategy": {"/auth/web", access, "issues none"},
		"neither":                {"", access, ""},
	} {
		transport, err := cookie.New(cookie.Options{RefreshPath: c.path})
		if err != nil {
			t.Fatal(err)
		}
		_, err = latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
			Backends: []latchkey.Backend{{Name: "web", Transport: transport, Strategy: c.strategy}}, Hashers: cheap(),
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
