package attacks_test

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
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

const day = 24 * time.Hour

const unavailable = "503 SERVICE_UNAVAILABLE"

func TestAttackF01DownAtTheStart(t *testing.T) {
	for _, store := range []string{"users", "sessions", "tickets", "limiter"} {
		harness.OnEveryStore(t, func(a *harness.App, _ *harness.Options) { a.Break(store) },
			func(t *testing.T, a *harness.App) {
				login := harness.LoginForm("f01@example.org", harness.Password)
				route := map[string]string{"users": "POST /auth/jwt/login ", "sessions": "GET /users/me ",
					"tickets": harness.VerifyRoute,
					"limiter": "POST /auth/cookie/login "}[store]
				opaque := harness.Credential("session", strings.Repeat("A", core.SecretLen))
				a.Want(t, route+unavailable, harness.Case("F01 "+store+" down at the start"), opaque,
					harness.JSONObject(harness.Object{"username": "f01@example.org", "password": harness.Password, "token": "x"}))
				a.Mend()
				a.Want(t, registerRoute+"201 (twin, without a restart)", registration("f01@example.org"))
				mine := harness.Credential("cookie", a.Want(t, "POST /auth/cookie/login 204 (twin)", login).Cookie(t).Value)
				a.Want(t, badVerify+" (twin)", harness.VerifyBody("x"))
				for range 3 {
					a.Break("users.Update")
					wantUnchanged(t, a, func() {
						a.Want(t, "PATCH /users/me "+unavailable, harness.Case("F01 down in the middle of a change"), mine,
							harness.JSONObject(harness.Object{"full_name": "x", "password": harness.OtherPassword}))
					})
					a.Mend()
				}
				a.Want(t, "PATCH /users/me 200 (twin)", mine, harness.JSON(`{"full_name": "x"}`))
			})
	}
}

// TestAttackF01DriverErrors takes the tables away, so that the errors are a
// real driver's.
func TestAttackF01DriverErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broken.sqlite")
	var log harness.Journal
	a := harness.NewApp(t, harness.OnServeMux,
		func(t *testing.T, now func() time.Time) harness.Stores {
			return harness.OpenSQLite(t, file, bunstore.Options{Now: now})
		},
		func(_ *harness.App, o *harness.Options) { o.Log = log.Logger() })
	u := a.NewUser(t)
	var mine []harness.Option
	for _, backend := range harness.Backends {
		mine = append(mine, a.LogIn(t, backend, u))
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
		"POST /auth/jwt/login ", "POST /auth/cookie/login ", registerRoute, harness.MailRoutes["reset"], harness.MailRoutes["verify"], harness.ResetRoute, harness.VerifyRoute, "GET /users/me ", "PATCH /users/me ", "GET /auth/sessions ",
	} {
		got := a.Want(t, line+unavailable, harness.Case("F01 L05 without the tables, "+line), harness.All(append(mine[1:2:2],
			harness.JSONObject(harness.Object{"username": u.Email, "email": "f01@example.org", "password": harness.Password,
				"token": "x"}))...))
		for _, word := range []string{"SQL", "sql", "table", "latchkey_"} {
			if strings.Contains(got.Body, word) {
				t.Errorf("L05: %s shows %s", line, got.Body)
			}
		}
	}
	if !strings.Contains(log.String(), "no such table") {
		t.Error("twin: the log lacks the cause")
	}
	rename("gone_", "latchkey_")
	for _, credential := range mine {
		a.Want(t, "GET /users/me 200 (twin, without a restart)", credential).WantUser(t, u)
	}
}

// late loses the acknowledgement of the first Create, after it was done.
type late struct {
	core.UserStore[harness.Account]
	lost atomic.Bool
}

func (s *late) Unwrap() any { return s.UserStore }

func (s *late) Create(ctx context.Context, u *harness.Account) error {
	return s.lose(s.UserStore.Create(ctx, u))
}

func (s *late) lose(err error) error {
	if err == nil && s.lost.CompareAndSwap(false, true) {
		return errors.New("the connection was lost before the commit was acknowledged")
	}
	return err
}

// lateCommit is late for a store with transactions: it loses the
// acknowledgement of the first commit.
type lateCommit struct {
	core.UserStore[harness.Account]
	late *late
}

func (s lateCommit) Unwrap() any { return s.UserStore }

func (s lateCommit) Transact(ctx context.Context, do func(context.Context) error) error {
	tx, _ := core.As[core.Transactor](s.UserStore)
	return s.late.lose(tx.Transact(ctx, do))
}

func lateStore(a *harness.App, _ *harness.Options) {
	l := &late{UserStore: a.Stores.Users}
	if _, ok := core.As[core.Transactor](a.Stores.Users); ok {
		a.Stores.Users = lateCommit{a.Stores.Users, l}
		return
	}
	a.Stores.Users = l
}

func TestAttackF02UnknownOutcome(t *testing.T) {
	harness.OnEveryStore(t, lateStore,
		func(t *testing.T, a *harness.App) {
			a.Want(t, registerRoute+unavailable, harness.Case("F02 a registration whose outcome is unknown"),
				registration("f02@example.org"))
			a.Want(t, taken, harness.Case("F02 tried again"), registration("F02@example.org"))
			a.Want(t, "POST /auth/jwt/login 200 (twin, the account works)",
				harness.LoginForm("f02@example.org", harness.Password))
			if page, _, err := a.Stores.Users.List(t.Context(), core.Query{Email: "f02@", Limit: 10}); err != nil ||
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
		var attempts harness.PerApp[atomic.Int64]
		with := func(a *harness.App, o *harness.Options) {
			o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
				if attempts.Of(a).Add(1) == 1 {
					return fail()
				}
				return a.Mails.Send(ctx, m)
			})
		}
		harness.OnEveryStore(t, with, func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			t.Run("F14 a mail whose first attempt "+name+" is sent again", func(t *testing.T) {
				a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(a.MailedToken(t, "reset", u)))
				if n := attempts.Of(a).Load(); n != 2 {
					t.Errorf("%d attempts, want 2", n)
				}
			})
		})
	}
}

