package contract_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// moment is something that happens once, in the middle of a request.
type moment struct{ do atomic.Pointer[func()] }

func (m *moment) arm(do func()) { m.do.Store(&do) }

func (m *moment) pass() {
	if do := m.do.Swap(nil); do != nil {
		(*do)()
	}
}

// TestAttackInTheMiddle lets other requests win, exactly between the look at a
// user and the write.
func TestAttackInTheMiddle(t *testing.T) {
	var moments per[moment]
	before := func(call string) func(*app, *options) {
		return func(a *app, _ *options) {
			m := moments.of(a)
			a.note = func(now string) {
				if now == call {
					m.pass()
				}
			}
		}
	}
	remove := func(t *testing.T, a *app, u *Account) func() {
		return func() {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Error(err)
			}
		}
	}
	// A store may hold the row from before the write on, so others win
	// right after the guard has found the caller.
	looked := func(a *app, _ *options) { a.kept.users = afterFind{a.kept.users, moments.of(a)} }
	onEveryStore(t, looked, func(t *testing.T, a *app) {
		m := moments.of(a)
		admin, target := a.asAdmin(t)
		u := a.user(t)
		mine := a.login(t, "cookie", u)
		m.arm(remove(t, a, u))
		a.attack(t, "S05 a user who is deleted while they change themselves", "PATCH /users/me 401", mine,
			text(`{"full_name": "x"}`))
		gone := a.user(t)
		gones := a.login(t, "jwt", gone)
		m.arm(remove(t, a, gone))
		a.attack(t, "S05 a user who is deleted while they end their sessions", "DELETE /auth/sessions 401", gones)
		m.arm(remove(t, a, target))
		a.attack(t, "S05 a user who is deleted while a superuser changes them", "PATCH /users/{id} 404",
			append(admin, text(`{"full_name": "x"}`))...)
	})
	hashing := func(a *app, o *options) { o.Hashers = []core.Hasher{whileHashing{a.hasher, moments.of(a)}} }
	onEveryStore(t, hashing, func(t *testing.T, a *app) {
		one, other := a.user(t), a.user(t)
		mine := a.login(t, "session", one)
		moments.of(a).arm(func() { a.change(t, other, latchkey.Changes[Account]{Email: new("g01@example.org")}) })
		address := func(email string) option { return members(object{"email": email, "password": another}) }
		a.attack(t, "G01 an address that another takes meanwhile", "PATCH /users/me 400 UPDATE_USER_EMAIL_ALREADY_EXISTS",
			mine, address("G01@example.org"))
		a.want(t, "PATCH /users/me 200 (twin)", mine, address("g01.other@example.org"))
	})
	onEveryStore(t, before("users.Create"), func(t *testing.T, a *app) {
		moments.of(a).arm(func() { a.user(t, func(u *Account) { u.Email = "g01@example.org" }) })
		a.attack(t, "G01 an address that another registers meanwhile", taken, registration("G01@example.org"))
		a.want(t, registerRoute+"201 (twin)", registration("g01.other@example.org"))
	})
	onEveryStore(t, looked, func(t *testing.T, a *app) {
		admin, target := a.asAdmin(t)
		moments.of(a).arm(remove(t, a, target))
		a.attack(t, "S05 a user who is deleted twice at once", "DELETE /users/{id} 404", admin...)
		a.want(t, "DELETE /users/{id} 204 (twin)", admin[0], id(a.user(t).ID))
	})
	onEveryStore(t, func(a *app, o *options) {
		o.PasswordPolicy = func(context.Context, string, core.AnyUser) error { moments.of(a).pass(); return nil }
	}, func(t *testing.T, a *app) {
		for name, end := range map[string]func(u *Account){
			"the password is changed": func(u *Account) { a.edit(t, u, func(u *Account) { u.TokenEpoch++ }) },
			"the address is changed": func(u *Account) {
				a.edit(t, u, func(u *Account) { u.Email, u.EmailKey = "r02@example.org", "r02@example.org" })
			},
			"the user is deactivated": func(u *Account) { a.edit(t, u, inactive) },
			"the user is deleted":     func(u *Account) { remove(t, a, u)() },
		} {
			u := a.user(t)
			token := a.asked(t, "reset", u)
			moments.of(a).arm(func() { end(u) })
			a.attack(t, "R02 a reset while "+name, badReset, fresh(token))
			a.attack(t, "R02 and once more, after "+name, badReset, fresh(token))
		}
		a.want(t, resetRoute+"200 (twin)", fresh(a.asked(t, "reset", a.user(t))))
	})
}

// whileHashing is a hasher that something happens before.
type whileHashing struct {
	*fakeHasher
	*moment
}

func (h whileHashing) Hash(password string) (core.PasswordHash, error) {
	h.pass()
	return h.fakeHasher.Hash(password)
}

// afterFind is a user store where a moment passes after a user was found.
type afterFind struct {
	core.UserStore[Account]
	*moment
}

func (s afterFind) Unwrap() any { return s.UserStore }
func (s afterFind) Find(ctx context.Context, key core.Key) (*Account, error) {
	u, err := s.UserStore.Find(ctx, key)
	s.pass()
	return u, err
}

