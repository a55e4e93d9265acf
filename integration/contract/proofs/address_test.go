package proofs_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestAttackChanges runs the cases of changes of an address, of users who leave
// and of notices, at each place: in an application in which a new address
// counts at once, and in one that has it confirmed first. The cases have users
// of their own.
func TestAttackChanges(t *testing.T) {
	run := func(t *testing.T, p harness.Place, change func(*harness.App, *harness.Options),
		cases ...func(*testing.T, *harness.App)) {
		a := harness.NewApp(t, p.Adapter, p.Open, change)
		a.ServeOAuth(t)
		for _, c := range cases {
			c(t, a)
		}
	}
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("at once", func(t *testing.T) {
				run(t, p, addresses(t, emailchange.Flow{}), guessed(1), administered, mistyped, undone, severalChanges,
					undoingsAtOnce, oldAddressTaken, selfDeletion, staleAdministrator, notice)
			})
			t.Run("later", func(t *testing.T) {
				run(t, p, leavers(t), leavingLater, undoAgainstSweep, thiefLeaves, exports, manyLeave,
					suspendedAsLeaving)
			})
			t.Run("confirmed", func(t *testing.T) {
				run(t, p, addresses(t, emailchange.Flow{Confirm: true}), guessed(2), administered, newest, confirmationEnds,
					takenAddress, oneOfMany, wrongPerson, halfDone, restarted)
			})
		})
	}
}

// addresses are the options of such an application: with limits that tests do
// not reach, and with mails that wait until a test takes them.
func addresses(t *testing.T, f emailchange.Flow) func(*harness.App, *harness.Options) {
	f.MailLimit, f.AttemptLimit = plenty, plenty
	return harness.WithOAuth(t, harness.LinkByEmail, func(a *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, f)
		o.SelfDelete, o.MailDelay = true, 30*time.Second
		a.Note = calls.Of(a).Add
	})
}

// calls are those that reach the stores of an application.
var calls harness.PerApp[harness.CallLog]

const (
	confirmEmail = "POST /auth/email/confirm "
	undoEmail    = "POST /auth/email/undo "
	badToken     = "400 EMAIL_CHANGE_BAD_TOKEN"
	// proofRequired is what an old login is answered with.
	proofRequired = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`
)

// edit is a change outside HTTP.
type edit = latchkey.Changes[harness.Account]

// changes asks for a new address, with the current password.
func changes(t *testing.T, a *harness.App, mine harness.Option, address string) harness.Answer {
	t.Helper()
	return a.Want(t, "PATCH /users/me 200", mine, with("email", address, "current_password", harness.Password))
}

// moved changes the address of a user behind their back, as one does who is in
// the account, verifies it, and returns the token that undoes that.
func moved(t *testing.T, a *harness.App, u *harness.Account, to string) (undo string) {
	t.Helper()
	from := find(t, a, u.ID).Email
	a.ChangeUser(t, u, edit{Email: &to, IsVerified: new(true)})
	return mailedTo(t, a, core.MailEmailUndo, from)
}

// mails returns the n mails that there are, none of which is on its way any
// more, by kind and recipient.
func mails(t *testing.T, a *harness.App, n int) map[string]core.Mail {
	t.Helper()
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, came := map[string]core.Mail{}, len(a.Mails)
	for range came {
		m := <-a.Mails
		all[m.Kind+" "+m.To] = m
	}
	if came != n {
		t.Fatalf("%d mails came, want %d: %v", came, n, all)
	}
	return all
}

// mailedTo returns the token of the one mail that there is.
func mailedTo(t *testing.T, a *harness.App, kind, address string) string {
	t.Helper()
	all := mails(t, a, 1)
	m, ok := all[kind+" "+address]
	if !ok {
		t.Fatalf("got %v, want a %s mail to %s", all, kind, address)
	}
	return m.Token
}

// asked requests a mail of a kind for a user, and returns its token.
func asked(t *testing.T, a *harness.App, kind string, u *harness.Account) string {
	t.Helper()
	a.Want(t, harness.MailRoutes[kind]+"202", with("email", u.Email))
	return mailedTo(t, a, kind, u.Email)
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

// keep adds a credential, and returns its ID.
func keep(t *testing.T, a *harness.App, u *harness.Account, label string) string {
	t.Helper()
	c := &core.Credential{Owner: u.ID, Kind: "passkey", Key: u.ID + label, Label: label, Created: a.Now()}
	if err := a.Stores.Credentials.Create(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	return c.ID
}
