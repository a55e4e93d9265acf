package contract_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// canaries are the secrets of a life, by what they are.
type canaries map[string]string

// wantNone checks that none of the secrets, however it is spelled, is in a
// text.
func (c canaries) wantNone(t *testing.T, where, text string) {
	t.Helper()
	for what, s := range c {
		for _, spelling := range []string{s, url.QueryEscape(s), hex.EncodeToString([]byte(s)),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(text, spelling) {
				t.Errorf("%s holds the %s", where, what)
			}
		}
	}
}

// secretsOf are those that a new user has.
func (a *app) secretsOf(t *testing.T, u *Account) canaries {
	t.Helper()
	a.edit(t, u, func(u *Account) { u.FullName = enrolled })
	secrets := canaries{"password": password, "new password": another, "HMAC key": string(secret),
		"stored hash": hashMark + password, "pending ticket": a.pending(t, "jwt", u)}
	a.edit(t, u, func(u *Account) { u.FullName = "x" })
	for _, backend := range backends {
		secrets[backend+" token"] = a.token(t, backend, u)
	}
	secrets["superseded reset token"], secrets["reset token"], secrets["verify token"] = a.asked(t, "reset", u),
		a.asked(t, "reset", u), a.asked(t, "verify", u)
	return secrets
}

// life does everything that there is to do with secrets, with success, with
// failure and while each store is down. It returns the secrets and every answer
// but those that hand a secret out.
func (a *app) life(t *testing.T) (secrets canaries, answers string) {
	t.Helper()
	u := a.user(t)
	secrets = a.secretsOf(t, u)
	var all strings.Builder
	say := func(method, path string, with ...option) {
		got := a.exchange(t.Context(), method, path, with...)
		fmt.Fprintln(&all, method, path, got.status, got.header, got.body)
	}
	everything := func() {
		for _, backend := range backends {
			mine := credential(backend, secrets[backend+" token"])
			say("GET", "/users/me", mine)
			say("GET", "/users/me", credential(backend, secrets[backend+" token"]+"x"))
			say("GET", "/users/me", mine, mine, mine)
			say("GET", "/auth/sessions", mine)
			say("PATCH", "/users/me", mine, header("Panic", "1"), text(`{"full_name": "y"}`))
			say("PATCH", "/users/me", mine, members(object{"password": another, "email": "no e-mail"}))
			say("GET", "/authenticated-route", mine)
			say("POST", "/auth/"+backend+"/login", form("username", u.Email, "password", another))
			say("POST", "/auth/"+backend+"/login", form("username", "nobody@example.org", "password", password))
			say("POST", "/auth/"+backend+"/login", text(`{"username": "x", "password": "`+password))
		}
		for _, token := range []string{"superseded reset token", "verify token", "pending ticket", "jwt token"} {
			say("POST", "/auth/reset-password", members(object{"token": secrets[token], "password": another}))
			say("POST", "/auth/verify", proof(secrets[token]+"x"))
			say("POST", "/auth/jwt/second", members(object{"pending": secrets[token], "code": "000000"}))
		}
		say("POST", "/auth/reset-password", members(object{"token": secrets["reset token"], "password": "short"}))
		say("POST", "/auth/register", members(object{"email": u.Email, "password": password}))
		say("POST", "/auth/register",
			text(`{"email": "x", "password": "`+password+`", "token": "`+secrets["reset token"]+`"`))
		say("POST", "/auth/forgot-password", members(object{"email": "nobody@example.org"}))
	}
	everything()
	for _, store := range []string{"users", "sessions", "tickets", "limiter", "users.Update", "sessions.Create",
		"tickets.Consume", "limiter.Forget"} {
		a.begin(store)
		everything()
		say("POST", "/auth/verify", proof(secrets["verify token"]))
		say("POST", "/auth/reset-password", fresh(secrets["reset token"]))
		a.end()
	}
	return secrets, all.String()
}

