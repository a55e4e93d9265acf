package attacks_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// ends are the ways in which a login ends.
var ends = map[string]func(t *testing.T, a *harness.App, u *harness.Account, mine harness.Option){
	"all sessions end": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Option) {
		if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
			t.Error(err)
		}
	},
	"the password is changed": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Option) {
		a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Password: new("yet another 17 password")})
	},
	"the user is deactivated": func(t *testing.T, a *harness.App, u *harness.Account, _ harness.Option) {
		a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsActive: new(false)})
	},
	"the user logs out": func(t *testing.T, a *harness.App, _ *harness.Account, mine harness.Option) {
		a.Want(t, "POST /auth/jwt/logout 204", mine)
	},
}

// inTheHook lets something happen once between the guard and the write.
func inTheHook(moments *harness.PerApp[harness.Moment]) func(*harness.App, *harness.Options) {
	return func(a *harness.App, o *harness.Options) {
		pass := func(context.Context, *latchkey.Event[harness.Account]) error { moments.Of(a).Pass(); return nil }
		o.Hooks.BeforeUpdate, o.Hooks.BeforeDelete = pass, pass
	}
}

// find reads a user as it is kept.
func find(t *testing.T, a *harness.App, id string) *harness.Account {
	t.Helper()
	u, err := a.Manager().Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAttackS23AChangeOutlivesItsLogin(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	harness.OnEveryStore(t, inTheHook(&moments), func(t *testing.T, a *harness.App) {
		for name, end := range ends {
			for _, backend := range harness.Backends {
				u := a.NewUser(t)
				mine := a.LogIn(t, backend, u)
				var before *harness.Account
				moments.Of(a).Arm(func() {
					end(t, a, u, mine)
					before = find(t, a, u.ID)
				})
				a.Want(t, "PATCH /users/me 401", harness.Case("S23 a change while "+name+", "+backend), mine,
					harness.JSONObject(harness.Object{"password": harness.OtherPassword, "email": "s23." + u.Email,
						"full_name": "S23"}))
				after := find(t, a, u.ID)
				if after.HashedPassword != before.HashedPassword || after.Email != u.Email || after.FullName != u.FullName ||
					after.TokenEpoch != before.TokenEpoch {
					t.Errorf("S23 %s, %s: the change was written: %+v", name, backend, after)
				}
			}
		}
		u := a.NewUser(t)
		mine := a.LogIn(t, "jwt", u)
		moments.Of(a).Arm(func() { a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(true)}) })
		a.Want(t, "PATCH /users/me 200 (twin, another change meanwhile)", mine,
			harness.JSONObject(harness.Object{"full_name": "S23"}))
		for _, backend := range []string{"cookie", "session"} {
			mine := a.LogIn(t, backend, a.NewUser(t))
			moments.Of(a).Arm(func() {
				a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			})
			a.Want(t, "PATCH /users/me 200 (twin, the same session sets a password meanwhile)", mine,
				harness.JSONObject(harness.Object{"full_name": "S23"}))
			a.Want(t, "GET /users/me 200", mine)
		}
	})
}

// TestAttackS23AtTheLastMoment: the login ends after the strategy has rechecked
// again, right before the transaction.
func TestAttackS23AtTheLastMoment(t *testing.T) {
	var hooks, finds harness.PerApp[harness.Moment]
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		a.Stores.Users = afterFind{a.Stores.Users, finds.Of(a)}
		inTheHook(&hooks)(a, o)
	}, func(t *testing.T, a *harness.App) {
		late := func(end func()) { hooks.Of(a).Arm(func() { finds.Of(a).Arm(end) }) }
		for _, name := range []string{"all sessions end", "the password is changed", "the user is deactivated"} {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			late(func() { ends[name](t, a, u, mine) })
			a.Want(t, "PATCH /users/me 401", harness.Case("S23 a change right after "+name), mine,
				harness.JSON(`{"full_name": "S23"}`))
			if find(t, a, u.ID).FullName != u.FullName {
				t.Errorf("S23 %s: the change was written", name)
			}
		}
		admin, target := a.NewUser(t, harness.Superuser), a.NewUser(t)
		theirs := a.LogIn(t, "jwt", admin)
		late(func() { ends["all sessions end"](t, a, admin, theirs) })
		a.Want(t, "PATCH /users/{id} 401", harness.Case("S23 a change of another right after a superuser's sessions end"),
			harness.PathID(target.ID), theirs, harness.JSON(`{"is_active": false}`))
		if !find(t, a, target.ID).IsActive {
			t.Error("S23 the target was deactivated")
		}
		u := a.NewUser(t)
		late(func() {})
		a.Want(t, "PATCH /users/me 200 (twin)", a.LogIn(t, "jwt", u), harness.JSON(`{"full_name": "S23"}`))
	})
}

