package attacks_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	confirmEmail = "POST /auth/email/confirm "
	undoEmail    = "POST /auth/email/undo "
	badToken     = "400 EMAIL_CHANGE_BAD_TOKEN"
)

// withEmailChange adds the flow, with limits that tests do not reach.
func withEmailChange(f emailchange.Flow) func(*harness.App, *harness.Options) {
	plenty := latchkey.Limit{Events: 100_000, Window: time.Minute}
	f.MailLimit, f.AttemptLimit = plenty, plenty
	return func(_ *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, f)
		o.SelfDelete = true
	}
}

// changes asks for a new address, with the current password.
func changes(t *testing.T, a *harness.App, mine harness.Option, address string) harness.Answer {
	t.Helper()
	return a.Want(t, "PATCH /users/me 200", mine,
		harness.JSONObject(harness.Object{"email": address, "current_password": harness.Password}))
}

// mails waits for n mails, and returns them by kind and recipient.
func mails(t *testing.T, a *harness.App, n int) map[string]core.Mail {
	t.Helper()
	all := map[string]core.Mail{}
	for range n {
		m := a.NextMail(t)
		all[m.Kind+" "+m.To] = m
	}
	return all
}

// mailedTo returns the token of the one mail that is expected.
func mailedTo(t *testing.T, a *harness.App, kind, address string) string {
	t.Helper()
	m := a.NextMail(t)
	if m.Kind != kind || m.To != address {
		t.Fatalf("got a %s to %s, want a %s mail to %s", m, m.To, kind, address)
	}
	return m.Token
}

func token(raw string) harness.Option { return harness.VerifyBody(raw) }

func TestAttackM80StaleAndGuessed(t *testing.T) {
	for name, f := range map[string]emailchange.Flow{"at once": {}, "confirmed": {Confirm: true}} {
		t.Run(name, func(t *testing.T) {
			harness.OnEveryStore(t, withEmailChange(f), func(t *testing.T, a *harness.App) {
				u := a.NewUser(t, harness.Verified)
				mine := a.LogIn(t, "session", u)
				a.Advance(11 * time.Minute)
				stale := harness.JSONObject(harness.Object{"email": "m80@example.org"})
				a.Want(t, "PATCH /users/me "+proofRequired, harness.Case("M80 in a stale session"), mine, stale)
				wrong := harness.JSONObject(harness.Object{"email": "m80@example.org", "current_password": harness.OtherPassword})
				for range 5 {
					a.Want(t, "PATCH /users/me 400 UPDATE_USER_BAD_CURRENT_PASSWORD", mine, wrong)
				}
				a.Want(t, "PATCH /users/me 429 RATE_LIMITED", harness.Case("M80 guesses of the current password"), mine, wrong)
				if now := find(t, a, u.ID); now.Email != u.Email {
					t.Errorf("M80 the address is %s", now.Email)
				}
				a.Advance(5 * time.Minute)
				changes(t, a, mine, "m80@example.org") // the twin
				if len(mails(t, a, map[bool]int{false: 1, true: 2}[f.Confirm])) == 0 {
					t.Error("nobody is told")
				}
				a.WantNoMail(t)
			})
		})
	}
}

