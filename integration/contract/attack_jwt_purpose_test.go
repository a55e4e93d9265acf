package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
)

func TestAttackJ16CrossPurpose(t *testing.T) {
	onEveryStore(t, withSecondFactor, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t)
		tokens := map[string]string{
			"access token": a.token(t, "jwt", u), "session token": a.token(t, "session", u), "cookie": a.token(t, "cookie", u),
			"reset token": a.asked(t, "reset", u), "verify token": a.asked(t, "verify", u),
		}
		a.change(t, u, latchkey.Changes[Account]{Edit: func(u *Account) error { u.FullName = enrolled; return nil }})
		tokens["pending ticket"] = a.pending(t, "session", u)
		uses := []struct{ as, refused, accepted, own string }{
			{"bearer token", "GET /users/me 401", "GET /users/me 200", "access token, session token"},
			{"cookie", "GET /users/me 401", "GET /users/me 200", "cookie"},
			{"verify token", "POST /auth/verify 400 VERIFY_USER_BAD_TOKEN", "POST /auth/verify 200", "verify token"},
			{"pending ticket", "POST /auth/session/second 400 LOGIN_BAD_CREDENTIALS", "POST /auth/session/second 200", "pending ticket"},
			{"reset token", "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN", "POST /auth/reset-password 200", "reset token"},
		}
		present := func(as, token string) option {
			switch as {
			case "bearer token":
				return asBearer(token)
			case "cookie":
				return credential("cookie", token)
			}
			return members(object{"token": token, "pending": token, "password": another, "code": "123456"})
		}
		for _, use := range uses {
			for what, token := range tokens {
				if !strings.Contains(use.own, what) {
					a.attack(t, "J16 "+what+" as "+use.as, use.refused, present(use.as, token))
				}
			}
		}
		for _, use := range uses { // the reset comes last, as it ends everything else
			for what, token := range tokens {
				if strings.Contains(use.own, what) {
					a.want(t, use.accepted+" (twin)", present(use.as, token))
				}
			}
		}
	})
}

func TestAttackJ25Epoch(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		admin := a.login(t, "session", a.user(t, superuser))
		for name, end := range map[string]func(t *testing.T, u *Account, mine option){
			"password changed": func(t *testing.T, u *Account, mine option) {
				a.want(t, "PATCH /users/me 200", mine, members(object{"password": another}))
			},
			"password changed to the same": func(t *testing.T, u *Account, mine option) {
				a.want(t, "PATCH /users/me 200", mine, members(object{"password": password}))
			},
			"password changed by a superuser": func(t *testing.T, u *Account, _ option) {
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), members(object{"password": another}))
			},
			"password reset": func(t *testing.T, u *Account, _ option) {
				a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
			},
			"all sessions ended": func(t *testing.T, _ *Account, mine option) { a.want(t, "DELETE /auth/sessions 204", mine) },
			"ended outside HTTP": func(t *testing.T, u *Account, _ option) {
				if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			},
			"deactivated and active again": func(t *testing.T, u *Account, _ option) {
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), text(`{"is_active": false}`))
				a.want(t, "PATCH /users/{id} 200", admin, id(u.ID), text(`{"is_active": true}`))
			},
		} {
			t.Run("J25 "+name, func(t *testing.T) {
				u, other := a.user(t), a.user(t)
				token, others, mine := a.token(t, "jwt", u), a.login(t, "jwt", other), a.login(t, "session", u)
				a.want(t, "GET /users/me 200 (twin, before)", asBearer(token))
				end(t, u, mine)
				a.want(t, "GET /users/me 401", asBearer(token))
				a.want(t, "GET /users/me 401 (the same, with the new epoch, unsigned)",
					asBearer(forged(goodHeader, claims(t, token, "epoch", "1"), nil)))
				a.pass(time.Second)
				a.want(t, "GET /users/me 401 (later)", asBearer(token))
				a.want(t, "GET /users/me 200 (twin, another user)", others)
			})
		}
	})
}
