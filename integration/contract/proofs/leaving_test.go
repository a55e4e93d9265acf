package proofs_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// selfDeletion is that of users, at each backend.
func selfDeletion(t *testing.T, a *harness.App) {
	for _, backend := range harness.Backends {
		t.Run("M83 at "+backend, func(t *testing.T) {
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
				t.Errorf("the cookie stays: %v", got.Cookie(t))
			}
			a.Want(t, "DELETE /users/me 401", harness.Case("M83 again"), mine)
			a.Want(t, "GET /users/me 401", other)
			if left, err := a.Stores.Credentials.List(t.Context(), "", u.ID); err != nil || len(left) > 0 {
				t.Errorf("%v are left, %v", left, err)
			}
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, harness.Password))
			mailedTo(t, a, core.MailDeleted, u.Email)
		})
	}
	t.Run("M83 many at once", func(t *testing.T) {
		u := a.NewUser(t, harness.Verified)
		mine, left := a.LogIn(t, "session", u), 0
		for got := range a.SendAtOnce(t, 16, "DELETE", "/users/me", same(mine)) {
			switch got.Status {
			case 204:
				left++
			case 401:
			default:
				t.Errorf("one of the others: %d %s", got.Status, got.Body)
			}
		}
		if left != 1 {
			t.Errorf("%d have succeeded", left)
		}
		mailedTo(t, a, core.MailDeleted, u.Email)
	})
}

// staleAdministrator is a superuser in an old login, whose cookie would change
// anybody's account.
func staleAdministrator(t *testing.T, a *harness.App) {
	u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
	a.NewUser(t, harness.Superuser)
	admin := a.LogIn(t, "session", boss)
	a.Advance(11 * time.Minute)
	for _, id := range []string{u.ID, boss.ID} {
		for _, body := range []string{
			`{"password": "` + harness.OtherPassword + `"}`, `{"email": "m80.by.an.administrator@example.org"}`,
			`{"email": "m80.by.an.administrator@example.org", "current_password": "` + harness.Password + `"}`,
		} {
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
		with("password", harness.OtherPassword, "email", "m80.by.an.administrator@example.org"))
	mails(t, a, 1) // that undoes it, to the address that the administrator had verified
	a.Want(t, "DELETE /users/{id} 204", harness.Case("M80 a fresh administrator deletes (twin)"), harness.PathID(u.ID),
		admin)
}
