package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestAttackInTheMiddle lets other requests win, exactly between the look at a
// user and the write.
func TestAttackInTheMiddle(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	remove := func(t *testing.T, a *harness.App, u *harness.Account) func() {
		return func() {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Error(err)
			}
		}
	}
	// A store may hold the row from before the write on, so others win
	// right after the guard has found the caller.
	looked := func(a *harness.App, _ *harness.Options) { a.Stores.Users = afterFind{a.Stores.Users, moments.Of(a)} }
	harness.OnEveryStore(t, looked, func(t *testing.T, a *harness.App) {
		m := moments.Of(a)
		admin, target := asAdmin(t, a)
		u := a.NewUser(t)
		mine := a.LogIn(t, "cookie", u)
		m.Arm(remove(t, a, u))
		a.Want(t, "PATCH /users/me 401", harness.Case("S05 a user who is deleted while they change themselves"), mine,
			harness.JSON(`{"full_name": "x"}`))
		gone := a.NewUser(t)
		gones := a.LogIn(t, "jwt", gone)
		m.Arm(remove(t, a, gone))
		a.Want(t, "DELETE /auth/sessions 401", harness.Case("S05 a user who is deleted while they end their sessions"), gones)
		m.Arm(remove(t, a, target))
		a.Want(t, "PATCH /users/{id} 404", harness.Case("S05 a user who is deleted while a superuser changes them"),
			harness.All(append(admin, harness.JSON(`{"full_name": "x"}`))...))
	})
	hashing := func(a *harness.App, o *harness.Options) {
		o.Hashers = []core.Hasher{whileHashing{a.Hasher, moments.Of(a)}}
	}
	harness.OnEveryStore(t, hashing, func(t *testing.T, a *harness.App) {
		one, other := a.NewUser(t), a.NewUser(t)
		mine := a.LogIn(t, "session", one)
		moments.Of(a).Arm(func() { a.ChangeUser(t, other, latchkey.Changes[harness.Account]{Email: new("g01@example.org")}) })
		address := func(email string) harness.Option {
			return harness.JSONObject(harness.Object{"email": email, "password": harness.OtherPassword})
		}
		a.Want(t, "PATCH /users/me 400 UPDATE_USER_EMAIL_ALREADY_EXISTS",
			harness.Case("G01 an address that another takes meanwhile"), mine, address("G01@example.org"))
		a.Want(t, "PATCH /users/me 200 (twin)", mine, address("g01.other@example.org"))
	})
	// A registration hashes after it has looked the address up.
	harness.OnEveryStore(t, hashing, func(t *testing.T, a *harness.App) {
		moments.Of(a).Arm(func() { a.NewUser(t, func(u *harness.Account) { u.Email = "g01@example.org" }) })
		a.Want(t, taken, harness.Case("G01 an address that another registers meanwhile"), registration("G01@example.org"))
		a.Want(t, registerRoute+"201 (twin)", registration("g01.other@example.org"))
	})
	harness.OnEveryStore(t, looked, func(t *testing.T, a *harness.App) {
		admin, target := asAdmin(t, a)
		moments.Of(a).Arm(remove(t, a, target))
		a.Want(t, "DELETE /users/{id} 404", harness.Case("S05 a user who is deleted twice at once"), harness.All(admin...))
		a.Want(t, "DELETE /users/{id} 204 (twin)", admin[0], harness.PathID(a.NewUser(t).ID))
	})
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		o.PasswordPolicy = func(context.Context, string, core.AnyUser) error { moments.Of(a).Pass(); return nil }
	}, func(t *testing.T, a *harness.App) {
		for name, end := range map[string]func(u *harness.Account){
			"the password is changed": func(u *harness.Account) { a.EditStored(t, u, func(u *harness.Account) { u.TokenEpoch++ }) },
			"the address is changed": func(u *harness.Account) {
				a.EditStored(t, u, func(u *harness.Account) { u.Email, u.EmailKey = "r02@example.org", "r02@example.org" })
			},
			"the user is deactivated": func(u *harness.Account) { a.EditStored(t, u, harness.Inactive) },
			"the user is deleted":     func(u *harness.Account) { remove(t, a, u)() },
		} {
			u := a.NewUser(t)
			token := a.MailedToken(t, "reset", u)
			moments.Of(a).Arm(func() { end(u) })
			a.Want(t, badReset, harness.Case("R02 a reset while "+name), harness.ResetBody(token))
			a.Want(t, badReset, harness.Case("R02 and once more, after "+name), harness.ResetBody(token))
		}
		a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(a.MailedToken(t, "reset", a.NewUser(t))))
	})
}

// whileHashing is a hasher that something happens before.
type whileHashing struct {
	*harness.FakeHasher
	*harness.Moment
}

func (h whileHashing) Hash(password string) (core.PasswordHash, error) {
	h.Pass()
	return h.FakeHasher.Hash(password)
}

// afterFind is a user store where a moment passes after a user was found.
type afterFind struct {
	core.UserStore[harness.Account]
	*harness.Moment
}

func (s afterFind) Unwrap() any { return s.UserStore }

func (s afterFind) Find(ctx context.Context, key core.Key) (*harness.Account, error) {
	u, err := s.UserStore.Find(ctx, key)
	s.Pass()
	return u, err
}

