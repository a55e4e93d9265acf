package leaving_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// limited has the limits of an application.
func limited(o *options) { o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{}) }

// leaver returns a client of a new user who has just logged in.
func (a app) leaver(address string, verified bool) *leaver {
	a.t.Helper()
	u := &member{User: latchkey.User{Email: address, IsActive: true, IsVerified: verified}}
	if err := a.Manager().Create(a.t.Context(), u, ""); err != nil {
		a.t.Fatal(err)
	}
	return a.ofUser(u)
}

func (a app) ofUser(u *member) *leaver {
	a.t.Helper()
	proof := core.Proof{Method: "test", At: time.Now()}
	login, err := a.Manager().Login(a.t.Context(), u.ID, "api", nil, proof)
	if err != nil {
		a.t.Fatal(err)
	}
	return &leaver{a, u, login.Token.Raw}
}

// leaver is a user in a login.
type leaver struct {
	app
	u     *member
	token string
}

// do sends a request from an address, and returns the status.
func (l *leaver) do(method, ip string) (status int) {
	from := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = ip + ":1234"
		l.ServeHTTP(w, r)
	})
	return send(from, method, "/users/me", l.token, "").Code
}

// flood lets n new users leave whose addresses are tags of one mailbox, from as
// many networks as given, and returns how many were allowed to.
func (a app) flood(n int, mailbox string, verified bool, networks int) (left int) {
	a.t.Helper()
	name, domain, _ := strings.Cut(mailbox, "@")
	for i := range n {
		l := a.leaver(fmt.Sprintf("%s+%v.%d@%s", name, verified, i, domain), verified)
		switch status := l.do("DELETE", fmt.Sprintf("198.51.100.%d", 1+i%networks)); status {
		case 202:
			left++
		case 429:
			if status := l.do("GET", "192.0.2.1"); status != 200 {
				a.t.Errorf("who was refused is not there any more: %d", status)
			}
		default:
			a.t.Fatalf("leaving: %d", status)
		}
	}
	return left
}

// to returns how many mails to who leaves went to an address.
func (a app) to(address string) (n int) {
	a.t.Helper()
	for _, m := range a.mails(core.MailLeaving) {
		if m.To == address {
			n++
		}
	}
	return n
}

// D09: what others cause at a mailbox takes no link away from the owner of an
// account, whom a thief may have deleted.
func TestAttackD09OthersUseNothingUp(t *testing.T) {
	t.Parallel()
	everywhere(t, limited, func(t *testing.T, a app) {
		a.flood(70, a.Ada.Email, false, 14)
		a.flood(70, a.Ada.Email, true, 14)
		thief := a.ofUser(a.Ada)
		if status := thief.do("DELETE", "198.51.100.1"); status != 202 || a.to(a.Ada.Email) != 1 {
			t.Errorf("of a verified address: %d, %d mails with a link", status, a.to(a.Ada.Email))
		}
		a.undo(a.token(), 200)

		// Nobody knows whose mailbox it is, so nobody is deleted
		// without a link.
		bob := a.leaver("bob@example.org", false)
		a.flood(70, bob.u.Email, false, 14)
		if status := bob.do("DELETE", "192.0.2.1"); status != 429 || a.to(bob.u.Email) != 0 {
			t.Errorf("of an unverified address: %d, %d mails", status, a.to(bob.u.Email))
		}
		if status := bob.do("GET", "192.0.2.1"); status != 200 {
			t.Errorf("an account that was not deleted: %d", status)
		}
		time.Sleep(time.Hour)
		bob = a.ofUser(bob.u)
		if status := bob.do("DELETE", "192.0.2.1"); status != 202 || a.to(bob.u.Email) != 1 {
			t.Errorf("an hour later: %d, %d mails", status, a.to(bob.u.Email))
		}
	})
}

// D10: users without end, whose addresses nobody has verified, are no flood of
// mails to one mailbox.
func TestAttackD10OneMailbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, limited)
		for _, c := range []struct {
			name, mailbox            string
			n, networks, left, mails int
		}{
			{"from one network", "eve@example.org", 10, 1, 5, 5},
			{"to another mailbox", "eva@example.org", 10, 1, 5, 10},
			{"from many networks", "dan@example.org", 70, 14, 30, 40},
		} {
			if left := a.flood(c.n, c.mailbox, false, c.networks); left != c.left {
				t.Errorf("%s: %d have left, want %d", c.name, left, c.left)
			}
			if n := len(a.mails(core.MailLeaving)); n != c.mails {
				t.Errorf("%s: %d mails in all, want %d", c.name, n, c.mails)
			}
		}
		// The twin: a mailbox that has verified each of them.
		if left := a.flood(10, "eve@example.org", true, 1); left != 10 || len(a.mails(core.MailLeaving)) != 50 {
			t.Errorf("verified: %d have left", left)
		}
	})
}

// racing are credentials that let something happen before a mark is made.
type racing struct {
	*memstore.Credentials
	before func()
}

func (r *racing) Create(ctx context.Context, c *core.Credential, most int) error {
	if c.Kind == leaving.Mark {
		r.before()
	}
	return r.Credentials.Create(ctx, c, most)
}

// I08: no link lifts an administrator's suspension, and no sweep removes who is
// suspended by one.
func TestAttackI08SuspendedByAnAdministrator(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		a.leave()
		token := a.token()
		var refusal *core.Error
		for _, reason := range []string{core.SuspendedForLeaving, "\u00a0" + core.SuspendedForLeaving + " "} {
			err := a.Manager().Suspend(t.Context(), a.Ada.ID, time.Time{}, reason)
			if !errors.As(err, &refusal) || refusal.Status != 422 {
				t.Errorf("suspended as one who leaves: %v", err)
			}
		}
		a.undo(token, 200) // the twin: the refusals have changed nothing
		for _, reason := range []string{core.SuspendedForLeaving, "fraud"} {
			_ = a.Manager().Suspend(t.Context(), a.Ada.ID, time.Time{}, reason)
		}
		a.undo(token, 400)
		a.logsIn(a.Client("api"), factortest.Password, 400, "fraud")
		time.Sleep(2 * grace)
		if _, err := a.Sweep(t.Context()); err != nil || !a.there() {
			t.Errorf("removed, %v", err)
		}
	})
	t.Run("while they leave", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			r := &racing{Credentials: memstore.NewCredentials(nil)}
			a := newApp(t, func(o *options) { o.Credentials = r })
			r.before = func() {
				if err := a.Manager().Suspend(t.Context(), a.Ada.ID, time.Time{}, "fraud"); err != nil {
					t.Error(err)
				}
			}
			a.loggedIn("api").Send("DELETE", "/users/me", "", 401, "")
			a.logsIn(a.Client("api"), factortest.Password, 400, "fraud")
			if n := len(a.mails(core.MailLeaving)); n > 0 {
				t.Errorf("%d mails with a link", n)
			}
			time.Sleep(2 * grace)
			if _, err := a.Sweep(t.Context()); err != nil || !a.there() {
				t.Errorf("removed, %v", err)
			}
		})
	})
}
