package proofs_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// whoActsAsWhom: nobody acts as whom they may not, and nobody by a credential
// that is not their own.
func whoActsAsWhom(t *testing.T, a *harness.App) {
	u, boss, other := a.NewUser(t), a.NewUser(t, harness.Superuser), a.NewUser(t, harness.Superuser)
	fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}}
	for _, backend := range harness.Backends {
		begin := "POST /auth/" + backend + "/impersonate "
		as := func(u *harness.Account) harness.Option {
			return harness.JSONObject(harness.Object{"user_id": u.ID, "reason": "I01"})
		}
		mine := a.LogIn(t, backend, boss)
		acted := a.Act(t, backend, mine, u)
		key := a.Issue(t, backend, core.Session{UserID: boss.ID, Scopes: []string{"admin"}, Proofs: fresh})
		nested := a.Issue(t, backend, core.Session{UserID: boss.ID, Actor: other.ID, Proofs: fresh})
		off, barred := a.NewUser(t, harness.Inactive), a.NewUser(t)
		if err := a.Manager().Suspend(t.Context(), barred.ID, time.Time{}, "I01"); err != nil {
			t.Fatal(err)
		}
		state := len(sessionsOf(t, a, u)) + len(sessionsOf(t, a, other)) + len(sessionsOf(t, a, off))
		refused := func(words, what string, with ...harness.Option) {
			t.Helper()
			a.Want(t, begin+words, append(with, harness.Case("I01 "+what+", "+backend))...)
		}
		refused("403", "by a user", a.LogIn(t, backend, a.NewUser(t)), as(u))
		refused("403", "nested, as somebody who is no superuser", acted, as(a.NewUser(t)))
		refused("403", "nested, as a superuser", nested, as(u))
		refused("403 INSUFFICIENT_SCOPE", "by a key", key, as(u))
		refused("403 IMPERSONATION_REFUSED", "oneself", mine, as(boss))
		refused("403 IMPERSONATION_REFUSED", "a superuser", mine, as(other))
		refused("403 IMPERSONATION_REFUSED", "somebody who is inactive", mine, as(off))
		refused("403 IMPERSONATION_REFUSED", "somebody who is suspended", mine, as(barred))
		a.Advance(11 * time.Minute)
		refused(proofRequired, "by a login that is not recent", mine, as(u))
		if now := len(sessionsOf(t, a, u)) + len(sessionsOf(t, a, other)) + len(sessionsOf(t, a, off)); now != state {
			t.Errorf("I01 there were %d sessions, and are %d", state, now)
		}
		fresh[0].At = a.Now()
		a.Want(t, "GET /users/me 200", harness.Case("I01 by a recent login (twin), "+backend),
			a.Act(t, backend, a.LogIn(t, backend, boss), u)).WantUser(t, u)
	}
}

// harmless are the routes that who acts as a user may call: what they read, and
// what changes nothing that lets anybody in.
var harmless = []string{
	"GET /users/me", "PATCH /users/me", "GET /auth/sessions", "GET /auth/factors", "GET /auth/accounts",
	"GET /auth/second-factor", "GET /auth/audit/me",
}

