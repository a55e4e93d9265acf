package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// secretsOf are those that a new user has.
func secretsOf(t *testing.T, a *harness.App, u *harness.Account) harness.Canaries {
	t.Helper()
	a.EditStored(t, u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
	secrets := harness.Canaries{"password": harness.Password, "new password": harness.OtherPassword,
		"HMAC key":    string(harness.Secret),
		"stored hash": harness.FakeHashPrefix + harness.Password, "pending ticket": a.PendingTicket(t, "jwt", u)}
	a.EditStored(t, u, func(u *harness.Account) { u.FullName = "x" })
	for _, backend := range harness.Backends {
		secrets[backend+" token"] = a.Token(t, backend, u)
	}
	secrets["superseded reset token"], secrets["reset token"], secrets["verify token"] = a.MailedToken(t, "reset", u),
		a.MailedToken(t, "reset", u), a.MailedToken(t, "verify", u)
	return secrets
}

// life does everything that there is to do with secrets, with success, with
// failure and while each store is down. It returns the secrets and every answer
// but those that hand a secret out.
func life(t *testing.T, a *harness.App) (secrets harness.Canaries, answers string) {
	t.Helper()
	u := a.NewUser(t)
	secrets = secretsOf(t, a, u)
	var all strings.Builder
	say := func(method, path string, with ...harness.Option) {
		got := a.TrySend(t.Context(), method, path, with...)
		fmt.Fprintln(&all, method, path, got.Status, got.Header, got.Body)
	}
	everything := func() {
		for _, backend := range harness.Backends {
			mine := harness.Credential(backend, secrets[backend+" token"])
			say("GET", "/users/me", mine)
			say("GET", "/users/me", harness.Credential(backend, secrets[backend+" token"]+"x"))
			say("GET", "/users/me", mine, mine, mine)
			say("GET", "/auth/sessions", mine)
			say("PATCH", "/users/me", mine, harness.Header("Panic", "1"), harness.JSON(`{"full_name": "y"}`))
			say("PATCH", "/users/me", mine,
				harness.JSONObject(harness.Object{"password": harness.OtherPassword, "email": "no e-mail"}))
			say("GET", "/authenticated-route", mine)
			say("POST", "/auth/"+backend+"/login", harness.LoginForm(u.Email, harness.OtherPassword))
			say("POST", "/auth/"+backend+"/login", harness.LoginForm("nobody@example.org", harness.Password))
			say("POST", "/auth/"+backend+"/login", harness.JSON(`{"username": "x", "password": "`+harness.Password))
		}
		for _, token := range []string{"superseded reset token", "verify token", "pending ticket", "jwt token"} {
			say("POST", "/auth/reset-password",
				harness.JSONObject(harness.Object{"token": secrets[token], "password": harness.OtherPassword}))
			say("POST", "/auth/verify", harness.VerifyBody(secrets[token]+"x"))
			say("POST", "/auth/jwt/second", harness.JSONObject(harness.Object{"pending": secrets[token], "code": "000000"}))
		}
		say("POST", "/auth/reset-password",
			harness.JSONObject(harness.Object{"token": secrets["reset token"], "password": "short"}))
		say("POST", "/auth/register", harness.JSONObject(harness.Object{"email": u.Email, "password": harness.Password}))
		say("POST", "/auth/register",
			harness.JSON(`{"email": "x", "password": "`+harness.Password+`", "token": "`+secrets["reset token"]+`"`))
		say("POST", "/auth/forgot-password", harness.JSONObject(harness.Object{"email": "nobody@example.org"}))
	}
	everything()
	for _, store := range []string{"users", "sessions", "tickets", "limiter", "users.Update", "sessions.Create",
		"tickets.Consume", "limiter.Reset"} {
		a.Break(store)
		everything()
		say("POST", "/auth/verify", harness.VerifyBody(secrets["verify token"]))
		say("POST", "/auth/reset-password", harness.ResetBody(secrets["reset token"]))
		a.Mend()
	}
	return secrets, all.String()
}

func TestAttackL01Logs(t *testing.T) {
	var logs harness.PerApp[harness.Journal]
	harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
		harness.WithSecondFactor(a, o)
		o.Log, o.InsecureNoLimits = logs.Of(a).Logger(), true
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			if e.Request != nil && core.Line(e.Request, "Panic") != "" {
				panic(e)
			}
			return nil
		}
		o.Hooks.AfterFailedLogin = func(_ context.Context, e latchkey.Event[harness.Account]) {
			o.Log.Debug("a login failed", "event", e.Method, "user", e.User, "input", e.Input) // as an application might
		}
		o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
			o.Log.Debug("a mail", "mail", m, "text", fmt.Sprintf("%v %+v %#v %s", m, m, m, m))
			_ = a.Mails.Send(ctx, m)
			return errors.New("the mail server is down")
		})
	}, func(t *testing.T, a *harness.App) {
		secrets, answers := life(t, a)
		_ = a.Close(t.Context())
		t.Run("L01 no secret in a log at debug level", func(t *testing.T) {
			log := logs.Of(a).String()
			secrets.WantNone(t, "the log", log)
			for _, line := range []string{"a request failed", "panicked", "a background job failed", "a login failed",
				"a mail"} {
				if !strings.Contains(log, line) {
					t.Errorf("twin: the log does not tell %q", line)
				}
			}
		})
		t.Run("L02 no secret in an answer", func(t *testing.T) {
			secrets.WantNone(t, "an answer", answers)
			for _, status := range []string{" 200 ", " 400 ", " 401 ", " 422 ", " 500 ", " 503 "} {
				if !strings.Contains(answers, status) {
					t.Errorf("twin: there is no answer%s", status)
				}
			}
		})
		t.Run("L05 no driver's error in an answer", func(t *testing.T) {
			for _, cause := range []string{"the store is down", "sql:", "sqlite", "goroutine", ".go:", "panicked",
				"mail server"} {
				if strings.Contains(strings.ToLower(answers), cause) {
					t.Errorf("an answer holds %q", cause)
				}
			}
			if !strings.Contains(logs.Of(a).String(), "the store is down") {
				t.Error("twin: the log does not tell the cause")
			}
		})
		t.Run("L07 headers tell nothing of the inside", func(t *testing.T) {
			for _, name := range []string{"Server:", "X-Powered-By", "X-Aspnet", "X-Runtime", "Via:", "realm",
				"error_description"} {
				if strings.Contains(answers, name) {
					t.Errorf("an answer holds %s", name)
				}
			}
			for _, challenge := range []string{"", `Bearer error="invalid_token"`} {
				got := a.Want(t, "GET /users/me 401", harness.Header("Authorization", strings.TrimSuffix("Bearer "+challenge, " ")))
				if lines := got.Header["Www-Authenticate"]; len(lines) != 1 || lines[0] != "Bearer" &&
					lines[0] != `Bearer error="invalid_token"` {
					t.Errorf("the challenge is %q", lines)
				}
			}
		})
	})
}

