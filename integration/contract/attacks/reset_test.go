package attacks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	badReset  = harness.ResetRoute + "400 RESET_PASSWORD_BAD_TOKEN"
	badVerify = harness.VerifyRoute + "400 VERIFY_USER_BAD_TOKEN"
)

func TestAttackR01ConcurrentResets(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.InsecureNoLimits = true },
		func(t *testing.T, a *harness.App) {
			t.Run("R01 64 concurrent resets by one token", func(t *testing.T) {
				u := a.NewUser(t)
				token := a.MailedToken(t, "reset", u)
				chosen := func(i int) string { return fmt.Sprintf("new password number %d", i) }
				won := 0
				for got := range a.SendAtOnce(t, 64, "POST", "/auth/reset-password", func(i int) harness.Option {
					return harness.JSONObject(harness.Object{"token": token, "password": chosen(i)})
				}) {
					switch {
					case got.Status == 200:
						won++
					case got.Status != 400 || got.Words() != core.CodeResetBadToken:
						t.Errorf("got %d %s", got.Status, got.Body)
					}
				}
				if won != 1 {
					t.Errorf("%d succeeded, want 1", won)
				}
				fits := 0
				for i := range 64 {
					if _, err := a.Manager().Authenticate(t.Context(), u.Email, chosen(i)); err == nil {
						fits++
					}
				}
				if fits != 1 {
					t.Errorf("%d passwords fit, want 1", fits)
				}
				a.Want(t, badReset, harness.ResetBody(token))
			})
		})
}

func TestAttackResetTokens(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, victim := a.NewUser(t), a.NewUser(t)
		older := a.MailedToken(t, "reset", u)
		token := a.MailedToken(t, "reset", u)
		a.Want(t, badReset, harness.Case("R02 an older token, after a newer one was asked for"), harness.ResetBody(older))
		for name, made := range map[string]string{
			"empty": "", "blank": " ", "a NUL, percent-encoded": "%00", "percent-encoded": "%41" + token[1:], "a space in front": " " + token,
			"a line break behind": token + "\n", "in other letter case": swapCase(token), "twice": token + token, "null": "null", "a wildcard": "%",
			"the user's id": u.ID, "SQL": "' OR '1'='1", "10 kB": strings.Repeat("A", 10_000),
		} {
			a.Want(t, badReset, harness.Case("R04 a token that is "+name), harness.ResetBody(made))
			a.Want(t, badVerify, harness.Case("R04 a verify token that is "+name), harness.VerifyBody(made))
		}
		t.Run("R04 a token of one user with the id of another", func(t *testing.T) {
			a.Want(t, harness.ResetRoute+"200", harness.Query("id="+victim.ID+"&email="+victim.Email),
				harness.JSONObject(harness.Object{
					"token": token, "password": harness.OtherPassword, "id": victim.ID, "user_id": victim.ID, "email": victim.Email, "sub": victim.ID,
				}))
			a.Want(t, "POST /auth/jwt/login 200 (twin, the token's user has the new password)",
				harness.LoginForm(u.Email, harness.OtherPassword))
			a.Want(t, "POST /auth/jwt/login 200 (the other has not)", harness.LoginForm(victim.Email, harness.Password))
		})
		a.Want(t, badReset, harness.Case("R01 a token for the second time"), harness.ResetBody(token))
		for name, change := range map[string]func(t *testing.T, u *harness.Account){
			"the person has changed it": func(t *testing.T, u *harness.Account) {
				a.Want(t, "PATCH /users/me 200", a.LogIn(t, "cookie", u),
					harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			},
			"all sessions were ended": func(t *testing.T, u *harness.Account) {
				a.Want(t, "DELETE /auth/sessions 204", a.LogIn(t, "cookie", u))
			},
			"it was set outside HTTP": func(t *testing.T, u *harness.Account) {
				a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Password: new(harness.OtherPassword)})
			},
		} {
			u := a.NewUser(t)
			token := a.MailedToken(t, "reset", u)
			change(t, u)
			a.Want(t, badReset, harness.Case("R02 a token from before the password's end: "+name), harness.ResetBody(token))
			a.Want(t, harness.ResetRoute+"200 (twin, a new one)", harness.ResetBody(a.MailedToken(t, "reset", u)))
		}
	})
}

func TestAttackR10ResetIsNoLogin(t *testing.T) {
	harness.OnEveryStore(t, harness.WithSecondFactor, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		pending := a.PendingTicket(t, "cookie", u)
		got := a.Want(t, harness.ResetRoute+"200", harness.Case("R10 a reset gives no session"),
			harness.ResetBody(a.MailedToken(t, "reset", u)))
		if got.Body != "null" || len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("R10: got %s %v", got.Body, got.Header)
		}
		t.Run("R10 the second factor is still asked for", func(t *testing.T) {
			for _, backend := range harness.Backends {
				got := a.Send(t, "POST", "/auth/"+backend+"/login", harness.LoginForm(u.Email, harness.OtherPassword))
				if got.Status != 403 || !strings.Contains(got.Body, core.CodeLoginFactorRequired) {
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			}
		})
		a.Want(t, "POST /auth/cookie/second 400 LOGIN_BAD_CREDENTIALS",
			harness.Case("R10 a login that waited for the second factor ends"),
			harness.JSONObject(harness.Object{"pending": pending, "code": "123456"}))
		plain := a.NewUser(t)
		a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", plain)))
		a.Want(t, "POST /auth/jwt/login 200 (twin, without a second factor)",
			harness.LoginForm(plain.Email, harness.OtherPassword))
	})
}