// proofRequired is what an old login is answered with.
const proofRequired = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`

func TestAttackM81OnlyTheNewestIsConfirmed(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{Confirm: true}), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		mine := a.LogIn(t, "session", u)
		first, second := "first.of."+u.Email, "second.of."+u.Email
		changes(t, a, mine, first).WantUser(t, u) // the address is as it was
		one := mails(t, a, 2)
		if m := one["email-change-asked "+u.Email]; m.Kind == "" || m.Token+m.Link != "" {
			t.Errorf("the address before got %v of %v", m, one)
		}
		changes(t, a, mine, second)
		two := mails(t, a, 2)
		old, newest := one["email-change "+first].Token, two["email-change "+second].Token
		a.Want(t, confirmEmail+badToken, harness.Case("M81 the first after the second was asked for"), mine, token(old))
		a.Want(t, undoEmail+badToken, harness.Case("M81 one kind's token at the other's route"), token(newest))
		a.NewUser(t, func(u *harness.Account) { u.Email = second })
		a.Want(t, confirmEmail+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS", harness.Case("M81 taken meanwhile"), mine,
			token(newest))

		third := "third.of." + u.Email
		changes(t, a, mine, third)
		newest = mails(t, a, 2)["email-change "+third].Token
		u.Email = third
		a.Want(t, confirmEmail+"200", harness.Case("M81 the newest (twin)"), mine, token(newest)).WantUser(t, u)
		a.Want(t, confirmEmail+badToken, harness.Case("M81 the newest, again"), mine, token(newest))
		mailedTo(t, a, core.MailEmailUndo, strings.TrimPrefix(third, "third.of."))
		a.Want(t, "GET /users/me 200", mine) // which goes on
		a.WantNoMail(t)
	})
}

func TestAttackR14WhatEndsAConfirmation(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{Confirm: true}), func(t *testing.T, a *harness.App) {
		for name, end := range map[string]func(t *testing.T, u *harness.Account){
			"another address": func(t *testing.T, u *harness.Account) {
				moved(t, a, u, "moved."+u.Email)
			},
			"a new password": func(t *testing.T, u *harness.Account) {
				a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Password: new(harness.OtherPassword)})
			},
			"deactivation": func(t *testing.T, u *harness.Account) {
				a.EditStored(t, u, func(u *harness.Account) { u.IsActive = false })
			},
			"a day": func(*testing.T, *harness.Account) { a.Advance(24 * time.Hour) },
			"deletion": func(t *testing.T, u *harness.Account) {
				if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			},
		} {
			u := a.NewUser(t, harness.Verified)
			address := "new.of." + u.Email
			changes(t, a, a.LogIn(t, "session", u), address)
			raw := mails(t, a, 2)["email-change "+address].Token
			end(t, u)
			a.Want(t, confirmEmail+badToken, harness.Case("R14 after "+name), token(raw))
		}
		u := a.NewUser(t, harness.Verified)
		address := "new.of." + u.Email
		changes(t, a, a.LogIn(t, "session", u), address)
		raw := mails(t, a, 2)["email-change "+address].Token
		a.Advance(24*time.Hour - time.Second)
		u.Email = address
		a.Want(t, confirmEmail+"200", harness.Case("R14 within a day (twin)"), token(raw)).WantUser(t, u)
	})
}

// What the request does, and answers, is the same for an address that is taken.
func TestAttackM82ATakenAddress(t *testing.T) {
	var logs harness.PerApp[harness.CallLog]
	noted := func(a *harness.App, o *harness.Options) {
		withEmailChange(emailchange.Flow{Confirm: true})(a, o)
		a.Note = logs.Of(a).Add
		o.MailDelay = 30 * time.Second
	}
	harness.OnEveryStore(t, noted, func(t *testing.T, a *harness.App) {
		owner := a.NewUser(t, harness.Verified)
		u := a.NewUser(t)
		mine := a.LogIn(t, "session", u)
		ask := func(address string) (answer string, calls []string) {
			logs.Of(a).Take()
			got := changes(t, a, mine, address)
			return got.Body, logs.Of(a).Take()
		}
		taken, work := ask(owner.Email)
		free, same := ask("free@example.org")
		if taken != free || strings.Join(work, " ") != strings.Join(same, " ") {
			t.Errorf("M82 taken: %s\n%v\nfree: %s\n%v", taken, work, free, same)
		}
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The first one's ticket was ended by the second, its owner is
		// told all the same; nobody is told at an address that was
		// never verified.
		got := mails(t, a, 2)
		if m := got["email-change-taken "+owner.Email]; m.Kind == "" || m.Token+m.Link+m.Other != "" {
			t.Errorf("M82 the owner got %v", got)
		}
		a.WantNoMail(t)
	})
}

// atOnce sends a request 64 times at once, and returns how many were answered
// with 200.
func atOnce(t *testing.T, a *harness.App, path, raw, refused string) int {
	t.Helper()
	var won atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			switch got := a.Send(t, "POST", path, token(raw)); {
			case got.Status == 200:
				won.Add(1)
			case got.Outcome() != refused:
				t.Errorf("one of many is answered with %s", got.Outcome())
			}
		})
	}
	all.Wait()
	return int(won.Load())
}

func TestAttackM82OneOfMany(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{Confirm: true}), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		address := "m82." + u.Email
		changes(t, a, a.LogIn(t, "session", u), address)
		raw := mails(t, a, 2)["email-change "+address].Token
		if won := atOnce(t, a, "/auth/email/confirm", raw, badToken); won != 1 {
			t.Errorf("M82 %d of 64 have confirmed", won)
		}
		undo := mailedTo(t, a, core.MailEmailUndo, u.Email)
		if won := atOnce(t, a, "/auth/email/undo", undo, badToken); won != 1 {
			t.Errorf("M82 %d of 64 have undone", won)
		}
		mailedTo(t, a, core.MailReset, u.Email)
		now := find(t, a, u.ID)
		if now.Email != u.Email || !now.IsVerified || now.HashedPassword != "" || now.TokenEpoch != 1 {
			t.Errorf("M82 the user is %+v", now)
		}
		a.WantNoMail(t)
	})
}

// Who confirms an address for an account that is a stranger's would have it in
// that account.
func TestAttackM82ConfirmedByTheWrongPerson(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{Confirm: true}), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		mine, address := a.LogIn(t, "session", u), "victim.of."+u.Email
		changes(t, a, mine, address)
		raw := mails(t, a, 2)["email-change "+address].Token
		id := keep(t, a, u, "thief's")
		a.Want(t, confirmEmail+"401", harness.Case("M82 without a login, where a passkey would stay"), token(raw))
		a.Want(t, confirmEmail+"401", harness.Case("M82 in another's login"), token(raw), a.LogIn(t, "session", a.NewUser(t)))
		if now := find(t, a, u.ID); now.Email != u.Email {
			t.Errorf("M82 the address is %s", now.Email)
		}
		if err := a.Stores.Credentials.Delete(t.Context(), "passkey", u.ID, id); err != nil {
			t.Fatal(err)
		}
		keep(t, a, u, "own")
		u.Email = address
		a.Want(t, confirmEmail+"200", harness.Case("M82 in one's own login (twin)"), token(raw), mine).WantUser(t, u)
	})
}

// Where a store fails nothing is half done, and the token still works. (Stores
// without transactions may lose the token.)
func TestAttackM82Faults(t *testing.T) {
	change := withEmailChange(emailchange.Flow{Confirm: true})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		a := harness.NewApp(t, harness.OnServeMux, harness.SQLite, change)
		u := a.NewUser(t, harness.Verified)
		mine, address := a.LogIn(t, "session", u), "f32."+u.Email
		a.Break("tickets.Put")
		changes(t, a, mine, address).WantUser(t, u)
		a.Mend()
		raw := mails(t, a, 2)["email-change "+address].Token // the job tries again
		for _, down := range []string{"tickets.Find", "tickets.Consume", "users.Find", "users.Update"} {
			a.Break(down)
			a.Want(t, confirmEmail+"503 SERVICE_UNAVAILABLE", harness.Case("M82 confirm without "+down), token(raw))
			a.Mend()
			if now := find(t, a, u.ID); now.Email != u.Email {
				t.Errorf("%s: the address is %s", down, now.Email)
			}
		}
		a.Want(t, confirmEmail+"200", harness.Case("M82 confirm (twin)"), token(raw))
		undo := mailedTo(t, a, core.MailEmailUndo, u.Email)
		for _, down := range []string{"tickets.Find", "tickets.Put", "tickets.Consume", "users", "credentials.List"} {
			a.Break(down)
			a.Want(t, undoEmail+"503 SERVICE_UNAVAILABLE", harness.Case("M82 undo without "+down), token(undo))
			a.Mend()
			if now := find(t, a, u.ID); now.Email != address || now.HashedPassword == "" || now.TokenEpoch != 0 {
				t.Errorf("%s: the user is %+v", down, now)
			}
		}
		a.Want(t, undoEmail+"200", harness.Case("M82 undo (twin)"), token(undo))
		mailedTo(t, a, core.MailReset, u.Email)
		a.WantNoMail(t)
	})
}