func TestAttackL08Users(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		victim, admin := a.NewUser(t), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		for _, backend := range harness.Backends {
			u := a.NewUser(t, harness.Verified)
			mine := a.LogIn(t, backend, u)
			for _, line := range []string{"GET /users 403", "GET /users/ 403", "GET /users/{id} 403", "PATCH /users/{id} 403",
				"DELETE /users/{id} 403"} {
				a.Want(t, line, harness.Case("L08 "+line+", "+backend), harness.PathID(victim.ID), mine,
					harness.JSON(`{"is_superuser": true}`))
				a.Want(t, line, harness.Case("L08 "+line+" of the own id, "+backend), harness.PathID(u.ID), mine,
					harness.JSON(`{"is_superuser": true}`))
			}
			a.Want(t, "PATCH /users/me 200", harness.Case("L08 a superuser by one's own hand, "+backend), mine,
				harness.JSON(`{"is_superuser": true, "credits": 1}`)).WantUser(t, u)
			a.Want(t, "GET /users/me 200 (twin)", mine).WantUser(t, u)
		}
		got := a.Want(t, "GET /users 200 (twin)", admin,
			harness.Query(url.Values{"email": {strings.ToLower(victim.Email)}}.Encode()))
		one := harness.Answer{Status: got.Status, Header: got.Header, Body: strings.Trim(got.Body, "[]")}
		t.Run("L08 the list shows the public form alone", func(t *testing.T) { one.WantListed(t, victim) })
	})
}

func TestAttackL10URLs(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.Token(t, "session", u)
		a.Want(t, "GET /users/me 401", harness.Case("L10 a token in the query"),
			harness.Query(url.Values{"access_token": {token}, "token": {token}, harness.CookieName: {token}}.Encode()))
		a.Want(t, "POST /auth/jwt/login 422 body.username missing, body.password missing",
			harness.Case("L10 credentials in the query"),
			harness.Query(url.Values{"username": {u.Email}, "password": {harness.Password}}.Encode()), harness.Form("x", "y"))
		a.Want(t, harness.ResetRoute+"422 body.token missing, body.password missing",
			harness.Case("L10 a password in the query of a reset"),
			harness.Query(url.Values{"token": {a.MailedToken(t, "reset", u)}, "password": {harness.OtherPassword}}.Encode()),
			harness.JSON(`{}`))
		t.Run("L10 links carry the token where no Referer and no server sees it", func(t *testing.T) {
			for _, route := range harness.MailRoutes {
				a.Want(t, route+"202", harness.JSONObject(harness.Object{"email": u.Email}))
				m := a.NextMail(t)
				link, err := url.Parse(m.Link)
				if err != nil || link.Fragment != "token="+m.Token || strings.Contains(link.Path+link.RawQuery, m.Token) {
					t.Errorf("%v: %s", err, m.Link)
				}
			}
		})
		t.Run("L10 no answer sends anybody anywhere", func(t *testing.T) {
			for _, backend := range harness.Backends {
				got := a.Send(t, "POST", "/auth/"+backend+"/login",
					harness.Form("username", u.Email, "password", harness.Password, "next", "//evil.example", "redirect_uri",
						"https://evil.example"))
				if got.Status >= 300 || got.Header.Get("Location") != "" || got.Header.Get("Refresh") != "" {
					t.Errorf("got %d %v", got.Status, got.Header)
				}
			}
		})
		a.Want(t, "GET /users/me 200 (twin)", harness.Bearer(token))
	})
}
