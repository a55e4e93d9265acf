package attacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackJ16CrossPurpose(t *testing.T) {
	harness.OnEveryStore(t, harness.WithSecondFactor, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		tokens := map[string]string{
			"access token": a.Token(t, "jwt", u), "session token": a.Token(t, "session", u), "cookie": a.Token(t, "cookie", u),
			"reset token": a.MailedToken(t, "reset", u), "verify token": a.MailedToken(t, "verify", u),
		}
		a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Edit: func(u *harness.Account) error {
			u.FullName = harness.EnrolledName
			return nil
		}})
		tokens["pending ticket"] = a.PendingTicket(t, "session", u)
		uses := []struct{ as, refused, accepted, own string }{
			{"bearer token", "GET /users/me 401", "GET /users/me 200", "access token, session token"},
			{"cookie", "GET /users/me 401", "GET /users/me 200", "cookie"},
			{"verify token", "POST /auth/verify 400 VERIFY_USER_BAD_TOKEN", "POST /auth/verify 200", "verify token"},
			{"pending ticket", "POST /auth/session/second 400 LOGIN_BAD_CREDENTIALS", "POST /auth/session/second 200", "pending ticket"},
			{"reset token", "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN", "POST /auth/reset-password 200", "reset token"},
		}
		present := func(as, token string) harness.Option {
			switch as {
			case "bearer token":
				return harness.Bearer(token)
			case "cookie":
				return harness.Credential("cookie", token)
			}
			return harness.JSONObject(harness.Object{"token": token, "pending": token, "password": harness.OtherPassword,
				"code": "123456"})
		}
		for _, use := range uses {
			for what, token := range tokens {
				if !strings.Contains(use.own, what) {
					a.Want(t, use.refused, harness.Case("J16 "+what+" as "+use.as), present(use.as, token))
				}
			}
		}
		for _, use := range uses { // the reset comes last, as it ends everything else
			for what, token := range tokens {
				if strings.Contains(use.own, what) {
					a.Want(t, use.accepted+" (twin)", present(use.as, token))
				}
			}
		}
	})
}

func TestAttackJ25Epoch(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "session", a.NewUser(t, harness.Superuser))
		for name, end := range map[string]func(t *testing.T, u *harness.Account, mine harness.Option){
			"password changed": func(t *testing.T, u *harness.Account, mine harness.Option) {
				a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			},
			"password changed to the same": func(t *testing.T, u *harness.Account, mine harness.Option) {
				a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"password": harness.Password}))
			},
			"password changed by a superuser": func(t *testing.T, u *harness.Account, _ harness.Option) {
				a.Want(t, "PATCH /users/{id} 200", admin, harness.PathID(u.ID),
					harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			},
			"password reset": func(t *testing.T, u *harness.Account, _ harness.Option) {
				a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
			},
			"all sessions ended": func(t *testing.T, _ *harness.Account, mine harness.Option) {
				a.Want(t, "DELETE /auth/sessions 204", mine)
			},
			"ended outside HTTP": func(t *testing.T, u *harness.Account, _ harness.Option) {
				if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			},
			"deactivated and active again": func(t *testing.T, u *harness.Account, _ harness.Option) {
				a.Want(t, "PATCH /users/{id} 200", admin, harness.PathID(u.ID), harness.JSON(`{"is_active": false}`))
				a.Want(t, "PATCH /users/{id} 200", admin, harness.PathID(u.ID), harness.JSON(`{"is_active": true}`))
			},
		} {
			t.Run("J25 "+name, func(t *testing.T) {
				u, other := a.NewUser(t), a.NewUser(t)
				token, others, mine := a.Token(t, "jwt", u), a.LogIn(t, "jwt", other), a.LogIn(t, "session", u)
				a.Want(t, "GET /users/me 200 (twin, before)", harness.Bearer(token))
				end(t, u, mine)
				a.Want(t, "GET /users/me 401", harness.Bearer(token))
				a.Want(t, "GET /users/me 401 (the same, with the new epoch, unsigned)",
					harness.Bearer(forged(goodHeader, claims(t, token, "epoch", "1"), nil)))
				a.Advance(time.Second)
				a.Want(t, "GET /users/me 401 (later)", harness.Bearer(token))
				a.Want(t, "GET /users/me 200 (twin, another user)", others)
			})
		}
	})
}
