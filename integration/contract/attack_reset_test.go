package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

const (
	badReset  = resetRoute + "400 RESET_PASSWORD_BAD_TOKEN"
	badVerify = verifyRoute + "400 VERIFY_USER_BAD_TOKEN"
)

func TestAttackR01ConcurrentResets(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) { o.InsecureNoLimits = true }, func(t *testing.T, a *app) {
		t.Run("R01 64 concurrent resets by one token", func(t *testing.T) {
			u := a.user(t)
			token := a.asked(t, "reset", u)
			chosen := func(i int) string { return fmt.Sprintf("new password number %d", i) }
			won := 0
			for got := range a.atOnce(t, 64, "POST", "/auth/reset-password", func(i int) option {
				return members(object{"token": token, "password": chosen(i)})
			}) {
				switch {
				case got.status == 200:
					won++
				case got.status != 400 || got.says() != core.CodeResetBadToken:
					t.Errorf("got %d %s", got.status, got.body)
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
			a.want(t, badReset, fresh(token))
		})
	})
}

func TestAttackResetTokens(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u, victim := a.user(t), a.user(t)
		older := a.asked(t, "reset", u)
		token := a.asked(t, "reset", u)
		a.attack(t, "R02 an older token, after a newer one was asked for", badReset, fresh(older))
		for name, made := range map[string]string{
			"empty": "", "blank": " ", "a NUL, percent-encoded": "%00", "percent-encoded": "%41" + token[1:], "a space in front": " " + token,
			"a line break behind": token + "\n", "in other letter case": swapCase(token), "twice": token + token, "null": "null", "a wildcard": "%",
			"the user's id": u.ID, "SQL": "' OR '1'='1", "10 kB": strings.Repeat("A", 10_000),
		} {
			a.attack(t, "R04 a token that is "+name, badReset, fresh(made))
			a.attack(t, "R04 a verify token that is "+name, badVerify, proof(made))
		}
		t.Run("R04 a token of one user with the id of another", func(t *testing.T) {
			a.want(t, resetRoute+"200", query("id="+victim.ID+"&email="+victim.Email), members(object{
				"token": token, "password": another, "id": victim.ID, "user_id": victim.ID, "email": victim.Email, "sub": victim.ID,
			}))
			a.want(t, "POST /auth/jwt/login 200 (twin, the token's user has the new password)",
				form("username", u.Email, "password", another))
			a.want(t, "POST /auth/jwt/login 200 (the other has not)", form("username", victim.Email, "password", password))
		})
		a.attack(t, "R01 a token for the second time", badReset, fresh(token))
		for name, change := range map[string]func(t *testing.T, u *Account){
			"the person has changed it": func(t *testing.T, u *Account) {
				a.want(t, "PATCH /users/me 200", a.login(t, "cookie", u), members(object{"password": another}))
			},
			"all sessions were ended": func(t *testing.T, u *Account) { a.want(t, "DELETE /auth/sessions 204", a.login(t, "cookie", u)) },
			"it was set outside HTTP": func(t *testing.T, u *Account) { a.change(t, u, latchkey.Changes[Account]{Password: new(another)}) },
		} {
			u := a.user(t)
			token := a.asked(t, "reset", u)
			change(t, u)
			a.attack(t, "R02 a token from before the password's end: "+name, badReset, fresh(token))
			a.want(t, resetRoute+"200 (twin, a new one)", fresh(a.asked(t, "reset", u)))
		}
	})
}

func TestAttackR10ResetIsNoLogin(t *testing.T) {
	onEveryStore(t, withSecondFactor, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t, func(u *Account) { u.FullName = enrolled })
		pending := a.pending(t, "cookie", u)
		got := a.attack(t, "R10 a reset gives no session", resetRoute+"200", fresh(a.asked(t, "reset", u)))
		if got.body != "null" || len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("R10: got %s %v", got.body, got.header)
		}
		t.Run("R10 the second factor is still asked for", func(t *testing.T) {
			for _, backend := range backends {
				got := a.send(t, "POST", "/auth/"+backend+"/login", form("username", u.Email, "password", another))
				if got.status != 403 || !strings.Contains(got.body, core.CodeLoginFactorRequired) {
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
		})
		a.attack(t, "R10 a login that waited for the second factor ends",
			"POST /auth/cookie/second 400 LOGIN_BAD_CREDENTIALS",
			members(object{"pending": pending, "code": "123456"}))
		plain := a.user(t)
		a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", plain)))
		a.want(t, "POST /auth/jwt/login 200 (twin, without a second factor)",
			form("username", plain.Email, "password", another))
	})
}
