package trusted_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// app is an application whose users trust browsers.
type app struct {
	*factortest.App
	t *testing.T
}

func newApp(t *testing.T, f trusted.Flow, more ...latchkey.Flow) app {
	return app{factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows = append([]latchkey.Flow{totp.Flow{}, recovery.Flow{}, f}, more...)
	}), t}
}

// browser is one of a user with an app.
type browser struct {
	*factortest.Client
	a             app
	email, secret string
}

// enrolled returns a browser of a user who has just added an app.
func (a app) enrolled(email string) browser {
	c := a.Client("web")
	return browser{c, a, email, c.Enrol(email)}
}

// other returns another browser of the user, who is not logged in there.
func (b browser) other() browser {
	b.Client = b.a.Client("web")
	return b
}

// password logs in by the password, and expects the status.
func (b browser) password(status int) {
	b.a.t.Helper()
	b.Ask("/login", `{"email": "`+b.email+`", "password": "`+factortest.Password+`"}`, status, "")
}

// code goes on with a code of the app.
func (b browser) code() {
	b.a.t.Helper()
	factortest.Step()
	b.Ask("/totp", `{"code": "`+authtest.TOTP(b.a.t, b.secret)+`"}`, 204, "")
}

// trust trusts the browser, and returns its cookie.
func (b browser) trust() (cookie string) {
	b.a.t.Helper()
	w := b.Do(b.a, "POST", "/auth/web/trusted-devices", "")
	cookie, _, _ = strings.Cut(strings.Join(w.Header()["Set-Cookie"], ""), ";")
	if w.Code != 201 || !strings.HasPrefix(cookie, "__Host-latchkey-trusted=") {
		b.a.t.Fatalf("%d %s %v", w.Code, w.Body, w.Header())
	}
	return cookie
}

// kept are the browsers in the user's list.
func (b browser) kept() (all []map[string]any) {
	b.a.t.Helper()
	for _, f := range b.Factors() {
		if f["kind"] == "trusted" {
			all = append(all, f)
		}
	}
	return all
}

func TestTrust(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, trusted.Flow{})
		b := a.enrolled(factortest.Ada)
		b.Header.Set("User-Agent", firefox)
		w := b.Do(a, "POST", "/auth/web/trusted-devices", "")
		const attributes = "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
		if set := w.Header()["Set-Cookie"]; w.Code != 201 || len(set) != 1 || !strings.HasSuffix(set[0], attributes) {
			t.Fatalf("%d %s %q", w.Code, w.Body, set)
		}
		kept := b.kept()
		if len(kept) != 1 || kept[0]["label"] != "Firefox on Linux" || kept[0]["last_used_at"] != nil ||
			!strings.Contains(w.Body.String(), kept[0]["id"].(string)) {
			t.Fatalf("%v, %s", kept, w.Body)
		}
		time.Sleep(29 * 24 * time.Hour)
		b.password(204)
		if kept := b.kept(); len(kept) != 1 || kept[0]["last_used_at"] == nil {
			t.Errorf("after a login: %v", kept)
		}
		// What was spared is not proved.
		b.Send("DELETE", "/auth/factors/"+kept[0]["id"].(string), "", 403, core.CodeProofRequired)
		b.other().password(403)

		// A login prolongs nothing.
		time.Sleep(24*time.Hour - time.Second)
		b.password(204)
		time.Sleep(time.Second)
		b.password(403)
		b.code()
		if kept := b.kept(); len(kept) != 0 {
			t.Errorf("after 30 days: %v", kept)
		}
	})
}

func TestLabel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newApp(t, trusted.Flow{}).enrolled(factortest.Ada)
		b.Ask("/trusted-devices", `{"label": "`+strings.Repeat("é", 101)+`"}`, 422, "at most 200 bytes")
		b.Ask("/trusted-devices", `{"label": 1}`, 422, "string_type")
		b.Ask("/trusted-devices", `[]`, 422, "model_attributes_type")
		b.Ask("/trusted-devices", `{"label": "at work"}`, 201, "")
		if kept := b.kept(); len(kept) != 1 || kept[0]["label"] != "at work" {
			t.Errorf("%v", kept)
		}
		// Once more is the same browser.
		b.Header.Set("User-Agent", "a program of no name")
		b.Ask("/trusted-devices", `{}`, 201, "")
		if kept := b.kept(); len(kept) != 1 || kept[0]["label"] != "" {
			t.Errorf("%v", kept)
		}
		b.password(204)
	})
}

