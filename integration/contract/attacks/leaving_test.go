package attacks_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackM83SelfDeletion(t *testing.T) {
	var refuse atomic.Bool
	change := func(a *harness.App, o *harness.Options) {
		o.SelfDelete = true
		o.Hooks.BeforeDelete = func(context.Context, *latchkey.Event[harness.Account]) error {
			if refuse.Load() {
				return latchkey.Refuse("LAST_OWNER")
			}
			return nil
		}
	}
	for _, backend := range harness.Backends {
		t.Run(backend, func(t *testing.T) {
			harness.OnEveryStore(t, change, func(t *testing.T, a *harness.App) {
				u := a.NewUser(t, harness.Verified)
				mine, other := a.LogIn(t, backend, u), a.LogIn(t, "session", u)
				keep(t, a, u, "own")
				a.Advance(11 * time.Minute)
				a.Want(t, "DELETE /users/me "+proofRequired, harness.Case("M83 in a stale session"), mine)
				mine = a.LogIn(t, backend, u)
				if backend == "cookie" {
					a.Want(t, "DELETE /users/me 403 CROSS_ORIGIN_REFUSED", harness.Case("M83 from another site"), mine,
						harness.Header("Sec-Fetch-Site", "cross-site"))
				}
				got := a.Want(t, "DELETE /users/me 204", harness.Case("M83 in a fresh session (twin)"), mine)
				if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
					t.Errorf("M83 the cookie stays: %v", got.Cookie(t))
				}
				a.Want(t, "DELETE /users/me 401", harness.Case("M83 again"), mine)
				a.Want(t, "GET /users/me 401", other)
				if left, err := a.Stores.Credentials.List(t.Context(), "", u.ID); err != nil || len(left) > 0 {
					t.Errorf("M83 %v are left, %v", left, err)
				}
				a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, harness.Password))
				mailedTo(t, a, core.MailDeleted, u.Email)
			})
		})
	}
	harness.OnEveryStore(t, change, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Superuser)
		mine := a.LogIn(t, "session", u)
		a.Want(t, "DELETE /users/me 409 LAST_SUPERUSER", harness.Row, mine)
		a.WantNoMail(t)
	})
}

// A superuser's login must be secure too: their cookie changes anybody's
// account.
func TestAttackM80ByAStaleAdministrator(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		a.NewUser(t, harness.Superuser)
		admin := a.LogIn(t, "session", boss)
		a.Advance(11 * time.Minute)
		for _, id := range []string{u.ID, boss.ID} {
			for _, body := range []string{`{"password": "` + harness.OtherPassword + `"}`, `{"email": "m80@example.org"}`,
				`{"email": "m80@example.org", "current_password": "` + harness.Password + `"}`} {
				a.Want(t, "PATCH /users/{id} "+proofRequired, harness.Case("M80 a stale administrator: "+body), harness.PathID(id),
					admin, harness.JSON(body))
			}
			a.Want(t, "PATCH /users/{id} 200", harness.Case("M80 what is not sensitive (twin)"), harness.PathID(id), admin,
				harness.JSON(`{"full_name": "x", "is_verified": true}`))
			a.Want(t, "DELETE /users/{id} "+proofRequired, harness.Case("M80 a stale administrator deletes"),
				harness.PathID(id), admin)
		}
		admin = a.LogIn(t, "session", boss)
		a.Want(t, "PATCH /users/{id} 200", harness.Case("M80 a fresh administrator (twin)"), harness.PathID(u.ID), admin,
			harness.JSON(`{"password": "`+harness.OtherPassword+`", "email": "m80@example.org"}`))
		a.Want(t, "DELETE /users/{id} 204", harness.Case("M80 a fresh administrator deletes (twin)"), harness.PathID(u.ID),
			admin)
	})
}
