package contract_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

const unavailable = "503 SERVICE_UNAVAILABLE"

func TestAttackF01DownAtTheStart(t *testing.T) {
	for _, store := range []string{"users", "sessions", "tickets", "limiter"} {
		onEveryStore(t, func(a *app, _ *options) { a.begin(store) }, func(t *testing.T, a *app) {
			login := form("username", "f01@example.org", "password", password)
			route := map[string]string{"users": "POST /auth/jwt/login ", "sessions": "GET /users/me ", "tickets": verifyRoute,
				"limiter": "POST /auth/cookie/login "}[store]
			opaque := credential("session", strings.Repeat("A", core.SecretLen))
			a.attack(t, "F01 "+store+" down at the start", route+unavailable, opaque,
				members(object{"username": "f01@example.org", "password": password, "token": "x"}))
			a.end()
			a.want(t, registerRoute+"201 (twin, without a restart)", registration("f01@example.org"))
			mine := credential("cookie", a.want(t, "POST /auth/cookie/login 204 (twin)", login).cookie(t).Value)
			a.want(t, badVerify+" (twin)", proof("x"))
			for range 3 {
				a.begin("users.Update")
				a.wantUnchanged(t, func() {
					a.attack(t, "F01 down in the middle of a change", "PATCH /users/me "+unavailable, mine,
						members(object{"full_name": "x", "password": another}))
				})
				a.end()
			}
			a.want(t, "PATCH /users/me 200 (twin)", mine, text(`{"full_name": "x"}`))
		})
	}
}

// TestAttackF01DriverErrors takes the tables away, so that the errors are a
// real driver's.
func TestAttackF01DriverErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broken.sqlite")
	var log journal
	a := newApp(t, onServeMux,
		func(t *testing.T, now func() time.Time) stores { return onSQLite(t, file, bunstore.Options{Now: now}) },
		func(_ *app, o *options) { o.Log = log.logger() })
	u := a.user(t)
	var mine []option
	for _, backend := range backends {
		mine = append(mine, a.login(t, backend, u))
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rename := func(prefix, to string) {
		t.Helper()
		for _, table := range rows(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '"+prefix+"%'") {
			if _, err := db.ExecContext(t.Context(), `ALTER TABLE "`+string(table)+`" RENAME TO "`+to+
				strings.TrimPrefix(string(table), prefix)+`"`); err != nil {
				t.Fatal(err)
			}
		}
	}
	rename("latchkey_", "gone_")
	for _, line := range []string{
		"POST /auth/jwt/login ", "POST /auth/cookie/login ", registerRoute, asks["reset"], asks["verify"], resetRoute, verifyRoute, "GET /users/me ", "PATCH /users/me ", "GET /auth/sessions ",
	} {
		got := a.attack(t, "F01 L05 without the tables, "+line, line+unavailable, append(mine[1:2:2],
			members(object{"username": u.Email, "email": "f01@example.org", "password": password, "token": "x"}))...)
		for _, word := range []string{"SQL", "sql", "table", "latchkey_"} {
			if strings.Contains(got.body, word) {
				t.Errorf("L05: %s shows %s", line, got.body)
			}
		}
	}
	if !strings.Contains(log.String(), "no such table") {
		t.Error("twin: the operator is not told the cause")
	}
	rename("gone_", "latchkey_")
	for _, credential := range mine {
		a.want(t, "GET /users/me 200 (twin, without a restart)", credential).wantUser(t, u)
	}
}

// late loses the acknowledgement of the first Create, after it was done.
type late struct {
	core.UserStore[Account]
	lost atomic.Bool
}

func (s *late) Unwrap() any { return s.UserStore }
func (s *late) Create(ctx context.Context, u *Account) error {
	err := s.UserStore.Create(ctx, u)
	if err == nil && s.lost.CompareAndSwap(false, true) {
		return errors.New("the connection was lost before the commit was acknowledged")
	}
	return err
}

func TestAttackF02UnknownOutcome(t *testing.T) {
	onEveryStore(t, func(a *app, _ *options) { a.kept.users = &late{UserStore: a.kept.users} },
		func(t *testing.T, a *app) {
			a.attack(t, "F02 a registration whose outcome is unknown", registerRoute+unavailable,
				registration("f02@example.org"))
			a.attack(t, "F02 tried again", taken, registration("F02@example.org"))
			a.want(t, "POST /auth/jwt/login 200 (twin, the account works)",
				form("username", "f02@example.org", "password", password))
			if page, _, err := a.kept.users.List(t.Context(), core.Query{Email: "f02@", Limit: 10}); err != nil ||
				len(page) != 1 {
				t.Errorf("F02: %d accounts, %v", len(page), err)
			}
		})
}

func TestAttackF14Mails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"fails":  func() error { return errors.New("the mail server is down") },
		"panics": func() error { panic("the sender is broken") },
	} {
		var attempts per[atomic.Int64]
		with := func(a *app, o *options) {
			o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
				if attempts.of(a).Add(1) == 1 {
					return fail()
				}
				return a.mails.Send(ctx, m)
			})
		}
		onEveryStore(t, with, func(t *testing.T, a *app) {
			u := a.user(t)
			t.Run("F14 a mail whose first attempt "+name+" is sent again", func(t *testing.T) {
				a.want(t, resetRoute+"200 (twin)", fresh(a.asked(t, "reset", u)))
				if n := attempts.of(a).Load(); n != 2 {
					t.Errorf("%d attempts, want 2", n)
				}
			})
		})
	}
}