// TestAttackS23WithoutTransactions: the login ends between the last look at its
// user and the write.
func TestAttackS23WithoutTransactions(t *testing.T) {
	var hooks, finds harness.PerApp[harness.Moment]
	harness.OnOneAdapter(t, func(a *harness.App, o *harness.Options) {
		a.Stores.Users = afterFind{a.Stores.Users, finds.Of(a)}
		inTheHook(&hooks)(a, o)
	}, func(t *testing.T, a *harness.App) {
		for _, name := range []string{"all sessions end", "the password is changed", "the user is deactivated"} {
			u := a.NewUser(t)
			mine := a.LogIn(t, "jwt", u)
			hooks.Of(a).Arm(func() {
				finds.Of(a).Arm(func() { finds.Of(a).Arm(func() { ends[name](t, a, u, mine) }) })
			})
			a.Want(t, "PATCH /users/me 401", harness.Case("S23 a change at the moment when "+name), mine,
				harness.JSON(`{"full_name": "S23"}`))
			if find(t, a, u.ID).FullName != u.FullName {
				t.Errorf("S23 %s: the change was written", name)
			}
		}
		a.NewUser(t, harness.Superuser) // somebody stays
		admin := a.NewUser(t, harness.Superuser)
		mine := a.LogIn(t, "jwt", admin)
		late := func(end func()) {
			hooks.Of(a).Arm(func() { finds.Of(a).Arm(func() { finds.Of(a).Arm(end) }) })
		}
		late(func() { a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(false)}) })
		a.Want(t, "PATCH /users/{id} 403", harness.Case("S23 a superuser promotes himself at the moment when he is demoted"),
			harness.PathID(admin.ID), mine, harness.JSON(`{"is_superuser": true}`))
		if find(t, a, admin.ID).IsSuperuser {
			t.Error("S23 the demoted superuser is one again")
		}
		late(func() { a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(true)}) })
		a.Want(t, "PATCH /users/me 200 (twin, promoted at the moment)", mine, harness.JSON(`{"full_name": "S23"}`))
		late(func() { a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(false)}) })
		a.Want(t, "PATCH /users/me 200 (twin, a right that the route does not ask for)", mine,
			harness.JSON(`{"full_name": "S23"}`))
	})
}

// slowFind is a user store in which another request has time to go on.
type slowFind struct {
	core.UserStore[harness.Account]
}

func (s slowFind) Unwrap() any { return s.UserStore }

func (s slowFind) Find(ctx context.Context, key core.Key) (*harness.Account, error) {
	u, err := s.UserStore.Find(ctx, key)
	time.Sleep(time.Millisecond)
	return u, err
}

// TestAttackS23SuperusersWithoutTransactions: whatever two superusers do to
// each other and themselves at once, one is left.
func TestAttackS23SuperusersWithoutTransactions(t *testing.T) {
	harness.OnOneAdapter(t, func(a *harness.App, _ *harness.Options) { a.Stores.Users = slowFind{a.Stores.Users} },
		func(t *testing.T, a *harness.App) {
			remove := map[string]func(target *harness.Account, by harness.Option) harness.Answer{
				"demote": func(target *harness.Account, by harness.Option) harness.Answer {
					return a.TrySend(t.Context(), "PATCH", "/users/"+target.ID, by, harness.JSON(`{"is_superuser": false}`))
				},
				"deactivate": func(target *harness.Account, by harness.Option) harness.Answer {
					return a.TrySend(t.Context(), "PATCH", "/users/"+target.ID, by, harness.JSON(`{"is_active": false}`))
				},
				"delete": func(target *harness.Account, by harness.Option) harness.Answer {
					return a.TrySend(t.Context(), "DELETE", "/users/"+target.ID, by)
				},
				"suspend": func(target *harness.Account, by harness.Option) harness.Answer {
					return a.TrySend(t.Context(), "POST", "/users/"+target.ID+"/suspend", by, harness.JSON(`{"reason": "S23"}`))
				},
			}
			// Who removes whom: the first by the first, the second
			// by the second.
			for name, targets := range map[string][2]int{"each other": {1, 0}, "themselves": {0, 1}, "the second": {1, 1},
				"the first": {0, 0}} {
				for how, do := range remove {
					if name == "themselves" && how != "deactivate" { // ADMIN_SELF, whoever is left
						continue
					}
					t.Run("S23 two superusers "+how+" "+name+" at once", func(t *testing.T) {
						both := []*harness.Account{a.NewUser(t, harness.Superuser), a.NewUser(t, harness.Superuser)}
						mine := []harness.Option{a.LogIn(t, "jwt", both[0]), a.LogIn(t, "session", both[1])}
						var done sync.WaitGroup
						var got [2]harness.Answer
						for i := range both {
							done.Go(func() { got[i] = do(both[targets[i]], mine[i]) })
						}
						done.Wait()
						left := 0
						for _, u := range both {
							found, err := a.Manager().Find(t.Context(), u.ID)
							if err == nil && !found.Blocked(a.Now()) && found.IsSuperuser {
								left++
							}
							if err == nil {
								a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsSuperuser: new(false)}) // not of the next subtest
							}
						}
						if left != 1 {
							t.Errorf("S23 %d superusers are left: %d %s, %d %s", left, got[0].Status, got[0].Body, got[1].Status,
								got[1].Body)
						}
					})
				}
			}
		})
}

