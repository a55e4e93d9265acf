package attacks_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

// moved changes the address of a user behind their back, as one does who is in
// the account, verifies it, and returns the token that undoes that.
func moved(t *testing.T, a *harness.App, u *harness.Account, to string) (undo string) {
	t.Helper()
	from := find(t, a, u.ID).Email
	verified := true
	a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Email: &to, IsVerified: &verified})
	return mailedTo(t, a, core.MailEmailUndo, from)
}

// E07: whoever has an address that was mistyped at the registration must not
// get the account by undoing its correction.
func TestAttackE07UndoToAnAddressThatWasNeverVerified(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{}), func(t *testing.T, a *harness.App) {
		mistyped, u := a.NewUser(t), a.NewUser(t, harness.Verified)
		changes(t, a, a.LogIn(t, "session", mistyped), "corrected."+mistyped.Email)
		changes(t, a, a.LogIn(t, "session", u), strings.ToUpper(u.Email)) // no other address
		a.ChangeUser(t, mistyped, latchkey.Changes[harness.Account]{Email: new("by.an.administrator@example.org")})

		changes(t, a, a.LogIn(t, "session", u), "new."+u.Email) // the twin
		m := a.NextMail(t)
		if m.Kind != core.MailEmailUndo || m.To != strings.ToUpper(u.Email) || m.Other != "n…@e….org" {
			t.Errorf("E07 got %v to %s about %q", m, m.To, m.Other)
		}
		a.WantNoMail(t)
	})
}

// The administrator's change is the same: the address before hears of it.
func TestUndoOfAnAdministratorsChange(t *testing.T) {
	for name, f := range map[string]emailchange.Flow{"at once": {}, "confirmed": {Confirm: true}} {
		t.Run(name, func(t *testing.T) {
			harness.OnEveryStore(t, withEmailChange(f), func(t *testing.T, a *harness.App) {
				u := a.NewUser(t, harness.Verified)
				admin, address := a.LogIn(t, "session", a.NewUser(t, harness.Superuser)), "given."+u.Email
				got := a.Want(t, "PATCH /users/{id} 200", harness.PathID(u.ID), admin,
					harness.JSONObject(harness.Object{"email": address}))
				if got.Member(t, "email") != address || got.Member(t, "is_verified") != false {
					t.Errorf("got %s", got.Body)
				}
				a.Want(t, undoEmail+"200", token(mailedTo(t, a, core.MailEmailUndo, u.Email)))
				if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
					t.Errorf("the user is %+v", now)
				}
			})
		})
	}
}

func TestAttackM82UndoEndsWhatCameAfter(t *testing.T) {
	all := func(t *testing.T) func(*harness.App, *harness.Options) {
		return harness.WithOAuth(t, harness.LinkByEmail, withEmailChange(emailchange.Flow{}))
	}
	harness.OnEveryStore(t, all(t), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t, harness.Verified)
		owner := a.LogIn(t, "session", u)
		a.Want(t, "GET /auth/associate/other/callback 200",
			a.Consent(t, "/auth/associate/other", harness.Identity("older", "older@example.org"), owner), owner)
		older := keep(t, a, u, "older")

		a.Advance(time.Minute)
		thief := a.LogIn(t, "jwt", u)
		changes(t, a, thief, "m82.thief@evil.example")
		undo := mailedTo(t, a, core.MailEmailUndo, u.Email)
		a.Want(t, "GET /auth/associate/other/callback 200",
			a.Consent(t, "/auth/associate/other", harness.Identity("newer", "newer@evil.example"), thief), thief)
		keep(t, a, u, "newer")
		verification := a.MailedToken(t, "verify", find(t, a, u.ID))
		reset := a.MailedToken(t, "reset", find(t, a, u.ID))
		a.Advance(7*24*time.Hour - time.Minute)

		got := a.Want(t, undoEmail+"200", harness.Case("M82 undone"), token(undo))
		if got.Body != "null" {
			t.Errorf("M82 the answer is %s", got.Body)
		}
		mailedTo(t, a, core.MailReset, u.Email)
		for _, mine := range []harness.Option{owner, thief} {
			a.Want(t, "GET /users/me 401", mine)
		}
		a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_BAD_TOKEN", token(verification))
		a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN", harness.ResetBody(reset))
		links := a.Links(t, u.ID)
		if len(links) != 1 || links[0].Subject != "older" {
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
	})
}