func TestAttackF16Clock(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		opaque := map[string]option{"cookie": a.login(t, "cookie", u), "session": a.login(t, "session", u)}
		jwt := a.login(t, "jwt", u)
		alive := func(name string) {
			t.Helper()
			for backend, mine := range opaque {
				a.attack(t, "F16 "+name+", "+backend, "GET /users/me 200", mine)
			}
		}
		a.pass(-time.Hour)
		alive("an hour back")
		a.attack(t, "F16 an hour back: a JWT from the future waits until then", "GET /users/me 401", jwt)
		reset := a.asked(t, "reset", a.user(t))
		a.pass(time.Hour)
		a.attack(t, "F16 back and forth, jwt", "GET /users/me 200", jwt)
		a.attack(t, "F16 a reset token made while the clock was behind lives no longer", badReset, fresh(reset))
		a.pass(time.Hour)
		alive("an hour forward")
		a.attack(t, "F16 an hour forward: a JWT ends as it says", "GET /users/me 401", jwt)
		for range 60 { // a clock that steps back and forth, and gains half an hour every time
			a.pass(time.Hour)
			a.pass(-30 * time.Minute)
		}
		alive("steps")
		for range 28 {
			a.pass(day)
			for _, mine := range opaque {
				a.send(t, "GET", "/users/me", mine)
			}
		}
		a.pass(day)
		for backend, mine := range opaque {
			a.attack(t, "F16 no session is longer than the absolute limit, "+backend, "GET /users/me 401", mine)
		}
		a.want(t, "GET /users/me 200 (twin)", a.login(t, "jwt", u))
	})
}

func TestAttackF22TwoNodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shared.sqlite")
	open := func(t *testing.T, now func() time.Time) stores { return onSQLite(t, file, bunstore.Options{Now: now}) }
	one, other := newApp(t, onServeMux, open, nil), newApp(t, onChi, open, nil)
	u := one.user(t)
	mine := one.login(t, "cookie", u)
	other.attack(t, "F22 migrations ran twice, and both nodes serve one database", "GET /users/me 200", mine).wantUser(t,
		u)
	other.want(t, "POST /auth/cookie/logout 204", mine)
	one.attack(t, "F22 S02 a logout at one node counts at the other", "GET /users/me 401", mine)
}

func TestAttackF23HalfWritten(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		var mine []option
		for _, backend := range backends {
			mine = append(mine, a.login(t, backend, u))
		}
		reset, verify := a.asked(t, "reset", u), a.asked(t, "verify", u)
		// behind the application's back: nothing else is cleaned up
		if err := a.kept.users.Delete(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		for i, backend := range backends {
			a.attack(t, "F23 a session without its user, "+backend, "GET /users/me 401", mine[i])
		}
		a.attack(t, "F23 a reset token without its user", badReset, fresh(reset))
		a.attack(t, "F23 a verify token without its user", badVerify, proof(verify))
		bare := a.user(t)
		a.edit(t, bare, func(u *Account) { u.HashedPassword = "" })
		a.attack(t, "F23 a user without a credential", badLogin, form("username", bare.Email, "password", password))
		a.want(t, registerRoute+"201 (twin, the address is free)", registration(u.Email))
		a.want(t, resetRoute+"200 (twin)", fresh(a.asked(t, "reset", bare)))
	})
}

func TestAttackF25LimiterDown(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		mine := a.login(t, "cookie", u)
		other := a.user(t)
		token := a.asked(t, "reset", other)
		a.begin("limiter")
		for _, backend := range backends {
			for name, guess := range map[string]string{"right": password, "wrong": another} {
				a.attack(t, "F25 the limiter is down, "+name+" password, "+backend, "POST /auth/"+backend+"/login "+unavailable,
					form("username", u.Email, "password", guess))
			}
		}
		if _, err := a.Manager().Authenticate(t.Context(), u.Email, password); !errors.Is(err, core.Unavailable(nil)) {
			t.Errorf("F25 outside HTTP: %v", err)
		}
		if n := a.hasher.verified.Load(); n != 1 { // the login before
			t.Errorf("F25: %d passwords were looked at, want 1", n)
		}
		a.want(t, "GET /users/me 200 (twin, who is logged in stays)", mine)
		a.want(t, resetRoute+"200 (twin, a reset works without)", fresh(token))
		for _, route := range asks {
			a.attack(t, "F25 the limiter is down, "+route, route+unavailable, members(object{"email": u.Email}))
		}
		a.attack(t, "F25 the limiter is down, a registration", "POST /auth/register "+unavailable,
			members(object{"email": "new@example.org", "password": password}))
		a.end()
		a.want(t, "POST /auth/cookie/login 204 (twin)", form("username", u.Email, "password", password))
	})
}