func TestAttackS23AChangeOutlivesItsRights(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	harness.OnEveryStore(t, inTheHook(&moments), func(t *testing.T, a *harness.App) {
		demoted := latchkey.Changes[harness.Account]{IsSuperuser: new(false)}
		lose := func(u *harness.Account, c latchkey.Changes[harness.Account]) {
			moments.Of(a).Arm(func() { a.ChangeUser(t, u, c) })
		}
		a.NewUser(t, harness.Superuser) // somebody stays
		admin := a.NewUser(t, harness.Superuser)
		mine := a.LogIn(t, "session", admin)

		lose(admin, demoted)
		a.Want(t, "PATCH /users/{id} 403", harness.Case("S23 a demoted superuser promotes himself"), harness.PathID(admin.ID),
			mine, harness.JSON(`{"is_superuser": true}`))
		target := a.NewUser(t)
		a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(true)})
		lose(admin, demoted)
		a.Want(t, "PATCH /users/{id} 403", harness.Case("S23 a demoted superuser changes another"), harness.PathID(target.ID),
			mine, harness.JSON(`{"is_active": false}`))
		a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(true)})
		lose(admin, demoted)
		a.Want(t, "DELETE /users/{id} 403", harness.Case("S23 a demoted superuser deletes another"),
			harness.PathID(target.ID), mine)
		a.ChangeUser(t, admin, latchkey.Changes[harness.Account]{IsSuperuser: new(true)})
		lose(admin, latchkey.Changes[harness.Account]{IsActive: new(false)})
		a.Want(t, "PATCH /users/{id} 401", harness.Case("S23 a deactivated superuser reactivates himself"),
			harness.PathID(admin.ID), mine, harness.JSON(`{"is_active": true}`))
		if u := find(t, a, admin.ID); u.IsActive {
			t.Error("S23 the deactivated superuser is active again")
		}
		if u := find(t, a, target.ID); !u.IsActive {
			t.Error("S23 the target was deactivated")
		}
		boss := a.NewUser(t, harness.Superuser)
		lose(admin, demoted)
		a.Want(t, "DELETE /users/{id} 204 (twin, another is demoted meanwhile)", harness.PathID(target.ID),
			a.LogIn(t, "session", boss))
	})
}

func TestAttackS23SessionsAreEndedByALivingLoginAlone(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	harness.OnEveryStore(t,
		func(a *harness.App, _ *harness.Options) { a.Stores.Users = afterFind{a.Stores.Users, moments.Of(a)} },
		func(t *testing.T, a *harness.App) {
			for name, end := range ends {
				u := a.NewUser(t)
				mine := a.LogIn(t, "session", u)
				var epoch int64
				moments.Of(a).Arm(func() {
					end(t, a, u, mine)
					epoch = find(t, a, u.ID).TokenEpoch
				})
				a.Want(t, "DELETE /auth/sessions 401", harness.Case("S23 the end of all sessions while "+name), mine)
				if now := find(t, a, u.ID).TokenEpoch; now != epoch {
					t.Errorf("S23 %s: the epoch rose to %d", name, now)
				}
			}
			u := a.NewUser(t)
			mine, other := a.LogIn(t, "session", u), a.LogIn(t, "session", u)
			sessions := a.Want(t, "GET /auth/sessions 200", other)
			var list []harness.Object
			if !harness.StrictJSON(sessions.Body, &list) || len(list) != 2 {
				t.Fatalf("S23 got %s", sessions.Body)
			}
			theirs := list[0]
			if theirs["current"] == true {
				theirs = list[1]
			}
			moments.Of(a).Arm(func() { ends["the user logs out"](t, a, u, other) })
			a.Want(t, "DELETE /auth/sessions/{id} 401", harness.Case("S23 one session ends another while it is logged out"),
				harness.PathID(theirs["id"].(string)), other)
			a.Want(t, "DELETE /auth/sessions 204 (twin)", mine)
		})
}