// keep adds a credential, and returns its ID.
func keep(t *testing.T, a *harness.App, u *harness.Account, label string) string {
	t.Helper()
	c := &core.Credential{Owner: u.ID, Kind: "passkey", Key: label, Label: label, Created: a.Now()}
	if err := a.Stores.Credentials.Create(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// Each address that was verified undoes its own change; what came after it can
// be undone no more.
func TestAttackM82UndoOfOneOfSeveralChanges(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{}), func(t *testing.T, a *harness.App) {
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
			a.Want(t, undoEmail+"200", token(undo[0]))
			is(t, u, u.Email)
			a.Advance(time.Hour)
			a.Want(t, undoEmail+badToken, harness.Case("M82 a thief's address takes the account back"), token(undo[1]))
			a.Want(t, undoEmail+badToken, harness.Case("M82 a thief's other address"), token(undo[2]))
			a.Want(t, undoEmail+badToken, harness.Case("M82 again"), token(undo[0]))
			later := moved(t, a, u, "later."+u.Email)
			a.Want(t, undoEmail+badToken, harness.Case("M82 after a change since"), token(undo[1]))
			a.Want(t, undoEmail+"200", harness.Case("M82 a change since is undone (twin)"), token(later))
			is(t, u, u.Email)
		})
		t.Run("M82 one after the other, from the last", func(t *testing.T) {
			u, undo := chain(t)
			for i, back := range []string{"c." + u.Email, "b." + u.Email, u.Email} {
				a.Want(t, undoEmail+"200", token(undo[2-i]))
				is(t, u, back)
			}
		})
		t.Run("M82 a week after the first change", func(t *testing.T) {
			u, undo := chain(t)
			a.Advance(7*24*time.Hour - 50*time.Hour)
			a.Want(t, undoEmail+badToken, token(undo[0]))
			a.Want(t, undoEmail+"200", token(undo[1]))
			is(t, u, "b."+u.Email)
			a.Want(t, undoEmail+badToken, token(undo[2]))
		})
	})
}

// Two that are presented at once end as one after the other would.
func TestAttackM82UndoingsAtOnce(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{}), func(t *testing.T, a *harness.App) {
		for range 10 {
			u := a.NewUser(t, harness.Verified)
			first := moved(t, a, u, "b."+u.Email)
			a.Advance(time.Minute)
			second := moved(t, a, u, "c."+u.Email)
			var all sync.WaitGroup
			for _, raw := range []string{first, second, first, second} {
				all.Go(func() { a.Send(t, "POST", "/auth/email/undo", token(raw)) })
			}
			all.Wait()
			if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
				t.Errorf("M82 the first address has lost: %s", now.Email)
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

// Whoever registers the address that was left, to keep its owner from coming
// back, loses it; one that was verified there is another person's business.
func TestAttackM82TheOldAddressIsTaken(t *testing.T) {
	harness.OnEveryStore(t, withEmailChange(emailchange.Flow{}), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		undo := moved(t, a, u, "thief."+u.Email)
		squatter := a.NewUser(t, func(s *harness.Account) { s.Email = u.Email })
		theirs := a.LogIn(t, "session", squatter)
		a.EditStored(t, squatter, func(s *harness.Account) { s.IsVerified = true })
		a.Want(t, undoEmail+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS", harness.Case("M82 by a verified user"), token(undo))
		a.EditStored(t, squatter, func(s *harness.Account) { s.IsVerified = false })
		a.Want(t, undoEmail+"200", harness.Case("M82 by an unverified user"), token(undo))
		mailedTo(t, a, core.MailReset, u.Email)
		if now := find(t, a, u.ID); now.Email != u.Email || !now.IsVerified {
			t.Errorf("M82 the user is %+v", now)
		}
		left, _ := a.Want(t, "GET /users/me 200", theirs).Member(t, "email").(string)
		if !strings.HasSuffix(left, "@account.invalid") {
			t.Errorf("M82 the squatter has %s", left)
		}
		a.Want(t, "PATCH /users/me 200", theirs, harness.JSONObject(harness.Object{"email": "honest@example.org"}))
		a.WantNoMail(t)
	})
}

// The tokens are the stores', so another process takes them.
func TestAttackM82ARestartInBetween(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "restart.sqlite")
	open := func(t *testing.T, now func() time.Time) harness.Stores {
		return harness.OpenSQLite(t, file, bunstore.Options{Now: now})
	}
	start := func() *harness.App {
		return harness.NewApp(t, harness.OnServeMux, open, withEmailChange(emailchange.Flow{Confirm: true}))
	}
	before := start()
	u := before.NewUser(t, harness.Verified)
	address := "m82." + u.Email
	changes(t, before, before.LogIn(t, "session", u), address)
	raw := mails(t, before, 2)["email-change "+address].Token
	after := start()
	after.Want(t, confirmEmail+"200", harness.Case("M82 confirmed after a restart"), token(raw))
	undo := mailedTo(t, after, core.MailEmailUndo, u.Email)
	before.Want(t, undoEmail+"200", harness.Case("M82 undone at another node"), token(undo))
	after.Want(t, undoEmail+badToken, harness.Case("M82 undone there, and here again"), token(undo))
}
