package attacks_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// A session is not enough to try passwords with: wrong current ones are on the
// count of failed logins.
func TestAttackM80StaleLogin(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other := a.NewUser(t), a.NewUser(t)
		mine, theirs := a.LogIn(t, "session", u), a.LogIn(t, "session", other)
		a.Advance(10*time.Minute + time.Second)
		const patch = "PATCH /users/me "
		for _, change := range []harness.Object{{"password": harness.OtherPassword}, {"email": "new." + u.Email}} {
			a.Want(t, patch+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} (M80)`, mine,
				harness.JSONObject(change))
		}
		wrong := harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": "a guess"})
		for range 5 {
			a.Want(t, patch+"400 UPDATE_USER_BAD_CURRENT_PASSWORD", mine, wrong)
		}
		right := harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password})
		for range 95 {
			a.Want(t, patch+"429 RATE_LIMITED", mine, wrong)
		}
		a.Want(t, patch+"429 RATE_LIMITED (the right one, after wrong ones)", mine, right)
		a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED (and at login)", harness.LoginForm(u.Email, harness.Password))
		a.Want(t, patch+"200 (twin: another user)", theirs, right).WantUser(t, other)
		a.Advance(time.Hour)
		a.Want(t, patch+"200 (twin: the right one, later)", mine, right).WantUser(t, u)
	})
}