// whoActsChangesNothing: every route that is not listed as harmless refuses who
// acts as a user, also as one who might call it: a superuser, whom a strategy
// of one's own lets somebody act as.
func whoActsChangesNothing(t *testing.T, a *harness.App) {
	boss := a.NewUser(t, harness.Superuser, harness.Verified)
	u := a.NewUser(t, harness.Superuser, harness.Verified)
	fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}, {Method: "email", At: a.Now()}}
	tried := 0
	for _, backend := range harness.Backends {
		acting := a.Issue(t, backend, core.Session{UserID: u.ID, Actor: boss.ID, Proofs: fresh})
		own := a.LogIn(t, backend, u)
		body := harness.JSONObject(harness.Object{
			"password": harness.Password, "code": "1", "user_id": boss.ID, "reason": "I02",
		})
		before := *find(t, a, u.ID)
		for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), harness.OAuthRoutes(a.Auth), a.APIKeys().At("/auth")) {
			route := e.Method + " " + e.Prefix + e.Pattern
			reads := slices.ContainsFunc(e.Access, func(w core.Access) bool { return w.Backend == backend })
			ends := strings.HasSuffix(route, "/logout") || strings.HasSuffix(route, "/impersonate/end")
			if !reads || e.Public || ends || slices.Contains(harmless, route) {
				continue
			}
			tried++
			a.Want(t, strings.TrimSuffix(route, "/")+" 403", harness.Case("I02 "+route+", "+backend), harness.PathID(boss.ID),
				acting, body)
		}
		for _, change := range []string{
			`{"password": "` + harness.OtherPassword + `"}`, `{"email": "i02@example.org"}`,
			`{"password": "` + harness.OtherPassword + `", "current_password": "` + harness.Password + `"}`,
			`{"email": "i02@example.org", "current_password": "` + harness.OtherPassword + `"}`,
		} {
			a.Want(t, "PATCH /users/me 403", harness.Case("I02 "+change+", "+backend), acting, harness.JSON(change))
		}
		if now := *find(t, a, u.ID); now != before {
			t.Errorf("I02 changed %+v to %+v", before, now)
		}
		for _, route := range []string{"GET /users/me 200", "GET /auth/sessions 200"} {
			a.Want(t, route, harness.Case("I02 "+route+" (twin), "+backend), acting)
		}
		a.Want(t, "GET /users/{id} 200", harness.Case("I02 a superuser themselves (twin), "+backend),
			harness.PathID(boss.ID), own)
	}
	if tried < 3*15 {
		t.Errorf("I02 only %d routes were tried", tried)
	}
}

// comingBack is to what an administrator had, once, while they are one.
func comingBack(t *testing.T, a *harness.App) {
	for _, backend := range []string{"cookie", "session"} {
		u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
		end := "POST /auth/" + backend + "/impersonate/end "
		mine := a.LogIn(t, backend, boss)
		a.Advance(9 * time.Minute)
		acted := a.Act(t, backend, mine, u)
		a.Advance(2 * time.Minute)
		back := a.Admitted(t, backend, a.Want(t, end+harness.LoginStatus(backend),
			harness.Case("I04 comes back (twin), "+backend), acted))
		a.Want(t, "GET /users/me 401", harness.Case("I04 the old token of the actor, "+backend), mine)
		a.Want(t, end+"401", harness.Case("I04 a replay, "+backend), acted)
		a.Want(t, "DELETE /users/{id} "+proofRequired, harness.Case("I04 its proofs are as old as they were, "+backend),
			harness.PathID(u.ID), back)
		if n := len(sessionsOf(t, a, boss)); n != 1 {
			t.Errorf("I04 the actor has %d sessions", n)
		}

		mine = a.LogIn(t, backend, boss)
		acted = a.Act(t, backend, mine, u)
		a.Want(t, "POST /auth/"+backend+"/logout 204", mine)
		got := a.Want(t, end+"204", harness.Case("I04 the actor's login has ended, "+backend), acted)
		if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
			t.Errorf("I04 the cookie stays: %v", got.Cookie(t))
		}
		a.Want(t, end+"401", harness.Case("I04 a replay of that, "+backend), acted)

		acted = a.Act(t, backend, a.LogIn(t, backend, boss), u)
		a.EditStored(t, boss, func(u *harness.Account) { u.IsSuperuser = false })
		a.Want(t, end+"401", harness.Case("I04 a dismissed administrator, "+backend), acted)
		a.Want(t, "GET /users/me 401", harness.Case("I04 a dismissed administrator acts no more, "+backend), acted)
	}
}

// sessionsOf returns a user's living sessions.
func sessionsOf(t *testing.T, a *harness.App, u *harness.Account) []*core.Session {
	t.Helper()
	living, err := a.Manager().Sessions(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return living
}

// actorIsJudged: the administrator is judged at every request in which they act
// as a user, and an hour is all that they have, however busy they are.
func actorIsJudged(t *testing.T, a *harness.App) {
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
}

// actsAreOnRecord: whatever an administrator does as a user has their name in
// the record, and is found by it. The user learns that it was not they, and no
// more.
func actsAreOnRecord(t *testing.T, a *harness.App) {
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
}