// TestAttackR11Once lets a token be used between another request's look at it
// and that request's effect.
func TestAttackR11Once(t *testing.T) {
	var moments per[moment]
	onEveryStore(t, func(a *app, _ *options) { a.kept.users = afterFind{a.kept.users, moments.of(a)} },
		func(t *testing.T, a *app) {
			u := a.user(t)
			token := a.asked(t, "verify", u)
			verify := func() { a.want(t, verifyRoute+"200 (twin)", proof(token)) }
			moments.of(a).arm(verify)
			a.attack(t, "R11 a token that is used meanwhile", verifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED", proof(token))
			u = a.user(t)
			token = a.asked(t, "verify", u)
			moments.of(a).arm(func() {
				verify()
				a.change(t, u, latchkey.Changes[Account]{IsVerified: new(false)})
			})
			a.attack(t, "R11 a token that is used, and its effect undone, meanwhile", badVerify, proof(token))
			token = a.asked(t, "reset", u)
			moments.of(a).arm(func() { a.want(t, resetRoute+"200 (twin)", fresh(token)) })
			a.attack(t, "R01 a reset token that is used meanwhile", badReset, fresh(token))
		})
}

// TestAttackG07EveryHash: all that hashes a password is refused alike where too
// many are hashed, and uses nothing up.
func TestAttackG07EveryHash(t *testing.T) {
	onEveryStore(t, func(a *app, o *options) {
		a.hasher.hold = make(chan struct{})
		o.HashConcurrency, o.InsecureNoLimits = 1, true
	}, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.asked(t, "reset", u)
		// of one account, others would come before it (G22)
		flood := a.atOnce(t, 66, "POST", "/auth/session/login", func(i int) option {
			return form("username", fmt.Sprintf("nobody%d@example.org", i), "password", another)
		})
		<-flood // the one too many: from here on the queue is full
		a.wantUnchanged(t, func() {
			a.attack(t, "G07 saturated, login", "POST /auth/jwt/login "+unavailable,
				form("username", u.Email, "password", password))
			a.attack(t, "G07 saturated, register", registerRoute+unavailable, registration("g07@example.org"))
			a.attack(t, "G07 saturated, reset", resetRoute+unavailable, fresh(token))
		})
		close(a.hasher.hold)
		for got := range flood {
			if got.status != 400 {
				t.Errorf("one that waited got %d %s", got.status, got.body)
			}
		}
		a.want(t, "POST /auth/jwt/login 200 (twin)", form("username", u.Email, "password", password))
		a.want(t, registerRoute+"201 (twin)", registration("g07@example.org"))
		a.want(t, resetRoute+"200 (twin, the token is not used up)", fresh(token))
	})
}

// TestAttackF01SessionsCannotBeEnded: a change of the password stands, its
// epoch protects, and the clean-up is tried again.
func TestAttackF01SessionsCannotBeEnded(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		var others []option
		for _, backend := range backends {
			others = append(others, a.login(t, backend, u))
		}
		mine := a.login(t, "jwt", u)
		a.begin("sessions.DeleteAll")
		a.attack(t, "F01 sessions that cannot be ended with a new password", "PATCH /users/me 200", mine,
			members(object{"password": another}))
		for i, backend := range backends {
			a.attack(t, "F01 S04 they are dead nevertheless, "+backend, "GET /users/me 401", others[i])
		}
		login := a.want(t, "POST /auth/session/login 200 (twin)", form("username", u.Email, "password", another))
		_, token := a.given(t, login)
		if listed := a.sessions(t, asBearer(token)); len(listed) != 1 || !listed[0].Current {
			t.Errorf("F01: the living sessions are %+v", listed)
		}
		a.end()
		a.begin("sessions.Delete")
		a.attack(t, "F01 a session that cannot be ended", "DELETE /auth/sessions/{id} "+unavailable, asBearer(token),
			id(a.sessions(t, asBearer(token))[0].ID))
		a.end()
		if err := a.Close(t.Context()); err != nil { // which gives the clean-up its next attempt at once
			t.Fatal(err)
		}
		living, err := a.kept.sessions.List(t.Context(), u.ID)
		if err != nil || len(living) != 1 {
			t.Errorf("F01: %d sessions are left after the clean-up, %v", len(living), err)
		}
	})
}

func TestAttackG20Vetoes(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Account]) error {
			if e.User.Email == "edited@example.org" {
				e.User.Email = "no e-mail"
			}
			return nil
		}
		o.Hooks.BeforeUpdate = func(context.Context,
			*latchkey.Event[Account]) error {
			return errors.New("the hook cannot ask")
		}
		o.Hooks.BeforeDelete = func(context.Context,
			*latchkey.Event[Account]) error {
			return latchkey.Refuse("CANNOT_BE_DELETED")
		}
	}, func(t *testing.T, a *app) {
		admin, _ := a.asAdmin(t)
		a.wantUnchanged(t, func() {
			a.attack(t, "G20 a hook edits the address to what is none", registerRoute+"422 body.email value_error",
				registration("edited@example.org"))
			a.attack(t, "G20 a hook cannot say whether a change is allowed", "PATCH /users/{id} "+unavailable,
				append(admin, text(`{"full_name": "x"}`))...)
			a.attack(t, "G20 a hook refuses a deletion", "DELETE /users/{id} 400 CANNOT_BE_DELETED", admin...)
		})
		a.want(t, registerRoute+"201 (twin)", registration("g20@example.org"))
	})
}
