package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// guessed is the case of a stranger in an old login, who does not know the
// password. told is how many mails a change causes.
func guessed(told int) func(*testing.T, *harness.App) {
	return func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		mine := a.LogIn(t, "session", u)
		a.Advance(11 * time.Minute)
		a.Want(t, "PATCH /users/me "+proofRequired, harness.Case("M80 a new address in a stale session"), mine,
			with("email", "m80@example.org"))
		wrong := with("email", "m80@example.org", "current_password", harness.OtherPassword)
		for range 5 {
			a.Want(t, "PATCH /users/me 400 UPDATE_USER_BAD_CURRENT_PASSWORD", mine, wrong)
		}
		a.Want(t, "PATCH /users/me 429 RATE_LIMITED", harness.Case("M80 guesses of the current password"), mine, wrong)
		if now := find(t, a, u.ID); now.Email != u.Email {
			t.Errorf("M80 the address is %s", now.Email)
		}
		mails(t, a, 0)
		a.Advance(5 * time.Minute)
		changes(t, a, mine, "m80@example.org") // the twin
		mails(t, a, told)
	}
}

// newest are requests for several addresses, of which the last one counts.
func newest(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	mine := a.LogIn(t, "session", u)
	from := u.Email
	first, second, third := "first.of."+from, "second.of."+from, "third.of."+from
	changes(t, a, mine, first).WantUser(t, u) // the address is as it was
	one := mails(t, a, 2)
	if m := one["email-change-asked "+from]; m.Kind == "" || m.Token+m.Link != "" {
		t.Errorf("M81 the address before got %v of %v", m, one)
	}
	changes(t, a, mine, second)
	old, newest := one["email-change "+first].Token, mails(t, a, 2)["email-change "+second].Token
	a.Want(t, confirmEmail+badToken, harness.Case("M81 the first after the second was asked for"), mine,
		with("token", old))
	a.Want(t, undoEmail+badToken, harness.Case("M81 one kind's token at the other's route"), with("token", newest))
	a.NewUser(t, func(u *harness.Account) { u.Email = second })
	a.Want(t, confirmEmail+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS", harness.Case("M81 taken meanwhile"), mine,
		with("token", newest))

	changes(t, a, mine, third)
	newest = mails(t, a, 2)["email-change "+third].Token
	u.Email = third
	a.Want(t, confirmEmail+"200", harness.Case("M81 the newest (twin)"), mine, with("token", newest)).WantUser(t, u)
	a.Want(t, confirmEmail+badToken, harness.Case("M81 the newest, again"), mine, with("token", newest))
	mailedTo(t, a, core.MailEmailUndo, from)
	a.Want(t, "GET /users/me 200", mine) // which goes on
}

