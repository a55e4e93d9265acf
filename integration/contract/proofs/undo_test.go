package proofs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// mistyped is an address of a registration: whoever has it must not get the
// account by undoing its correction.
func mistyped(t *testing.T, a *harness.App) {
	t.Run("E07 an undoing to an address that was never verified", func(t *testing.T) {
		mistyped, u := a.NewUser(t), a.NewUser(t, harness.Verified)
		changes(t, a, a.LogIn(t, "session", mistyped), "corrected."+mistyped.Email)
		changes(t, a, a.LogIn(t, "session", u), strings.ToUpper(u.Email)) // no other address
		a.ChangeUser(t, mistyped, edit{Email: new("by.an.administrator@example.org")})
		mails(t, a, 0)

		changes(t, a, a.LogIn(t, "session", u), "new."+u.Email) // the twin
		got := mails(t, a, 1)
		if m := got[core.MailEmailUndo+" "+strings.ToUpper(u.Email)]; m.Other != "n…@e….org" {
			t.Errorf("got %v about %q", got, m.Other)
		}
	})
}

// administered is an address that an administrator changes: it counts at once,
// and the one before hears of it.
func administered(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	boss := a.NewUser(t, harness.Superuser)
	address := "given." + u.Email
	got := a.Want(t, "PATCH /users/{id} 200", harness.PathID(u.ID), a.LogIn(t, "session", boss), with("email", address))
	if got.Member(t, "email") != address || got.Member(t, "is_verified") != false {
		t.Errorf("M82 got %s", got.Body)
	}
	a.Want(t, undoEmail+"200", harness.Case("M82 an administrator's change is undone"),
		with("token", mailedTo(t, a, core.MailEmailUndo, u.Email)))
	if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
		t.Errorf("M82 the user is %+v", now)
	}
	mailedTo(t, a, core.MailReset, u.Email)
}

// undone is a change by a thief, who has added a link and a passkey since.
func undone(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	link := func(subject string, in harness.Option) {
		a.Want(t, "GET /auth/associate/other/callback 200",
			a.Consent(t, "/auth/associate/other", harness.Identity(subject, subject+"@example.org"), in), in)
	}
	owner := a.LogIn(t, "session", u)
	link("older", owner)
	older := keep(t, a, u, "older")

	a.Advance(time.Minute)
	thief := a.LogIn(t, "jwt", u)
	changes(t, a, thief, "m82.thief@evil.example")
	undo := mailedTo(t, a, core.MailEmailUndo, u.Email)
	link("newer", thief)
	keep(t, a, u, "newer")
	stolen := find(t, a, u.ID)
	verification, reset := asked(t, a, "verify", stolen), asked(t, a, "reset", stolen)
	a.Advance(7*24*time.Hour - time.Minute)

	got := a.Want(t, undoEmail+"200", harness.Case("M82 a thief's change is undone"), with("token", undo))
	if got.Body != "null" {
		t.Errorf("M82 the answer is %s", got.Body)
	}
	mailedTo(t, a, core.MailReset, u.Email)
	for _, mine := range []harness.Option{owner, thief} {
		a.Want(t, "GET /users/me 401", mine)
	}
	a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_BAD_TOKEN", with("token", verification))
	a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN", harness.ResetBody(reset))
	if links := a.Links(t, u.ID); len(links) != 1 || links[0].Subject != "older" {
		t.Errorf("M82 the links are %+v", links)
	}
	kept, err := a.Stores.Credentials.List(t.Context(), "", u.ID)
	if err != nil || len(kept) != 1 || kept[0].ID != older {
		t.Errorf("M82 the credentials are %v, %v", kept, err)
	}
	now := find(t, a, u.ID)
	if now.Email != u.Email || !now.IsVerified || now.HashedPassword != "" {
		t.Errorf("M82 the user is %+v", now)
	}
}

