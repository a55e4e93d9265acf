package proofs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// hostileSender does something else than sending, until it is mended.
type hostileSender struct {
	core.Sender
	mu   sync.Mutex
	harm func() error // nil: it sends
}

func (s *hostileSender) set(harm func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.harm = harm
}

func (s *hostileSender) Send(ctx context.Context, m core.Mail) error {
	s.mu.Lock()
	harm := s.harm
	s.mu.Unlock()
	if harm != nil {
		return harm()
	}
	return s.Sender.Send(ctx, m)
}

// noticed is an application with notices.
type noticed struct {
	*harness.App
	sender *hostileSender
}

// newNoticed makes one beside another. more change its options further.
func newNoticed(t *testing.T, other *harness.App, more ...func(*harness.App, *harness.Options)) noticed {
	t.Helper()
	a := noticed{sender: &hostileSender{}}
	a.App = other.Beside(t, func(inner *harness.App, o *harness.Options) {
		a.sender.Sender = o.Sender
		o.Sender, o.Flows = a.sender, append(o.Flows, notices.Flow{})
		for _, change := range more {
			change(inner, o)
		}
	})
	return a
}

// wait ends what is under way, and tries again what has failed.
func (a noticed) wait(t *testing.T) {
	t.Helper()
	for range 2 {
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// user makes one who is logged in.
func (a noticed) user(t *testing.T, change ...func(*harness.Account)) (*harness.Account, harness.Option) {
	t.Helper()
	u := a.NewUser(t, change...)
	return u, a.LogIn(t, "session", u)
}

// changes sets the n-th password of a user.
func (a noticed) changes(t *testing.T, in harness.Option, n int, with ...harness.Option) {
	t.Helper()
	a.Want(t, "PATCH /users/me 200", append(with, in, harness.JSONObject(harness.Object{
		"password": fmt.Sprintf("battery number %d, of 17", n),
	}))...)
}

// told checks that a user hears of it.
func (a noticed) told(t *testing.T, u *harness.Account) {
	t.Helper()
	m := a.NextMail(t)
	if m.Kind != core.MailNotice || m.Notice.What != notices.PasswordChanged || m.To != u.Email ||
		m.Link+m.Token+m.Code != "" || !m.Client.IP.IsLoopback() {
		t.Errorf("got the mail %+v to %s", m.Notice, m.To)
	}
}

// notice is the case of notices: no request waits for one or fails because of
// one, which comes later; and they are no flood.
func notice(t *testing.T, other *harness.App) {
	a := newNoticed(t, other)
	u, in := a.user(t, harness.Verified)
	n := 0
	for name, harm := range map[string]func(released <-chan struct{}) error{
		"M84 the sender fails":  func(<-chan struct{}) error { return errors.New("refused") },
		"M84 the sender panics": func(<-chan struct{}) error { panic("broken") },
		"M84 the sender blocks": func(released <-chan struct{}) error {
			<-released
			return errors.New("too late")
		},
	} {
		tried, released := make(chan struct{}, 1), make(chan struct{})
		a.sender.set(func() error {
			select {
			case tried <- struct{}{}:
			default:
			}
			return harm(released)
		})
		n++
		a.changes(t, in, n, harness.Case(name))
		select {
		case <-tried:
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was tried")
		}
		a.Want(t, "GET /users/me 200", in)
		a.sender.set(nil)
		close(released)
		a.wait(t)
		a.told(t, u)
	}
	a.changes(t, in, n+1, harness.Case("M84 the twin"))
	a.told(t, u)
	_, strange := a.user(t)
	a.changes(t, strange, 1, harness.Case("M84 the twin, an address that is not verified"))
	mails(t, a.App, 0)
	t.Run("E06 a flood of notices", a.flood)
}

// flood causes many notices to one address.
func (a noticed) flood(t *testing.T) {
	u, in := a.user(t, harness.Verified)
	n := 0
	cause := func(times, want int) {
		t.Helper()
		for range times {
			n++
			a.changes(t, in, n)
		}
		a.wait(t)
		if got := len(a.Mails); got != want {
			t.Errorf("%d changes caused %d notices, want %d", times, got, want)
		}
		for len(a.Mails) > 0 {
			a.told(t, u)
		}
	}
	cause(7, 5)
	other, theirs := a.user(t, harness.Verified)
	a.changes(t, theirs, 1) // the twin: another address
	a.told(t, other)
	for _, want := range []int{5, 0} { // of ten a day
		a.Advance(time.Hour)
		in = credential(t, "session", a.Want(t, "POST /auth/session/prove/password 200", in,
			with("password", fmt.Sprintf("battery number %d, of 17", n))))
		cause(7, want)
	}
	changed := 0
	for _, action := range actionsOf(t, a.App, u.ID) {
		if action == string(core.EventUpdated) {
			changed++
		}
	}
	if changed != n {
		t.Errorf("%d changes have %d records", n, changed)
	}
}
