package contract_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// ends are the ways in which a login ends. Each gives who asked.
var ends = map[string]func(t *testing.T, a *app, u *Account, mine option){
	"all sessions end": func(t *testing.T, a *app, u *Account, _ option) {
		if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
			t.Error(err)
		}
	},
	"the password is changed": func(t *testing.T, a *app, u *Account, _ option) {
		a.change(t, u, latchkey.Changes[Account]{Password: new("yet another 17 password")})
	},
	"the user is deactivated": func(t *testing.T, a *app, u *Account, _ option) {
		a.change(t, u, latchkey.Changes[Account]{IsActive: new(false)})
	},
	"the user logs out": func(t *testing.T, a *app, _ *Account, mine option) {
		a.to(t, "POST /auth/jwt/logout", mine).expect(t, 204, "")
	},
}

// inTheHook lets something happen once between the guard and the write.
func inTheHook(moments *per[moment]) func(*app, *options) {
	return func(a *app, o *options) {
		pass := func(context.Context, *latchkey.Event[Account]) error { moments.of(a).pass(); return nil }
		o.Hooks.BeforeUpdate, o.Hooks.BeforeDelete = pass, pass
	}
}

// find reads a user as it is kept.
func (a *app) find(t *testing.T, id string) *Account {
	t.Helper()
	u, err := a.Manager().Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAttackS23AChangeOutlivesItsLogin(t *testing.T) {
	var moments per[moment]
	onEveryStore(t, inTheHook(&moments), func(t *testing.T, a *app) {
		for name, end := range ends {
			for _, backend := range backends {
				u := a.user(t)
				mine := a.login(t, backend, u)
				var before *Account
				moments.of(a).arm(func() {
					end(t, a, u, mine)
					before = a.find(t, u.ID)
				})
				a.attack(t, "S23 a change while "+name+", "+backend, "PATCH /users/me 401", mine,
					members(object{"password": another, "email": "s23." + u.Email, "full_name": "S23"}))
				after := a.find(t, u.ID)
				if after.HashedPassword != before.HashedPassword || after.Email != u.Email || after.FullName != u.FullName ||
					after.TokenEpoch != before.TokenEpoch {
					t.Errorf("S23 %s, %s: the change was written: %+v", name, backend, after)
				}
			}
		}
		u := a.user(t)
		mine := a.login(t, "jwt", u)
		moments.of(a).arm(func() { a.change(t, u, latchkey.Changes[Account]{IsVerified: new(true)}) })
		a.want(t, "PATCH /users/me 200 (twin, another change meanwhile)", mine, members(object{"full_name": "S23"}))
		for _, backend := range []string{"cookie", "session"} {
			mine := a.login(t, backend, a.user(t))
			moments.of(a).arm(func() { a.want(t, "PATCH /users/me 200", mine, members(object{"password": another})) })
			a.want(t, "PATCH /users/me 200 (twin, the same session sets a password meanwhile)", mine,
				members(object{"full_name": "S23"}))
			a.want(t, "GET /users/me 200", mine)
		}
	})
}

// TestAttackS23AtTheLastMoment: the login ends after the strategy was asked
// again, right before the transaction.
func TestAttackS23AtTheLastMoment(t *testing.T) {
	var hooks, finds per[moment]
	onEveryStore(t, func(a *app, o *options) {
		a.kept.users = afterFind{a.kept.users, finds.of(a)}
		inTheHook(&hooks)(a, o)
	}, func(t *testing.T, a *app) {
		late := func(end func()) { hooks.of(a).arm(func() { finds.of(a).arm(end) }) }
		for _, name := range []string{"all sessions end", "the password is changed", "the user is deactivated"} {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			late(func() { ends[name](t, a, u, mine) })
			a.attack(t, "S23 a change right after "+name, "PATCH /users/me 401", mine, text(`{"full_name": "S23"}`))
			if a.find(t, u.ID).FullName != u.FullName {
				t.Errorf("S23 %s: the change was written", name)
			}
		}
		admin, target := a.user(t, superuser), a.user(t)
		theirs := a.login(t, "jwt", admin)
		late(func() { ends["all sessions end"](t, a, admin, theirs) })
		a.attack(t, "S23 a change of another right after a superuser's sessions end", "PATCH /users/{id} 401", id(target.ID),
			theirs, text(`{"is_active": false}`))
		if !a.find(t, target.ID).IsActive {
			t.Error("S23 the target was deactivated")
		}
		u := a.user(t)
		late(func() {})
		a.want(t, "PATCH /users/me 200 (twin)", a.login(t, "jwt", u), text(`{"full_name": "S23"}`))
	})
}

// TestAttackS23WithoutTransactions: the login ends between the last look at its
// user and the write.
func TestAttackS23WithoutTransactions(t *testing.T) {
	var hooks, finds per[moment]
	onOne(t, func(a *app, o *options) {
		a.kept.users = afterFind{a.kept.users, finds.of(a)}
		inTheHook(&hooks)(a, o)
	}, func(t *testing.T, a *app) {
		for _, name := range []string{"all sessions end", "the password is changed", "the user is deactivated"} {
			u := a.user(t)
			mine := a.login(t, "jwt", u)
			hooks.of(a).arm(func() {
				finds.of(a).arm(func() { finds.of(a).arm(func() { ends[name](t, a, u, mine) }) })
			})
			a.attack(t, "S23 a change at the moment when "+name, "PATCH /users/me 401", mine, text(`{"full_name": "S23"}`))
			if a.find(t, u.ID).FullName != u.FullName {
				t.Errorf("S23 %s: the change was written", name)
			}
		}
		a.user(t, superuser) // somebody stays
		admin := a.user(t, superuser)
		mine := a.login(t, "jwt", admin)
		late := func(end func()) {
			hooks.of(a).arm(func() { finds.of(a).arm(func() { finds.of(a).arm(end) }) })
		}
		late(func() { a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(false)}) })
		a.attack(t, "S23 a superuser promotes himself at the moment when he is demoted", "PATCH /users/{id} 403",
			id(admin.ID), mine, text(`{"is_superuser": true}`))
		if a.find(t, admin.ID).IsSuperuser {
			t.Error("S23 the demoted superuser is one again")
		}
		late(func() { a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(true)}) })
		a.want(t, "PATCH /users/me 200 (twin, promoted at the moment)", mine, text(`{"full_name": "S23"}`))
		late(func() { a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(false)}) })
		a.want(t, "PATCH /users/me 200 (twin, a right that the route does not ask for)", mine, text(`{"full_name": "S23"}`))
	})
}

