package maillogin_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

var errDown = errors.New("down")

// desk is what a job works with, each of which may fail.
type desk struct {
	*servicetest.Services
	job  func(context.Context) error
	sent []core.Mail
	put  []core.Ticket
	fail map[string]error
	// lost is an answer to Put that does not arrive.
	lost error
}

func (d *desk) Enqueue(_ string, do func(context.Context) error)     { d.job = do }
func (d *desk) EnqueueMail(_ string, do func(context.Context) error) { d.job = do }

func (d *desk) Send(_ context.Context, m core.Mail) error {
	if d.fail["send"] == nil {
		d.sent = append(d.sent, m)
	}
	return d.fail["send"]
}

type shelf struct {
	core.TicketStore
	d *desk
}

func (s shelf) Put(ctx context.Context, t core.Ticket, replace bool) error {
	s.d.put = append(s.d.put, t)
	if err := s.d.fail["put"]; err != nil {
		return err
	}
	err := s.TicketStore.Put(ctx, t, replace)
	if lost := s.d.lost; err == nil && lost != nil {
		s.d.lost = nil
		return lost
	}
	return err
}

func (s shelf) Find(ctx context.Context, purpose string, digest [32]byte) (core.Ticket, error) {
	if err := s.d.fail["find"]; err != nil {
		return core.Ticket{}, err
	}
	return s.TicketStore.Find(ctx, purpose, digest)
}

type gauge struct {
	core.Limiter
	d *desk
}

func (g gauge) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	if err := g.d.fail["limit"]; err != nil {
		return 0, err
	}
	return g.Limiter.Allow(ctx, key, limits...)
}

// asked returns a desk with the job of a request for ada's mail, of whom there
// is one a quarter of an hour, and the secret of its flow.
func asked(t *testing.T, f maillogin.Flow) (d *desk, ada *servicetest.Account, flow string) {
	t.Helper()
	d = &desk{Services: servicetest.New(t), fail: map[string]error{}}
	d.Services.Tickets, d.Services.Limiter = shelf{d.Services.Tickets, d}, gauge{d.Services.Limiter, d}
	d.Services.Jobs, d.Services.Mail = d, d
	f.MailLimit = core.Limit{Events: 1, Window: 15 * time.Minute}
	ada = d.Add("ada@example.org", "secret")
	call := servicetest.Call{Route: "POST /mail-login", JSON: `{"email": "Ada@example.org"}`}
	resp := d.Want(t.Context(), f, call, 202, "flow")
	var begun struct{ Flow string }
	if err := json.Unmarshal(resp.Body, &begun); err != nil {
		t.Fatal(err)
	}
	return d, ada, begun.Flow
}

// An attempt that fails is made again: with the same code, one ticket and one
// count.
func TestTheMailIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"send", "put", "find", "limit", "lost"} {
		d, _, flow := asked(t, maillogin.Flow{})
		if d.fail[part] = errDown; part == "lost" {
			d.lost = errDown
		}
		for range 3 {
			if err := d.job(t.Context()); !errors.Is(err, errDown) && part != "lost" {
				t.Errorf("%s: got %v", part, err)
			}
		}
		d.fail[part] = nil
		if part != "lost" {
			if err := d.job(t.Context()); err != nil {
				t.Errorf("%s: at last: %v", part, err)
			}
		}
		if len(d.sent) == 0 {
			t.Fatalf("%s: no mail was sent", part)
		}
		for _, other := range d.put {
			if string(other.Data) != string(d.put[0].Data) || other.Digest != core.Digest(flow) {
				t.Errorf("%s: two tickets: %s, %s", part, d.put[0].Data, other.Data)
			}
		}
		body := `{"flow": "` + flow + `", "code": "` + d.sent[0].Code + `"}`
		call := servicetest.Call{Route: "POST /mail-login/confirm", JSON: body}
		d.Want(t.Context(), maillogin.Flow{}, call, 204, "")
	}
}

// What happens between two attempts may make the mail pointless.
func TestTheMailIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(*desk, *servicetest.Account, string)
		sent    int
	}{
		"nothing": {func(*desk, *servicetest.Account, string) {}, 1},
		"another address": {func(d *desk, u *servicetest.Account, _ string) {
			d.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = "eve@example.org", "eve@example.org" })
		}, 0},
		"a new password": {func(d *desk, u *servicetest.Account, _ string) {
			d.Set(u.ID, func(a *servicetest.Account) { a.TokenEpoch++ })
		}, 0},
		"inactivity": {func(d *desk, u *servicetest.Account, _ string) {
			d.Set(u.ID, func(a *servicetest.Account) { a.IsActive = false })
		}, 0},
		"the user's end": {func(d *desk, u *servicetest.Account, _ string) { _ = d.Store.Delete(context.Background(), u.ID) }, 0},
		"its use": {func(d *desk, _ *servicetest.Account, flow string) {
			_, _ = d.Services.Tickets.Consume(context.Background(), "mail-login", core.Digest(flow))
		}, 0},
		"its lifetime": {func(d *desk, _ *servicetest.Account, _ string) { d.Advance(10 * time.Minute) }, 0},
	} {
		for _, signUp := range []bool{false, true} {
			d, ada, flow := asked(t, maillogin.Flow{SignUp: signUp})
			d.fail["send"] = errDown
			if err := d.job(t.Context()); !errors.Is(err, errDown) {
				t.Errorf("%s: got %v", name, err)
			}
			d.fail["send"] = nil
			c.happens(d, ada, flow)
			if err := d.job(t.Context()); err != nil || len(d.sent) != c.sent {
				t.Errorf("%s: %d mails were sent (%v), want %d", name, len(d.sent), err, c.sent)
			}
		}
	}
}

// A user who could not get the mail at first does not get one whose ticket
// nothing opens.
func TestADeadTicketStaysDead(t *testing.T) {
	t.Parallel()
	d, ada, _ := asked(t, maillogin.Flow{})
	d.Set(ada.ID, func(a *servicetest.Account) { a.IsActive = false })
	d.fail["put"] = errDown
	_ = d.job(t.Context())
	d.fail["put"] = nil
	d.Set(ada.ID, func(a *servicetest.Account) { a.IsActive = true })
	if err := d.job(t.Context()); err != nil || len(d.sent) != 0 {
		t.Errorf("%d mails were sent, %v", len(d.sent), err)
	}
}

// A link for any browser is for none once the application has changed its mind.
func TestALinkOfAnotherMode(t *testing.T) {
	t.Parallel()
	d, _, _ := asked(t, maillogin.Flow{OtherBrowser: maillogin.Confirm})
	if err := d.job(t.Context()); err != nil || len(d.sent) != 1 {
		t.Fatalf("%d mails were sent, %v", len(d.sent), err)
	}
	call := servicetest.Call{Route: "POST /mail-login/confirm", JSON: `{"token": "` + d.sent[0].Token + `"}`}
	d.Want(t.Context(), maillogin.Flow{}, call, 400, core.CodeMailLoginBadCode)
	d.Want(t.Context(), maillogin.Flow{OtherBrowser: maillogin.Confirm}, call, 204, "")
}