// TestAttackR11Once lets a token be used between another request's look at it
// and that request's effect.
func TestAttackR11Once(t *testing.T) {
	var moments harness.PerApp[harness.Moment]
	harness.OnEveryStore(t,
		func(a *harness.App, _ *harness.Options) { a.Stores.Users = afterFind{a.Stores.Users, moments.Of(a)} },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			token := a.MailedToken(t, "verify", u)
			verify := func() { a.Want(t, harness.VerifyRoute+"200 (twin)", harness.VerifyBody(token)) }
			moments.Of(a).Arm(verify)
			a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED", harness.Case("R11 a token that is used meanwhile"),
				harness.VerifyBody(token))
			u = a.NewUser(t)
			token = a.MailedToken(t, "verify", u)
			moments.Of(a).Arm(func() {
				verify()
				a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(false)})
			})
			a.Want(t, badVerify, harness.Case("R11 a token that is used, and its effect undone, meanwhile"),
				harness.VerifyBody(token))
			token = a.MailedToken(t, "reset", u)
			moments.Of(a).Arm(func() { a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(token)) })
			a.Want(t, badReset, harness.Case("R01 a reset token that is used meanwhile"), harness.ResetBody(token))
		})
}

// TestAttackG07EveryHash: all that hashes a password is refused alike where too
// many are hashed, and uses nothing up.
func TestAttackG07EveryHash(t *testing.T) {
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		a.Hasher.Hold = make(chan struct{})
		o.HashConcurrency, o.InsecureNoLimits = 1, true
	}, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.MailedToken(t, "reset", u)
		// of one account, others would come before it (G22)
		flood := a.SendAtOnce(t, 66, "POST", "/auth/session/login", func(i int) harness.Option {
			return harness.LoginForm(fmt.Sprintf("nobody%d@example.org", i), harness.OtherPassword)
		})
		<-flood // the one too many: from here on the queue is full
		wantUnchanged(t, a, func() {
			a.Want(t, "POST /auth/jwt/login "+unavailable, harness.Case("G07 saturated, login"),
				harness.LoginForm(u.Email, harness.Password))
			a.Want(t, registerRoute+unavailable, harness.Case("G07 saturated, register"), registration("g07@example.org"))
			a.Want(t, harness.ResetRoute+unavailable, harness.Case("G07 saturated, reset"), harness.ResetBody(token))
		})
		close(a.Hasher.Hold)
		for got := range flood {
			if got.Status != 400 {
				t.Errorf("one that waited got %d %s", got.Status, got.Body)
			}
		}
		a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm(u.Email, harness.Password))
		a.Want(t, registerRoute+"201 (twin)", registration("g07@example.org"))
		a.Want(t, harness.ResetRoute+"200 (twin, the token is not used up)", harness.ResetBody(token))
	})
}

// TestAttackF01SessionsCannotBeEnded: a change of the password stands, its
// epoch protects, and the clean-up is tried again.
func TestAttackF01SessionsCannotBeEnded(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		var others []harness.Option
		for _, backend := range harness.Backends {
			others = append(others, a.LogIn(t, backend, u))
		}
		mine := a.LogIn(t, "jwt", u)
		a.Break("sessions.DeleteAll")
		a.Want(t, "PATCH /users/me 200", harness.Case("F01 sessions that cannot be ended with a new password"), mine,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
		for i, backend := range harness.Backends {
			a.Want(t, "GET /users/me 401", harness.Case("F01 S04 they are dead nevertheless, "+backend), others[i])
		}
		login := a.Want(t, "POST /auth/session/login 200 (twin)", harness.LoginForm(u.Email, harness.OtherPassword))
		_, token := given(t, a, login)
		if listed := a.ListSessions(t, harness.Bearer(token)); len(listed) != 1 || !listed[0].Current {
			t.Errorf("F01: the living sessions are %+v", listed)
		}
		a.Mend()
		a.Break("sessions.Delete")
		a.Want(t, "DELETE /auth/sessions/{id} "+unavailable, harness.Case("F01 a session that cannot be ended"),
			harness.Bearer(token), harness.PathID(a.ListSessions(t, harness.Bearer(token))[0].ID))
		a.Mend()
		if err := a.Close(t.Context()); err != nil { // which gives the clean-up its next attempt at once
			t.Fatal(err)
		}
		living, err := a.Stores.Sessions.List(t.Context(), u.ID)
		if err != nil || len(living) != 1 {
			t.Errorf("F01: %d sessions are left after the clean-up, %v", len(living), err)
		}
	})
}

func TestAttackG20Vetoes(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			if e.User.Email == "edited@example.org" {
				e.User.Email = "no e-mail"
			}
			return nil
		}
		o.Hooks.BeforeUpdate = func(context.Context,
			*latchkey.Event[harness.Account]) error {
			return errors.New("the hook cannot ask")
		}
		o.Hooks.BeforeDelete = func(context.Context,
			*latchkey.Event[harness.Account]) error {
			return latchkey.Refuse("CANNOT_BE_DELETED")
		}
	}, func(t *testing.T, a *harness.App) {
		admin, _ := asAdmin(t, a)
		wantUnchanged(t, a, func() {
			a.Want(t, registerRoute+"422 body.email value_error", harness.Case("G20 a hook edits the address to what is none"),
				registration("edited@example.org"))
			a.Want(t, "PATCH /users/{id} "+unavailable, harness.Case("G20 a hook cannot say whether a change is allowed"),
				harness.All(append(admin, harness.JSON(`{"full_name": "x"}`))...))
			a.Want(t, "DELETE /users/{id} 400 CANNOT_BE_DELETED", harness.Case("G20 a hook refuses a deletion"),
				harness.All(admin...))
		})
		a.Want(t, registerRoute+"201 (twin)", registration("g20@example.org"))
	})
}
