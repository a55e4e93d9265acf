package attacks_test

import (
	"context"
	"errors"
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

// No request waits for a notice or fails because of one, which comes later.
func TestAttackSenderOfNotices(t *testing.T) {
	var senders harness.PerApp[hostileSender]
	options := func(a *harness.App, o *harness.Options) {
		senders.Of(a).Sender = o.Sender
		o.Sender, o.Flows = senders.Of(a), append(o.Flows, notices.Flow{})
	}
	harness.OnEveryAdapter(t, options, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		in := a.LogIn(t, "session", u)
		change := func(password string) harness.Option {
			return harness.JSONObject(harness.Object{"password": password + " 17 battery"})
		}
		told := func(t *testing.T) {
			t.Helper()
			m := a.NextMail(t)
			if m.Kind != core.MailNotice || m.Notice.What != notices.PasswordChanged || m.To != u.Email ||
				m.Link+m.Token+m.Code != "" || !m.Client.IP.IsLoopback() {
				t.Errorf("got the mail %+v to %s", m.Notice, m.To)
			}
		}
		for name, harm := range map[string]func(released <-chan struct{}) error{
			"M84 the sender fails":  func(<-chan struct{}) error { return errors.New("refused") },
			"M84 the sender panics": func(<-chan struct{}) error { panic("broken") },
			"M84 the sender blocks": func(released <-chan struct{}) error {
				<-released
				return errors.New("too late")
			},
		} {
			tried, released := make(chan struct{}, 1), make(chan struct{})
			senders.Of(a).set(func() error {
				select {
				case tried <- struct{}{}:
				default:
				}
				return harm(released)
			})
			a.Want(t, "PATCH /users/me 200", harness.Case(name), in, change(name))
			select {
			case <-tried:
			case <-time.After(10 * time.Second):
				t.Fatal("nothing was tried")
			}
			a.Want(t, "GET /users/me 200", in)
			senders.Of(a).set(nil)
			close(released)
			told(t)
		}
		a.Want(t, "PATCH /users/me 200 (M84 the twin)", in, change("M84"))
		told(t)
		stranger := a.NewUser(t)
		a.Want(t, "PATCH /users/me 200 (M84 the twin, an address that is not verified)", a.LogIn(t, "session", stranger),
			change("M84"))
		a.WantNoMail(t)
	})
}