// slowFind is a user store in which another request has time to go on.
type slowFind struct{ core.UserStore[Account] }

func (s slowFind) Unwrap() any { return s.UserStore }
func (s slowFind) Find(ctx context.Context, key core.Key) (*Account, error) {
	u, err := s.UserStore.Find(ctx, key)
	time.Sleep(time.Millisecond)
	return u, err
}

// TestAttackS23SuperusersWithoutTransactions: whatever two superusers do to
// each other and themselves at once, one is left.
func TestAttackS23SuperusersWithoutTransactions(t *testing.T) {
	onOne(t, func(a *app, _ *options) { a.kept.users = slowFind{a.kept.users} }, func(t *testing.T, a *app) {
		remove := map[string]func(target *Account, by option) answer{
			"demote": func(target *Account, by option) answer {
				return a.exchange(t.Context(), "PATCH", "/users/"+target.ID, by, text(`{"is_superuser": false}`))
			},
			"deactivate": func(target *Account, by option) answer {
				return a.exchange(t.Context(), "PATCH", "/users/"+target.ID, by, text(`{"is_active": false}`))
			},
			"delete": func(target *Account, by option) answer {
				return a.exchange(t.Context(), "DELETE", "/users/"+target.ID, by)
			},
		}
		// Who removes whom: the first by the first, the second by the
		// second.
		for name, targets := range map[string][2]int{"each other": {1, 0}, "themselves": {0, 1}, "the second": {1, 1},
			"the first": {0, 0}} {
			for how, do := range remove {
				t.Run("S23 two superusers "+how+" "+name+" at once", func(t *testing.T) {
					both := []*Account{a.user(t, superuser), a.user(t, superuser)}
					mine := []option{a.login(t, "jwt", both[0]), a.login(t, "session", both[1])}
					var done sync.WaitGroup
					var got [2]answer
					for i := range both {
						done.Go(func() { got[i] = do(both[targets[i]], mine[i]) })
					}
					done.Wait()
					left := 0
					for _, u := range both {
						found, err := a.Manager().Find(t.Context(), u.ID)
						if err == nil && found.IsActive && found.IsSuperuser {
							left++
						}
						if err == nil {
							a.change(t, u, latchkey.Changes[Account]{IsSuperuser: new(false)}) // not of the next subtest
						}
					}
					if left != 1 {
						t.Errorf("S23 %d superusers are left: %d %s, %d %s", left, got[0].status, got[0].body, got[1].status, got[1].body)
					}
				})
			}
		}
	})
}