// severalChanges are made one after the other: each address that was verified
// undoes its own; what came after it can be undone no more.
func severalChanges(t *testing.T, a *harness.App) {
	chain := func(t *testing.T) (u *harness.Account, undo []string) {
		u = a.NewUser(t, harness.Verified)
		for _, to := range []string{"b.", "c.", "d."} {
			a.Advance(25 * time.Hour)
			undo = append(undo, moved(t, a, u, to+u.Email))
		}
		return u, undo
	}
	is := func(t *testing.T, u *harness.Account, address string) {
		t.Helper()
		if now := find(t, a, u.ID); now.Email != address || !now.IsVerified {
			t.Errorf("M82 the user has %s, verified %v; want %s", now.Email, now.IsVerified, address)
		}
		mailedTo(t, a, core.MailReset, address)
	}
	t.Run("M82 the first undoes all", func(t *testing.T) {
		u, undo := chain(t)
		a.Want(t, undoEmail+"200", with("token", undo[0]))
		is(t, u, u.Email)
		a.Advance(time.Hour)
		a.Want(t, undoEmail+badToken, harness.Case("M82 a thief's address takes the account back"), with("token", undo[1]))
		a.Want(t, undoEmail+badToken, harness.Case("M82 a thief's other address"), with("token", undo[2]))
		a.Want(t, undoEmail+badToken, harness.Case("M82 again"), with("token", undo[0]))
		later := moved(t, a, u, "later."+u.Email)
		a.Want(t, undoEmail+badToken, harness.Case("M82 after a change since"), with("token", undo[1]))
		a.Want(t, undoEmail+"200", harness.Case("M82 a change since is undone (twin)"), with("token", later))
		is(t, u, u.Email)
	})
	t.Run("M82 one after the other, from the last", func(t *testing.T) {
		u, undo := chain(t)
		for i, back := range []string{"c." + u.Email, "b." + u.Email, u.Email} {
			a.Want(t, undoEmail+"200", with("token", undo[2-i]))
			is(t, u, back)
		}
	})
	t.Run("M82 a week after the first change", func(t *testing.T) {
		u, undo := chain(t)
		a.Advance(7*24*time.Hour - 50*time.Hour)
		a.Want(t, undoEmail+badToken, with("token", undo[0]))
		a.Want(t, undoEmail+"200", with("token", undo[1]))
		is(t, u, "b."+u.Email)
		a.Want(t, undoEmail+badToken, with("token", undo[2]))
	})
}

// undoingsAtOnce are two that are presented at once: they end as one after the
// other would.
func undoingsAtOnce(t *testing.T, a *harness.App) {
	t.Run("M82 undoings of two changes at once", func(t *testing.T) {
		for range 5 {
			u := a.NewUser(t, harness.Verified)
			first := moved(t, a, u, "b."+u.Email)
			a.Advance(time.Minute)
			tokens := []string{first, moved(t, a, u, "c."+u.Email)}
			for got := range a.SendAtOnce(t, 4, "POST", "/auth/email/undo",
				func(i int) harness.Option { return with("token", tokens[i%2]) }) {
				if got.Status != 200 && got.Outcome() != badToken {
					t.Errorf("%d %s", got.Status, got.Body)
				}
			}
			if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
				t.Errorf("the first address has lost: %s", now.Email)
			}
			if err := a.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			for len(a.Mails) > 0 {
				<-a.Mails
			}
		}
	})
}

// oldAddressTaken is the address that was left, registered to keep its owner
// from coming back. One that was verified there is another person's business.
func oldAddressTaken(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	undo := with("token", moved(t, a, u, "thief."+u.Email))
	squatter := a.NewUser(t, func(s *harness.Account) { s.Email = u.Email })
	theirs := a.LogIn(t, "session", squatter)
	a.EditStored(t, squatter, harness.Verified)
	a.Want(t, undoEmail+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS", harness.Case("M82 by a verified user"), undo)
	a.EditStored(t, squatter, unverified)
	a.Want(t, undoEmail+"200", harness.Case("M82 by an unverified user"), undo)
	mailedTo(t, a, core.MailReset, u.Email)
	if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
		t.Errorf("M82 the user is %+v", now)
	}
	left, _ := a.Want(t, "GET /users/me 200", theirs).Member(t, "email").(string)
	if !strings.HasSuffix(left, "@account.invalid") {
		t.Errorf("M82 the squatter has %s", left)
	}
	a.Want(t, "PATCH /users/me 200", theirs, with("email", "honest@example.org", "current_password", harness.Password))
	mails(t, a, 0)
}
