package proofs_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	undoLeaving = "POST /auth/leaving/undo "
	badLeaving  = "400 LEAVING_BAD_TOKEN"
	deleteLater = "DELETE /users/me 202"
	grace       = 14 * 24 * time.Hour
)

// leavers are the options of an application whose users leave after a while,
// and get copies of their data.
func leavers(t *testing.T) func(*harness.App, *harness.Options) {
	return harness.WithOAuth(t, nil, func(a *harness.App, o *harness.Options) {
		harness.WithAPIKeys(t, nil)(a, o)
		o.Flows = append(o.Flows, leaving.Flow{AttemptLimit: plenty}, emailchange.Flow{})
		o.SelfDelete, o.SelfExport, o.MailDelay = true, true, 30*time.Second
	})
}

// leave lets a user leave in a fresh login, and returns the mail's token.
func leave(t *testing.T, a *harness.App, u *harness.Account) string {
	t.Helper()
	a.Want(t, deleteLater, a.LogIn(t, "session", u))
	return mailedTo(t, a, core.MailLeaving, u.Email)
}

// swept sweeps, and expects who is there afterwards.
func swept(t *testing.T, a *harness.App, u *harness.Account, there bool) {
	t.Helper()
	if _, err := a.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Manager().Find(t.Context(), u.ID); (err == nil) != there {
		t.Errorf("the account is there: %v, want %v (%v)", err == nil, there, err)
	}
}

// leavingLater is the leaving of users, at each backend.
func leavingLater(t *testing.T, a *harness.App) {
	boss := a.NewUser(t, harness.Superuser)
	for _, backend := range harness.Backends {
		t.Run("M85 at "+backend, func(t *testing.T) {
			u := a.NewUser(t, harness.Verified)
			mine, other := a.LogIn(t, backend, u), a.LogIn(t, "session", u)
			fresh := []core.Proof{{Method: core.MethodPassword, At: a.Now()}}
			a.Want(t, "DELETE /users/me 403", harness.Case("M85 who acts as the user"),
				a.Issue(t, backend, core.Session{UserID: u.ID, Actor: boss.ID, Proofs: fresh}))
			a.Advance(11 * time.Minute)
			a.Want(t, "DELETE /users/me "+proofRequired, harness.Case("M85 in a stale session"), mine)
			mine = a.LogIn(t, backend, u)
			key, _ := a.MakeKey(t, mine, "orders:read")
			a.Want(t, "DELETE /users/me 403 INSUFFICIENT_SCOPE", harness.Case("M85 by an API key"), harness.Bearer(key))
			got := a.Want(t, deleteLater, harness.Case("M85 in a fresh session (twin)"), mine)
			if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
				t.Errorf("the cookie stays: %v", got.Cookie(t))
			}
			a.Want(t, "DELETE /users/me 401", harness.Case("M85 again"), mine)
			a.Want(t, "GET /users/me 401", other)
			a.Want(t, "GET /users/me 401", harness.Case("M85 the key of who leaves"), harness.Bearer(key))
			a.Want(t, "POST /auth/jwt/login 400 {LOGIN_USER_SUSPENDED, reason}", harness.Case("M85 a login while leaving"),
				harness.LoginForm(u.Email, harness.Password))
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("M85 a wrong password while leaving"),
				harness.LoginForm(u.Email, harness.OtherPassword))
			token := mailedTo(t, a, core.MailLeaving, u.Email)
			a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN", harness.Case("M85 the token at another route"),
				harness.ResetBody(token))
			won := 0
			for got := range a.SendAtOnce(t, 8, "POST", "/auth/leaving/undo", same(harness.VerifyBody(token))) {
				switch got.Status {
				case 200:
					won++
				case 400:
				default:
					t.Errorf("one of the others: %d %s", got.Status, got.Body)
				}
			}
			if won != 1 {
				t.Errorf("M85 undone %d times", won)
			}
			a.Want(t, undoLeaving+badLeaving, harness.Case("M85 undone again"), harness.VerifyBody(token))
			a.Want(t, "GET /users/me 200", harness.Case("M85 undone (twin)"), a.LogIn(t, backend, u))
			a.Advance(grace)
			swept(t, a, u, true)
		})
	}
	t.Run("M85 after the time", func(t *testing.T) {
		u := a.NewUser(t, harness.Verified)
		token := leave(t, a, u)
		a.Advance(grace)
		a.Want(t, undoLeaving+badLeaving, harness.Case("M85 too late, before the sweep"), harness.VerifyBody(token))
		swept(t, a, u, false)
		mailedTo(t, a, core.MailDeleted, u.Email)
		a.Want(t, undoLeaving+badLeaving, harness.Case("M85 after the sweep"), harness.VerifyBody(token))
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, harness.Password))
		if left, err := a.Stores.Credentials.List(t.Context(), "", u.ID); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
		records, _, err := a.Stores.Audit.List(t.Context(), core.AuditQuery{User: u.ID, Limit: 100})
		if err != nil || len(records) < 3 {
			t.Errorf("M85 %d records, %v", len(records), err)
		}
		for _, r := range records {
			if r.Client != (core.Client{}) {
				t.Errorf("M85 the record of %s has the client %+v", r.Action, r.Client)
			}
		}
	})
}

