package latchkey_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
)

func TestAttackT01(t *testing.T) {
	a := newRenewing(t, false, nil)
	first := a.pair(a.login("mobile"))
	second := a.pair(a.renew(first.Refresh))
	a.clock.Advance(11 * time.Second)
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
			a.edit(ada.ID, func(m *Member) { m.SuspendedUntil = a.clock.Now().Add(time.Hour) })
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
			a.wants("logout", a.send("POST", "/auth/mobile/logout", "", "Authorization",
				"Bearer "+p.Access), 204, "")
		},
		"revoked": func(a *renewing, p pair, _ *Member) {
			a.wants("revoke", a.send("POST", "/auth/mobile/revoke", "token="+p.Refresh), 200, "null")
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newRenewing(t, true,
				func(o *latchkey.Options[Member]) { o.RequireVerified = name[0] == 'u' })
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
	a.wants("at another backend", a.send("POST", "/auth/other/refresh", "refresh_token="+p.Refresh), 401,
		unauthorized)
	a.wants("ended at another backend", a.send("POST", "/auth/other/revoke", "token="+p.Refresh), 200, "null")
	a.wants("the twin", a.renew(p.Refresh), 200, "")
}

func TestAttackT13(t *testing.T) {
	a := newRenewing(t, false, nil)
	p := a.pair(a.login("mobile"))
	for range 3 {
		a.users.down = errors.New("connection refused")
		a.wants("without the users", a.renew(p.Refresh), 503, `{"detail":"SERVICE_UNAVAILABLE"}`)
		a.clock.Advance(time.Minute)
		a.users.down = nil
	}
	a.wants("afterwards", a.renew(p.Refresh), 200, "")
}

func TestAttackT15(t *testing.T) {
	a := newRenewing(t, false, nil)
	token := cookies(a.login("spa"))[refreshCookie]
	sent := refreshCookie + "=" + token
	cross := a.send("POST", "/auth/spa/refresh", "", "Cookie", sent, "Sec-Fetch-Site", "cross-site",
		"Origin", "https://evil.example")
	a.wants("cross-site", cross, 403, `{"detail":"CROSS_ORIGIN_REFUSED"}`)
	cross = a.send("POST", "/auth/spa/revoke", "", "Cookie", sent, "Sec-Fetch-Site", "cross-site",
		"Origin", "https://evil.example")
	a.wants("revoked cross-site", cross, 403, `{"detail":"CROSS_ORIGIN_REFUSED"}`)
	for _, path := range []string{"refresh", "revoke"} {
		twice := a.send("POST", "/auth/spa/"+path, "", "Cookie", sent+"; "+refreshCookie+"=tossed")
		a.wants("twice", twice, 400, `{"detail":"DUPLICATE_CREDENTIALS"}`)
		if cookies(twice)[refreshCookie] != "gone" {
			t.Error("the browser stays shut out")
		}
	}
	a.wants("in the body of a cookie backend", a.send("POST", "/auth/spa/refresh", "refresh_token="+token),
		401, unauthorized)
	a.wants("a body that cannot be read, beside the cookie", a.send("POST", "/auth/spa/refresh", "{",
		"Cookie", sent), 204, "")
}

func TestAttackT16(t *testing.T) {
	a := newRenewing(t, false, nil)
	p, token := a.pair(a.login("mobile")), cookies(a.login("spa"))[refreshCookie]
	a.clock.Advance(time.Hour)
	a.heard()
	a.wants("logout with an expired token", a.send("POST", "/auth/mobile/logout", "", "Authorization",
		"Bearer "+p.Access), 401, "")
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

// A new password, or a new address, in one tab, while another one renews: this
// login goes on with both of its tokens. A new password ends all others.
func TestAttackT17(t *testing.T) {
	for change, others := range map[string]int{
		`"password": "another password of hers"`: 401, `"email": "lovelace@example.org"`: 200,
	} {
		t.Run(change, func(t *testing.T) { changed(t, change, others) })
	}
}

func changed(t *testing.T, change string, others int) {
	t.Helper()
	for _, stateless := range []bool{false, true} {
		a := newRenewing(t, stateless, nil)
		own, other := a.pair(a.login("mobile")), a.pair(a.login("mobile"))
		w := a.send("PATCH", "/users/me", `{`+change+`, "current_password": "`+password+`"}`,
			"Authorization", "Bearer "+own.Access)
		a.wants("the change", w, 200, "")
		if status := a.me(own); status != 200 {
			t.Errorf("stateless %t: the access token of this login: %d", stateless, status)
		}
		next := a.pair(a.renew(own.Refresh))
		if status := a.me(next); status != 200 {
			t.Errorf("stateless %t: the next access token of this login: %d", stateless, status)
		}
		a.wants("the other login", a.renew(other.Refresh), others, "")
		if status := a.me(other); status != others {
			t.Errorf("stateless %t: the access token of the other login: %d", stateless, status)
		}
	}
}

// Between a new password and the end of the other logins lies another request
// to the store, which may be another server. A renewal in between waits for it:
// it is not refused for what is about to be carried on.
func TestAttackT17InBetween(t *testing.T) {
	for _, own := range []bool{true, false} {
		a := newRenewing(t, false, nil)
		mine, other := a.pair(a.login("mobile")), a.pair(a.login("mobile"))
		between, asked := make(chan struct{}), make(chan struct{})
		a.ending = sync.OnceFunc(func() {
			close(between)
			<-asked
		})
		var done sync.WaitGroup
		done.Go(func() {
			a.wants("the change", a.send("PATCH", "/users/me",
				`{"password": "another password of hers", "current_password": "`+password+`"}`,
				"Authorization", "Bearer "+mine.Access), 200, "")
		})
		<-between
		times, goOn := 0, sync.OnceFunc(func() { close(asked) })
		a.found = func() {
			if times++; times == 3 {
				goOn()
			}
		}
		if own {
			a.wants("the renewal of this login", a.renew(mine.Refresh), 200, "")
		} else {
			a.wants("the renewal of another login", a.renew(other.Refresh), 401, unauthorized)
		}
		goOn()
		done.Wait()
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