func TestAttackS23AChangeOutlivesItsRights(t *testing.T) {
	var moments per[moment]
	onEveryStore(t, inTheHook(&moments), func(t *testing.T, a *app) {
		demoted := latchkey.Changes[Account]{IsSuperuser: new(false)}
		lose := func(u *Account, c latchkey.Changes[Account]) { moments.of(a).arm(func() { a.change(t, u, c) }) }
		a.user(t, superuser) // somebody stays
		admin := a.user(t, superuser)
		mine := a.login(t, "session", admin)

		lose(admin, demoted)
		a.attack(t, "S23 a demoted superuser promotes himself", "PATCH /users/{id} 403", id(admin.ID), mine,
			text(`{"is_superuser": true}`))
		target := a.user(t)
		a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(true)})
		lose(admin, demoted)
		a.attack(t, "S23 a demoted superuser changes another", "PATCH /users/{id} 403", id(target.ID), mine,
			text(`{"is_active": false}`))
		a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(true)})
		lose(admin, demoted)
		a.attack(t, "S23 a demoted superuser deletes another", "DELETE /users/{id} 403", id(target.ID), mine)
		a.change(t, admin, latchkey.Changes[Account]{IsSuperuser: new(true)})
		lose(admin, latchkey.Changes[Account]{IsActive: new(false)})
		a.attack(t, "S23 a deactivated superuser reactivates himself", "PATCH /users/{id} 401", id(admin.ID), mine,
			text(`{"is_active": true}`))
		if u := a.find(t, admin.ID); u.IsActive {
			t.Error("S23 the deactivated superuser is active again")
		}
		if u := a.find(t, target.ID); !u.IsActive {
			t.Error("S23 the target was deactivated")
		}
		boss := a.user(t, superuser)
		lose(admin, demoted)
		a.want(t, "DELETE /users/{id} 204 (twin, another is demoted meanwhile)", id(target.ID), a.login(t, "session", boss))
	})
}

func TestAttackS23SessionsAreEndedByALivingLoginAlone(t *testing.T) {
	var moments per[moment]
	onEveryStore(t, func(a *app, _ *options) { a.kept.users = afterFind{a.kept.users, moments.of(a)} },
		func(t *testing.T, a *app) {
			for name, end := range ends {
				u := a.user(t)
				mine := a.login(t, "session", u)
				var epoch int64
				moments.of(a).arm(func() {
					end(t, a, u, mine)
					epoch = a.find(t, u.ID).TokenEpoch
				})
				a.attack(t, "S23 the end of all sessions while "+name, "DELETE /auth/sessions 401", mine)
				if now := a.find(t, u.ID).TokenEpoch; now != epoch {
					t.Errorf("S23 %s: the epoch rose to %d", name, now)
				}
			}
			u := a.user(t)
			mine, other := a.login(t, "session", u), a.login(t, "session", u)
			sessions := a.want(t, "GET /auth/sessions 200", other)
			var list []object
			if !strict(sessions.body, &list) || len(list) != 2 {
				t.Fatalf("S23 got %s", sessions.body)
			}
			theirs := list[0]
			if theirs["current"] == true {
				theirs = list[1]
			}
			moments.of(a).arm(func() { ends["the user logs out"](t, a, u, other) })
			a.attack(t, "S23 one session ends another while it is logged out", "DELETE /auth/sessions/{id} 401",
				id(theirs["id"].(string)), other)
			a.want(t, "DELETE /auth/sessions 204 (twin)", mine)
		})
}