// The cookie alone is nothing, and of another user neither.
func TestAttackM70TheCookieIsNoProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, trusted.Flow{})
		a.User("eve@example.org")
		ada, eve := a.enrolled(factortest.Ada), a.enrolled("eve@example.org")
		cookie := ada.trust()
		with := func(b browser, cookie string) browser {
			b = b.other()
			b.Header.Set("Cookie", cookie)
			return b
		}
		with(ada, cookie).Me(401)
		secret := strings.TrimPrefix(cookie, "__Host-latchkey-trusted=")
		with(ada, "__Host-latchkey="+secret).Me(401)
		thief := with(ada, cookie)
		thief.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "a wrong one"}`, 400, core.CodeLoginBadCredentials)
		thief.Ask("/login/pending", `{"pending": "`+secret+`"}`, 400, core.CodeLoginBadCredentials)
		thief.Ask("/totp", `{"code": "000000"}`, 400, core.CodeLoginBadCredentials)
		with(eve, cookie).password(403) // with Ada's
		with(ada, "__Host-latchkey-pending="+secret).password(403)
		with(ada, cookie+"; "+cookie).password(403)
		with(ada, cookie[:len(cookie)-1]).password(403)
		bearer := ada.other()
		bearer.Client = a.Client("api")
		bearer.Header.Set("Cookie", cookie)
		bearer.password(403) // another backend's
		with(ada, cookie).password(204)
	})
}

// M71: the trust ends with what it was given under.
func TestAttackM71TheTrustEnds(t *testing.T) {
	t.Parallel()
	type manager = latchkey.Manager[factortest.Member]
	change := func(c latchkey.Changes[factortest.Member]) func(context.Context, *manager, browser) {
		return func(ctx context.Context, m *manager, b browser) {
			u, err := m.FindByEmail(ctx, b.email)
			if err == nil {
				_, err = m.Update(ctx, u.ID, c)
			}
			if err != nil {
				b.a.t.Error(err)
			}
		}
	}
	for name, end := range map[string]func(context.Context, *manager, browser){
		"twin: nothing":            func(context.Context, *manager, browser) {},
		"twin: a logout":           func(_ context.Context, _ *manager, b browser) { b.Ask("/logout", "", 204, "") },
		"twin: new recovery codes": func(_ context.Context, _ *manager, b browser) { b.Ask("/recovery-codes", "", 200, "") },
		"twin: a new name": func(_ context.Context, _ *manager, b browser) {
			b.Send("PATCH", "/auth/factors/"+b.kept()[0]["id"].(string), `{"label": "x"}`, 200, "")
		},
		"its removal": func(_ context.Context, _ *manager, b browser) {
			b.Send("DELETE", "/auth/factors/"+b.kept()[0]["id"].(string), "", 204, "")
		},
		"a new password":              change(latchkey.Changes[factortest.Member]{Password: new(factortest.Password)}),
		"the end of all other logins": func(_ context.Context, _ *manager, b browser) { b.Send("DELETE", "/auth/sessions", "", 204, "") },
		"a deactivation": func(ctx context.Context, m *manager, b browser) {
			change(latchkey.Changes[factortest.Member]{IsActive: new(false)})(ctx, m, b)
			change(latchkey.Changes[factortest.Member]{IsActive: new(true)})(ctx, m, b)
		},
		"an administrator removes it": func(ctx context.Context, m *manager, b browser) {
			u, err := m.FindByEmail(ctx, b.email)
			if err == nil {
				err = m.RemoveFactor(ctx, u.ID, b.kept()[0]["id"].(string))
			}
			if err != nil {
				b.a.t.Error(err)
			}
		},
		"30 days": func(context.Context, *manager, browser) { time.Sleep(30 * 24 * time.Hour) },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newApp(t, trusted.Flow{}).enrolled(factortest.Ada)
			b.trust()
			end(t.Context(), b.a.Manager(), b)
			if strings.HasPrefix(name, "twin") {
				b.password(204)
				return
			}
			b.password(403)
			b.code()
			if kept := b.kept(); len(kept) != 0 {
				t.Errorf("%s: the list has %v", name, kept)
			}
		})
	}
}

// M71: with the app goes what it has proved, also where another one takes its
// place.
func TestAttackM71AnotherApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newApp(t, trusted.Flow{}).enrolled(factortest.Ada)
		cookie := b.trust()
		for _, f := range b.Factors() {
			if f["kind"] == "totp" {
				b.Send("DELETE", "/auth/factors/"+f["id"].(string), "", 204, "")
			}
		}
		if kept := b.kept(); len(kept) != 0 {
			t.Errorf("what stood in for the app is left: %v", kept)
		}
		b.Ask("/trusted-devices", "", 409, core.CodeNoFactor)
		b.secret = b.Enrol(factortest.Ada)
		thief := b.other()
		thief.Header.Set("Cookie", cookie)
		thief.password(403)
		b.password(403)
		b.code()
		b.trust()
		b.password(204)
	})
}

// M72: a browser is trusted by a login that has proved the factor just now.
func TestAttackM72WhoMayTrust(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, trusted.Flow{})
		b := a.enrolled(factortest.Ada)
		codes := b.Ask("/recovery-codes", "", 200, "")["codes"].([]any)
		b.trust()
		const refused = `{"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp"]}}`

		b.password(204) // spared
		b.Ask("/trusted-devices", "", 403, `"PROOF_REQUIRED"`)

		other := b.other()
		other.Ask("/trusted-devices", "", 401, "")
		other.password(403)
		other.Ask("/recovery", fmt.Sprintf(`{"code": %q}`, codes[0]), 204, "")
		other.Ask("/trusted-devices", "", 403, refused)
		factortest.Step()
		other.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, b.secret)+`"}`, 204, "")
		other.trust()

		// A password of now makes no code of an hour ago fresh.
		stale := b.other()
		stale.password(403)
		stale.code()
		time.Sleep(time.Hour)
		stale.Ask("/trusted-devices", "", 403, core.CodeProofRequired)
		stale.Ask("/prove/password", `{"password": "`+factortest.Password+`"}`, 204, "")
		stale.Send("PATCH", "/auth/factors/"+stale.kept()[0]["id"].(string), `{"label": "x"}`, 200, "")
		stale.Ask("/trusted-devices", "", 403, refused)

		c := a.Client("api")
		c.Second(c.First(factortest.Ada), authtest.TOTP(t, b.secret))
		c.Send("POST", "/auth/api/trusted-devices", "", 404, "") // a bearer backend has no browsers
		c.Send("POST", "/auth/web/trusted-devices", "", 401, "")
	})
}