// undoAgainstSweep lets undoings and sweeps meet while the time runs out: the
// account is kept, once, or it is gone.
func undoAgainstSweep(t *testing.T, a *harness.App) {
	outcomes := map[bool]int{}
	for round := range 8 {
		u := a.NewUser(t, harness.Verified)
		token := leave(t, a, u)
		a.Advance(grace - time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			time.Sleep(time.Duration(round) * time.Millisecond)
			a.Advance(time.Second)
		})
		for range 2 {
			all.Go(func() {
				for range 4 {
					if _, err := a.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		kept := 0
		for got := range a.SendAtOnce(t, 4, "POST", "/auth/leaving/undo", same(harness.VerifyBody(token))) {
			if got.Status == 200 {
				kept++
			} else if got.Status != 400 {
				t.Errorf("an undoing: %d %s", got.Status, got.Body)
			}
		}
		all.Wait()
		if kept > 1 {
			t.Errorf("M85 kept %d times", kept)
		}
		swept(t, a, u, kept == 1)
		if kept == 1 {
			a.Want(t, "GET /users/me 200", harness.Case(fmt.Sprintf("M85 kept in round %d (twin)", round)), a.LogIn(t, "jwt", u))
		} else {
			mailedTo(t, a, core.MailDeleted, u.Email)
		}
		outcomes[kept == 1]++
	}
	t.Logf("kept and gone: %v", outcomes)
}

// thiefLeaves is one who has the password, takes the address and then leaves.
func thiefLeaves(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	owner := u.Email
	undo := moved(t, a, u, "m85.thief@example.org")
	u.Email = "m85.thief@example.org"
	token := leave(t, a, u)
	a.Want(t, undoEmail+"200", harness.Case("M85 the mailbox before keeps the account (twin)"), harness.VerifyBody(undo))
	a.Want(t, undoLeaving+badLeaving, harness.Case("M85 and the thief's token is void"), harness.VerifyBody(token))
	a.Want(t, harness.ResetRoute+"200", harness.ResetBody(mailedTo(t, a, core.MailReset, owner)))
	a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(owner, harness.OtherPassword))
	a.Advance(grace)
	swept(t, a, u, true)
}

// tags are users at tags of one mailbox, which has verified none of them, in
// logins of now.
func tags(t *testing.T, a *harness.App, mailbox string, n int) (mine []harness.Option) {
	t.Helper()
	for i := range n {
		address := fmt.Sprintf("%s+%d@example.org", mailbox, i)
		mine = append(mine, a.LogIn(t, "session", a.NewUser(t, func(u *harness.Account) { u.Email = address })))
	}
	return mine
}

// manyLeave is a flood of users who leave, and a thief in the login of another
// one.
func manyLeave(t *testing.T, a *harness.App) {
	owner := a.NewUser(t, harness.Verified, func(u *harness.Account) { u.Email = "d09@example.org" })
	flood, unverified := tags(t, a, "d09", 8), tags(t, a, "d10", 1)[0]
	for i, mine := range flood {
		if i < 5 {
			a.Want(t, deleteLater, harness.Case("D10 twin, one of five"), mine)
			continue
		}
		a.Want(t, "DELETE /users/me 429 RATE_LIMITED", harness.Case("D10 one too many at a mailbox"), mine)
		a.Want(t, "GET /users/me 200", harness.Case("D09 without a link nobody is deleted"), mine)
	}
	a.Want(t, deleteLater, harness.Case("D10 twin, another mailbox"), unverified)
	mails(t, a, 6)
	token := leave(t, a, owner)
	a.Want(t, undoLeaving+"200", harness.Case("D09 the owner has a link (twin)"), harness.VerifyBody(token))
	a.Advance(time.Hour)
	a.Want(t, deleteLater, harness.Case("D10 twin, an hour later"), tags(t, a, "d09+later", 1)[0])
	mails(t, a, 1)
}

// suspendedAsLeaving is an administrator who suspends with the words that mark
// users who leave.
func suspendedAsLeaving(t *testing.T, a *harness.App) {
	u, boss := a.NewUser(t, harness.Verified), a.NewUser(t, harness.Superuser)
	admin, id := a.LogIn(t, "session", boss), harness.PathID(u.ID)
	words := func(reason string) harness.Option { return harness.JSONObject(harness.Object{"reason": reason}) }
	token := leave(t, a, u)
	for _, reason := range []string{core.SuspendedForLeaving, "  " + core.SuspendedForLeaving + "\u2028"} {
		a.Want(t, "POST /users/{id}/suspend 422 body.reason value_error", harness.Case("I08 the words of who leaves"), id,
			admin, words(reason))
	}
	a.Want(t, "POST /users/{id}/suspend 204", harness.Case("I08 twin, other words"), id, admin, words("I08"))
	a.Want(t, undoLeaving+badLeaving, harness.Case("I08 a link lifts no suspension"), harness.VerifyBody(token))
	a.Want(t, "POST /auth/jwt/login 400 {LOGIN_USER_SUSPENDED, reason}", harness.LoginForm(u.Email, harness.Password))
	a.Advance(grace)
	swept(t, a, u, true)
}
