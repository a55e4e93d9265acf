package latchkey_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

func TestRefresh(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := a.pair(a.login("mobile"))
	if first.Type != "bearer" || first.Expires != 600 {
		t.Errorf("got %+v", first)
	}
	if heard := a.heard(); heard != "login" {
		t.Errorf("heard %q", heard)
	}
	a.clock.Advance(20 * time.Minute)
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

// A login with "remember": false, and what renews it, ends with the browser,
// after two hours without a renewal, and a day later.
func TestRefreshOfABriefLogin(t *testing.T) {
	a := newRenewing(t, false, nil)
	brief := func(backend string) *httptest.ResponseRecorder {
		return a.send("POST", "/auth/"+backend+"/login",
			`{"email": "ada@example.org", "password": "`+password+`", "remember": false}`)
	}
	renewSpa := func(token string) *httptest.ResponseRecorder {
		return a.send("POST", "/auth/spa/refresh", "", "Cookie", refreshCookie+"="+token)
	}
	w := brief("spa")
	mine, idle := a.pair(brief("mobile")), a.pair(brief("mobile"))
	for range 12 {
		lines := 0
		for _, c := range w.Result().Cookies() {
			if c.Name != sessionCookie && c.Name != refreshCookie {
				continue
			}
			if lines++; c.MaxAge != 0 || !c.Expires.IsZero() {
				t.Errorf("the browser keeps %s", c)
			}
		}
		if lines != 2 {
			t.Fatalf("got %d %s with %d cookies", w.Code, w.Body, lines)
		}
		a.clock.Advance(2*time.Hour - time.Second)
		token := cookies(w)[refreshCookie]
		if w = renewSpa(token); w.Code == 401 {
			t.Fatal("it ends within two hours")
		}
		mine = a.pair(a.renew(mine.Refresh))
	}
	a.wants("two hours without a renewal", a.renew(idle.Refresh), 401, unauthorized)
	a.clock.Advance(time.Minute)
	a.wants("a day after the login", a.renew(mine.Refresh), 401, unauthorized)
	a.wants("a day after the login", renewSpa(cookies(w)[refreshCookie]), 401, unauthorized)
	long := a.pair(a.login("mobile"))
	a.clock.Advance(25 * time.Hour)
	a.wants("any other login", a.renew(long.Refresh), 200, "")
}

// A step-up has tokens of its own, which live no longer than the login.
func TestT21RefreshAfterStepUp(t *testing.T) {
	a := newRenewing(t, false, func(o *latchkey.Options[Member]) { o.StepUpGrace = -1 })
	before := a.pair(a.login("mobile"))
	a.clock.Advance(5 * time.Minute)
	after := a.pair(a.send("POST", "/auth/mobile/prove/password", `{"password": "`+password+`"}`,
		"Authorization", "Bearer "+before.Access))
	a.wants("the refresh token of before", a.renew(before.Refresh), 401, unauthorized)
	after = a.pair(a.renew(after.Refresh))
	if status := a.me(after); status != 200 {
		t.Errorf("the renewed step-up: %d", status)
	}
	for range 6 {
		a.clock.Advance(15*24*time.Hour - time.Hour)
		after = a.pair(a.renew(after.Refresh))
	}
	a.clock.Advance(6 * time.Hour)
	a.wants("90 days after the login", a.renew(after.Refresh), 401, unauthorized)
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
	a.clock.Advance(time.Minute)
	a.wants("a minute later, with the same token", a.renew(p.Refresh), 200, "")
}

// A login that is not ended for the number of requests goes on, with its
// cookies.
func TestRevokeLimit(t *testing.T) {
	a := newRenewing(t, false, func(o *latchkey.Options[Member]) {
		o.Limits.SessionEnds = latchkey.Limit{Events: 1, Window: time.Minute}
	})
	p := a.pair(a.login("mobile"))
	a.wants("the first", a.send("POST", "/auth/mobile/revoke", "token=unknown"), 200, "null")
	w := a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh)
	a.wants("the second", w, 429, `{"detail":"RATE_LIMITED"}`)
	if w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("its headers are %v", w.Header())
	}
	a.wants("the login goes on", a.renew(p.Refresh), 200, "")
	a.clock.Advance(time.Minute)
	a.wants("a minute later", a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh), 200, "null")
	a.wants("it has ended", a.renew(p.Refresh), 401, unauthorized)
}

func TestRefreshByCookie(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := cookies(a.login("spa"))
	if len(first) != 3 || first[sessionCookie] == "" || first[sessionCookie+"-known"] == "" ||
		!strings.HasPrefix(first[refreshCookie], "lkr_") {
		t.Fatalf("the login sets %v", first)
	}
	a.clock.Advance(time.Hour)
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

// An access token of more than an hour beside a refresh token is worth a
// warning, wherever else it is fine.
func TestNewWarnsOfLongAccessTokens(t *testing.T) {
	key, err := jwt.HS256("test", []byte("\x8f\x13\xe2\x9c\x5a\x07\xd4\x61\xbb\x2e\x90\x4f\xc8\x35\x7a\x1d"+
		"\xe6\x58\x03\xaf\x72\xd9\x44\x8b\x16\xf0\x6c\x25\x9e\x51\xca\x38"))
	check(t, err, nil)
	for _, c := range []struct {
		lifetime time.Duration
		renews   bool
		warns    string
	}{
		{time.Hour, true, ""},
		{61 * time.Minute, true, "backend=mobile lifetime=1h1m0s"},
		{24 * time.Hour, false, ""},
	} {
		access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: c.lifetime})
		check(t, err, nil)
		var strategy core.Strategy = access
		if c.renews {
			strategy, err = refresh.New(memstore.NewSessions(nil), access, refresh.Options{})
			check(t, err, nil)
		}
		var log strings.Builder
		_, err = latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
			Backends: []latchkey.Backend{{Name: "mobile", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
			Hashers:  cheap(), Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		check(t, err, nil)
		if said := log.String(); (said != "") != (c.warns != "") || !strings.Contains(said, c.warns) {
			t.Errorf("%v, renewed %t: the log has %q, want %q", c.lifetime, c.renews, said, c.warns)
		}
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
			Backends: []latchkey.Backend{{Name: "web", Transport: transport,
				Strategy: c.strategy}}, Hashers: cheap(),
		})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