func TestAttackL01Logs(t *testing.T) {
	var logs per[journal]
	onEveryAdapter(t, func(a *app, o *options) {
		withSecondFactor(a, o)
		o.Log, o.InsecureNoLimits = logs.of(a).logger(), true
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[Account]) error {
			if e.Request != nil && core.Line(e.Request, "Panic") != "" {
				panic(e)
			}
			return nil
		}
		o.Hooks.AfterFailedLogin = func(_ context.Context, e latchkey.Event[Account]) {
			o.Log.Debug("a login failed", "event", e.Method, "user", e.User, "input", e.Input) // as an application might
		}
		o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
			o.Log.Debug("a mail", "mail", m, "text", fmt.Sprintf("%v %+v %#v %s", m, m, m, m))
			_ = a.mails.Send(ctx, m)
			return errors.New("the mail server is down")
		})
	}, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		secrets, answers := a.life(t)
		_ = a.Close(t.Context())
		t.Run("L01 no secret in a log at debug level", func(t *testing.T) {
			log := logs.of(a).String()
			secrets.wantNone(t, "the log", log)
			for _, line := range []string{"a request failed", "panicked", "a background job failed", "a login failed",
				"a mail"} {
				if !strings.Contains(log, line) {
					t.Errorf("twin: the log does not tell %q", line)
				}
			}
		})
		t.Run("L02 no secret in an answer", func(t *testing.T) {
			secrets.wantNone(t, "an answer", answers)
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
			if !strings.Contains(logs.of(a).String(), "the store is down") {
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
				got := a.want(t, "GET /users/me 401", header("Authorization", strings.TrimSuffix("Bearer "+challenge, " ")))
				if lines := got.header["Www-Authenticate"]; len(lines) != 1 || lines[0] != "Bearer" &&
					lines[0] != `Bearer error="invalid_token"` {
					t.Errorf("the challenge is %q", lines)
				}
			}
		})
	})
}

func TestAttackL08Users(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		victim, admin := a.user(t), a.login(t, "jwt", a.user(t, superuser))
		for _, backend := range backends {
			u := a.user(t, verified)
			mine := a.login(t, backend, u)
			for _, line := range []string{"GET /users 403", "GET /users/ 403", "GET /users/{id} 403", "PATCH /users/{id} 403",
				"DELETE /users/{id} 403"} {
				a.attack(t, "L08 "+line+", "+backend, line, id(victim.ID), mine, text(`{"is_superuser": true}`))
				a.attack(t, "L08 "+line+" of the own id, "+backend, line, id(u.ID), mine, text(`{"is_superuser": true}`))
			}
			a.attack(t, "L08 a superuser by one's own hand, "+backend, "PATCH /users/me 200", mine,
				text(`{"is_superuser": true, "credits": 1}`)).wantUser(t, u)
			a.want(t, "GET /users/me 200 (twin)", mine).wantUser(t, u)
		}
		got := a.want(t, "GET /users 200 (twin)", admin, query(url.Values{"email": {strings.ToLower(victim.Email)}}.Encode()))
		one := answer{got.status, got.header, strings.Trim(got.body, "[]")}
		t.Run("L08 the list shows the public form alone", func(t *testing.T) { one.wantUser(t, victim) })
	})
}

func TestAttackL10URLs(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.token(t, "session", u)
		a.attack(t, "L10 a token in the query", "GET /users/me 401",
			query(url.Values{"access_token": {token}, "token": {token}, cookieName: {token}}.Encode()))
		a.attack(t, "L10 credentials in the query", "POST /auth/jwt/login 422 body.username missing, body.password missing",
			query(url.Values{"username": {u.Email}, "password": {password}}.Encode()), form("x", "y"))
		a.attack(t, "L10 a password in the query of a reset", resetRoute+"422 body.token missing, body.password missing",
			query(url.Values{"token": {a.asked(t, "reset", u)}, "password": {another}}.Encode()), text(`{}`))
		t.Run("L10 links carry the token where no Referer and no server sees it", func(t *testing.T) {
			for _, route := range asks {
				a.want(t, route+"202", members(object{"email": u.Email}))
				m := a.mail(t)
				link, err := url.Parse(m.Link)
				if err != nil || link.Fragment != "token="+m.Token || strings.Contains(link.Path+link.RawQuery, m.Token) {
					t.Errorf("%v: %s", err, m.Link)
				}
			}
		})
		t.Run("L10 no answer sends anybody anywhere", func(t *testing.T) {
			for _, backend := range backends {
				got := a.send(t, "POST", "/auth/"+backend+"/login",
					form("username", u.Email, "password", password, "next", "//evil.example", "redirect_uri", "https://evil.example"))
				if got.status >= 300 || got.header.Get("Location") != "" || got.header.Get("Refresh") != "" {
					t.Errorf("got %d %v", got.status, got.header)
				}
			}
		})
		a.want(t, "GET /users/me 200 (twin)", asBearer(token))
	})
}