func TestAttackF16Clock(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		opaque := map[string]harness.Option{"cookie": a.LogIn(t, "cookie", u), "session": a.LogIn(t, "session", u)}
		jwt := a.LogIn(t, "jwt", u)
		alive := func(name string) {
			t.Helper()
			for backend, mine := range opaque {
				a.Want(t, "GET /users/me 200", harness.Case("F16 "+name+", "+backend), mine)
			}
		}
		a.Advance(-time.Hour)
		alive("an hour back")
		a.Want(t, "GET /users/me 401", harness.Case("F16 an hour back: a JWT from the future waits until then"), jwt)
		reset := a.MailedToken(t, "reset", a.NewUser(t))
		a.Advance(time.Hour)
		a.Want(t, "GET /users/me 200", harness.Case("F16 back and forth, jwt"), jwt)
		a.Want(t, badReset, harness.Case("F16 a reset token made while the clock was behind lives no longer"),
			harness.ResetBody(reset))
		a.Advance(time.Hour)
		alive("an hour forward")
		a.Want(t, "GET /users/me 401", harness.Case("F16 an hour forward: a JWT ends as it says"), jwt)
		for range 60 { // a clock that steps back and forth, and gains half an hour every time
			a.Advance(time.Hour)
			a.Advance(-30 * time.Minute)
		}
		alive("steps")
		for range 28 {
			a.Advance(day)
			for _, mine := range opaque {
				a.Send(t, "GET", "/users/me", mine)
			}
		}
		a.Advance(day)
		for backend, mine := range opaque {
			a.Want(t, "GET /users/me 401", harness.Case("F16 no session is longer than the absolute limit, "+backend), mine)
		}
		a.Want(t, "GET /users/me 200 (twin)", a.LogIn(t, "jwt", u))
	})
}

func TestAttackF22TwoNodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shared.sqlite")
	open := func(t *testing.T, now func() time.Time) harness.Stores {
		return harness.OpenSQLite(t, file, bunstore.Options{Now: now})
	}
	one, other := harness.NewApp(t, harness.OnServeMux, open, nil), harness.NewApp(t, harness.OnChi, open, nil)
	u := one.NewUser(t)
	mine := one.LogIn(t, "cookie", u)
	other.Want(t, "GET /users/me 200", harness.Case("F22 migrations ran twice, and both nodes serve one database"),
		mine).WantUser(t,
		u)
	other.Want(t, "POST /auth/cookie/logout 204", mine)
	one.Want(t, "GET /users/me 401", harness.Case("F22 S02 a logout at one node counts at the other"), mine)
}

func TestAttackF23HalfWritten(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		var mine []harness.Option
		for _, backend := range harness.Backends {
			mine = append(mine, a.LogIn(t, backend, u))
		}
		reset, verify := a.MailedToken(t, "reset", u), a.MailedToken(t, "verify", u)
		// behind the application's back: nothing else is cleaned up
		if err := a.Stores.Users.Delete(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		for i, backend := range harness.Backends {
			a.Want(t, "GET /users/me 401", harness.Case("F23 a session without its user, "+backend), mine[i])
		}
		a.Want(t, badReset, harness.Case("F23 a reset token without its user"), harness.ResetBody(reset))
		a.Want(t, badVerify, harness.Case("F23 a verify token without its user"), harness.VerifyBody(verify))
		bare := a.NewUser(t)
		a.EditStored(t, bare, func(u *harness.Account) { u.HashedPassword = "" })
		a.Want(t, badLogin, harness.Case("F23 a user without a credential"), harness.LoginForm(bare.Email, harness.Password))
		a.Want(t, registerRoute+"201 (twin, the address is free)", registration(u.Email))
		a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(a.MailedToken(t, "reset", bare)))
	})
}

func TestAttackF25LimiterDown(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogIn(t, "cookie", u)
		other := a.NewUser(t)
		token := a.MailedToken(t, "reset", other)
		a.Break("limiter")
		for _, backend := range harness.Backends {
			for name, guess := range map[string]string{"right": harness.Password, "wrong": harness.OtherPassword} {
				a.Want(t, "POST /auth/"+backend+"/login "+unavailable,
					harness.Case("F25 the limiter is down, "+name+" password, "+backend), harness.LoginForm(u.Email, guess))
			}
		}
		if _, err := a.Manager().Authenticate(t.Context(), u.Email, harness.Password); !errors.Is(err,
			core.Unavailable(nil)) {
			t.Errorf("F25 outside HTTP: %v", err)
		}
		if n := a.Hasher.Verified.Load(); n != 1 { // the login before
			t.Errorf("F25: %d passwords were looked at, want 1", n)
		}
		a.Want(t, "GET /users/me 200 (twin, who is logged in stays)", mine)
		a.Want(t, harness.ResetRoute+"200 (twin, a reset works without)", harness.ResetBody(token))
		for _, route := range harness.MailRoutes {
			a.Want(t, route+unavailable, harness.Case("F25 the limiter is down, "+route),
				harness.JSONObject(harness.Object{"email": u.Email}))
		}
		a.Want(t, "POST /auth/register "+unavailable, harness.Case("F25 the limiter is down, a registration"),
			harness.JSONObject(harness.Object{"email": "new@example.org", "password": harness.Password}))
		a.Mend()
		a.Want(t, "POST /auth/cookie/login 204 (twin)", harness.LoginForm(u.Email, harness.Password))
	})
}