// Nobody trusts a browser who has no factor, and nothing spares the enrolment
// of one that is required (M38).
func TestAttackM38NoEnrolmentIsSpared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, trusted.Flow{})
		b := a.enrolled(factortest.Ada)
		b.trust()
		if _, err := a.Manager().RemoveFactors(t.Context(), a.Ada.ID); err != nil {
			t.Fatal(err)
		}
		b.password(204)
		b.Ask("/trusted-devices", "", 409, core.CodeNoFactor)
		a.Restart(func(o *latchkey.Options[factortest.Member]) {
			o.RequireFactor = func(context.Context, *factortest.Member) (bool, error) { return true, nil }
		})
		b.Ask("/login", `{"email": "`+b.email+`", "password": "`+factortest.Password+`"}`, 403, core.CodeLoginEnrolment)
	})
}

func TestMaxPerUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newApp(t, trusted.Flow{MaxPerUser: 2}).enrolled(factortest.Ada)
		b.trust()
		var browsers []browser
		for range 2 {
			other := b.other()
			other.password(403)
			other.code()
			other.trust()
			browsers = append(browsers, other)
		}
		if kept := b.kept(); len(kept) != 2 {
			t.Errorf("%d browsers are trusted", len(kept))
		}
		browsers[0].password(204)
		browsers[1].password(204)
		b.password(403)
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, f := range []trusted.Flow{
		{Lifetime: time.Minute}, {Lifetime: -1}, {Lifetime: 401 * 24 * time.Hour}, {MaxPerUser: -1}, {MaxPerUser: 101},
	} {
		o := authtest.Options(t, latchkey.Options[factortest.Member]{Flows: []latchkey.Flow{totp.Flow{}, f}})
		o.Credentials = nil
		_, err := latchkey.New(memstore.NewUsers[factortest.Member](), o)
		for _, part := range []string{"flow trusted needs Options.Credentials", "flow trusted: "} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%+v: %v, want %q", f, err, part)
			}
		}
	}
}