// confirmationEnds is what happens between the request and the confirmation.
func confirmationEnds(t *testing.T, a *harness.App) {
	confirmable := func() (u *harness.Account, address, token string) {
		u = a.NewUser(t, harness.Verified)
		address = "new.of." + u.Email
		changes(t, a, a.LogIn(t, "session", u), address)
		return u, address, mails(t, a, 2)["email-change "+address].Token
	}
	for name, end := range map[string]func(u *harness.Account){
		"another address": func(u *harness.Account) { moved(t, a, u, "moved."+u.Email) },
		"a new password":  func(u *harness.Account) { a.ChangeUser(t, u, edit{Password: new(harness.OtherPassword)}) },
		"deactivation":    func(u *harness.Account) { a.EditStored(t, u, harness.Inactive) },
		"a day":           func(*harness.Account) { a.Advance(24 * time.Hour) },
		"deletion": func(u *harness.Account) {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		u, _, token := confirmable()
		end(u)
		a.Want(t, confirmEmail+badToken, harness.Case("R14 after "+name), with("token", token))
	}
	u, address, token := confirmable()
	a.Advance(24*time.Hour - time.Second)
	u.Email = address
	a.Want(t, confirmEmail+"200", harness.Case("R14 within a day (twin)"), with("token", token)).WantUser(t, u)
	mails(t, a, 1)
}

// takenAddress is one that somebody has: what the request does, and answers, is
// the same.
func takenAddress(t *testing.T, a *harness.App) {
	owner, u := a.NewUser(t, harness.Verified), a.NewUser(t)
	mine := a.LogIn(t, "session", u)
	ask := func(address string) (answer, work string) {
		calls.Of(a).Take()
		got := changes(t, a, mine, address)
		return got.Body, strings.Join(calls.Of(a).Take(), " ")
	}
	t.Run("M82 an address that is taken", func(t *testing.T) {
		taken, work := ask(owner.Email)
		free, same := ask("free.of." + owner.Email)
		if taken != free || work != same {
			t.Errorf("taken: %s\n%v\nfree: %s\n%v", taken, work, free, same)
		}
		// The first one's ticket was ended by the second, its owner is
		// told all the same; nobody is told at an address that was
		// never verified.
		got := mails(t, a, 2)
		if m := got["email-change-taken "+owner.Email]; m.Kind == "" || m.Token+m.Link+m.Other != "" {
			t.Errorf("the owner got %v", got)
		}
	})
}

// oneOfMany are many uses of one token at once.
func oneOfMany(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	address := "m82." + u.Email
	changes(t, a, a.LogIn(t, "session", u), address)
	confirm := mails(t, a, 2)["email-change "+address].Token
	once := func(name, path, token string) {
		t.Run(name, func(t *testing.T) {
			done := 0
			for got := range a.SendAtOnce(t, atOnce, "POST", path, same(with("token", token))) {
				if got.Status == 200 {
					done++
				} else if got.Outcome() != badToken {
					t.Errorf("one of the others: %d %s", got.Status, got.Body)
				}
			}
			if done != 1 {
				t.Errorf("%d of %d have succeeded", done, atOnce)
			}
		})
	}
	once("M82 many confirmations at once", "/auth/email/confirm", confirm)
	once("M82 many undoings at once", "/auth/email/undo", mailedTo(t, a, core.MailEmailUndo, u.Email))
	mailedTo(t, a, core.MailReset, u.Email)
	now := find(t, a, u.ID)
	if now.Email != u.Email || !now.IsVerified || now.HashedPassword != "" || now.TokenEpoch != 1 {
		t.Errorf("M82 the user is %+v", now)
	}
}

// wrongPerson confirms an address for an account that is a stranger's, who
// would have it in that account.
func wrongPerson(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	mine, address := a.LogIn(t, "session", u), "victim.of."+u.Email
	changes(t, a, mine, address)
	token := with("token", mails(t, a, 2)["email-change "+address].Token)
	id := keep(t, a, u, "thief's")
	a.Want(t, confirmEmail+"401", harness.Case("M82 without a login, where a passkey would stay"), token)
	a.Want(t, confirmEmail+"401", harness.Case("M82 in another's login"), token, a.LogIn(t, "session", a.NewUser(t)))
	if now := find(t, a, u.ID); now.Email != u.Email {
		t.Errorf("M82 the address is %s", now.Email)
	}
	if err := a.Stores.Credentials.Delete(t.Context(), "passkey", u.ID, id); err != nil {
		t.Fatal(err)
	}
	keep(t, a, u, "own")
	u.Email = address
	a.Want(t, confirmEmail+"200", harness.Case("M82 in one's own login (twin)"), token, mine).WantUser(t, u)
	mails(t, a, 1)
}

// halfDone is nothing where a store fails, and the token still works. (Without
// transactions the token may be lost.)
func halfDone(t *testing.T, a *harness.App) {
	if _, joint := core.As[core.Transactor](a.Stores.Users); !joint {
		return
	}
	u := a.NewUser(t, harness.Verified)
	mine, address := a.LogIn(t, "session", u), "f32."+u.Email
	a.Break("tickets.Put")
	changes(t, a, mine, address).WantUser(t, u)
	a.Mend()
	token := mails(t, a, 2)["email-change "+address].Token // the job tries again
	for _, down := range []string{"tickets.Find", "tickets.Consume", "users.Find", "users.Update"} {
		a.Break(down)
		a.Want(t, confirmEmail+"503 SERVICE_UNAVAILABLE", harness.Case("M82 confirm without "+down), with("token", token))
		a.Mend()
		if now := find(t, a, u.ID); now.Email != u.Email {
			t.Errorf("%s: the address is %s", down, now.Email)
		}
	}
	a.Want(t, confirmEmail+"200", harness.Case("M82 confirm (twin)"), with("token", token))
	undo := mailedTo(t, a, core.MailEmailUndo, u.Email)
	for _, down := range []string{"tickets.Find", "tickets.Put", "tickets.Consume", "users", "credentials.List"} {
		a.Break(down)
		a.Want(t, undoEmail+"503 SERVICE_UNAVAILABLE", harness.Case("M82 undo without "+down), with("token", undo))
		a.Mend()
		if now := find(t, a, u.ID); now.Email != address || now.HashedPassword == "" || now.TokenEpoch != 0 {
			t.Errorf("%s: the user is %+v", down, now)
		}
	}
	a.Want(t, undoEmail+"200", harness.Case("M82 undo (twin)"), with("token", undo))
	mailedTo(t, a, core.MailReset, u.Email)
}

// restarted is another process over the same stores, which takes the tokens.
func restarted(t *testing.T, before *harness.App) {
	after := before.Beside(t, addresses(t, emailchange.Flow{Confirm: true}))
	u := before.NewUser(t, harness.Verified)
	address := "m82." + u.Email
	changes(t, before, before.LogIn(t, "session", u), address)
	token := with("token", mails(t, before, 2)["email-change "+address].Token)
	after.Want(t, confirmEmail+"200", harness.Case("M82 confirmed after a restart"), token)
	undo := with("token", mailedTo(t, after, core.MailEmailUndo, u.Email))
	before.Want(t, undoEmail+"200", harness.Case("M82 undone at another node"), undo)
	after.Want(t, undoEmail+badToken, harness.Case("M82 undone there, and here again"), undo)
	mailedTo(t, before, core.MailReset, u.Email)
}
