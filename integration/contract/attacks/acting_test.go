package attacks_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// The administrator is judged at every request in which they act as a user, and
// an hour is all that they have, however busy they are.
func TestAttackI03TheActorIsJudged(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		const me = "GET /users/me "
		for what, undo := range map[string]func(*harness.Account){
			"is no superuser any more": func(boss *harness.Account) {
				a.ChangeUser(t, boss, latchkey.Changes[harness.Account]{IsSuperuser: new(false)})
			},
			"is deactivated": func(boss *harness.Account) {
				a.ChangeUser(t, boss, latchkey.Changes[harness.Account]{IsActive: new(false)})
			},
			"has a new password": func(boss *harness.Account) {
				a.ChangeUser(t, boss, latchkey.Changes[harness.Account]{Password: new(harness.OtherPassword)})
			},
			"is suspended": func(boss *harness.Account) {
				if err := a.Manager().Suspend(t.Context(), boss.ID, time.Time{}, "I03"); err != nil {
					t.Fatal(err)
				}
			},
			"is deleted": func(boss *harness.Account) {
				if err := a.Manager().Delete(t.Context(), boss.ID); err != nil {
					t.Fatal(err)
				}
			},
		} {
			for _, backend := range harness.Backends {
				boss := a.NewUser(t, harness.Superuser)
				acted := a.Act(t, backend, a.LogIn(t, backend, boss), u)
				a.Want(t, me+"200", harness.Case("I03 the twin, before the actor "+what+", "+backend), acted).WantUser(t, u)
				undo(boss)
				a.Want(t, me+"401", harness.Case("I03 the actor "+what+", "+backend), acted)
			}
		}
		acted := a.Act(t, "session", a.LogIn(t, "session", a.NewUser(t, harness.Superuser)), u)
		for range 6 {
			a.Advance(10*time.Minute - time.Second)
			a.Want(t, me+"200", harness.Case("I03 the twin, within the hour"), acted)
		}
		a.Advance(6 * time.Second)
		a.Want(t, me+"401", harness.Case("I03 after an hour"), acted)
	})
}

// Whatever an administrator does as a user has their name in the record, and is
// found by it. The user learns that it was not they, and no more.
func TestAttackI05WhoActsIsOnRecord(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		own, admin := a.LogIn(t, "session", u), a.LogIn(t, "session", boss)
		a.Want(t, "PATCH /users/me 200", own, harness.JSONObject(harness.Object{"full_name": "I05 twin"}))
		acted := a.Act(t, "session", admin, u)
		a.Want(t, "PATCH /users/me 200", acted, harness.JSONObject(harness.Object{"full_name": "I05"}),
			harness.Header("User-Agent", "the administrator's browser"))
		updates := func(id string) []core.Record {
			t.Helper()
			all, _, err := a.Manager().Audit(t.Context(), core.AuditQuery{By: id, Action: core.EventUpdated, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		theirs, mine := updates(boss.ID), updates(u.ID)
		if len(theirs) != 1 || theirs[0].By.Actor != boss.ID || theirs[0].By.UserID != u.ID || theirs[0].Subject != u.ID {
			t.Errorf("I05: by the administrator: %+v", theirs)
		}
		if len(mine) != 1 || mine[0].By.Actor != "" || mine[0].ID == theirs[0].ID {
			t.Errorf("I05: the twin, by the user: %+v", mine)
		}
		by := harness.Query(url.Values{"by": {boss.ID}, "action": {"user.updated"}}.Encode())
		found := a.Want(t, "GET /auth/audit 200", harness.Case("I05 found by their name"), a.LogIn(t, "session", boss), by)
		if !strings.Contains(found.Body, u.ID) {
			t.Errorf("I05: %s", found.Body)
		}
		got := a.Want(t, "GET /auth/audit/me 200", own)
		for _, secret := range []string{boss.ID, "the administrator's browser", theirs[0].By.SessionID} {
			if strings.Contains(got.Body, secret) {
				t.Errorf("I05: the user reads %q", secret)
			}
		}
		if !strings.Contains(got.Body, `"others"`) || !strings.Contains(got.Body, `"you"`) {
			t.Errorf("I05: the user does not read who it was: %s", got.Body)
		}
	})
}

// Nobody reads the records of others but a superuser in person.
func TestAttackE05WhoReadsRecords(t *testing.T) {
	harness.OnEveryAdapter(t, withKeys(t, nil), func(t *testing.T, a *harness.App) {
		u, other, boss := a.NewUser(t), a.NewUser(t), a.NewUser(t, harness.Superuser)
		mine, admin := a.LogIn(t, "session", u), a.LogIn(t, "session", boss)
		a.LogIn(t, "session", other)
		key, _ := a.MakeKey(t, admin, "orders:read", "orders:write")
		const all, own = "GET /auth/audit ", "GET /auth/audit/me "
		about := harness.Query("user=" + other.ID)
		a.Want(t, all+"401", harness.Case("E05 nobody"))
		a.Want(t, own+"401", harness.Case("E05 nobody, their own"))
		a.Want(t, all+"403", harness.Case("E05 a user"), mine, about)
		a.Want(t, all+"403 INSUFFICIENT_SCOPE", harness.Case("E05 a superuser's key"), harness.Bearer(key), about)
		a.Want(t, own+"403 INSUFFICIENT_SCOPE", harness.Case("E05 a key, of its user"), harness.Bearer(key))
		acted := a.Act(t, "session", admin, u)
		a.Want(t, all+"403", harness.Case("E05 an administrator who acts as a user"), acted)
		got := a.Want(t, own+"200", harness.Case("E05 of another, by a parameter"), mine, about)
		if strings.Contains(got.Body, other.ID) || !strings.Contains(got.Body, `"login"`) {
			t.Errorf("E05: %s", got.Body)
		}
		got = a.Want(t, all+"200", harness.Case("E05 the twin, a superuser"), a.LogIn(t, "session", boss), about)
		if !strings.Contains(got.Body, other.ID) {
			t.Errorf("E05: the twin reads %s", got.Body)
		}
	})
}
