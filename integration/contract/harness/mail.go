package harness

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Mailbox is a Sender that keeps what it is given.
type Mailbox chan core.Mail

func (m Mailbox) Send(ctx context.Context, mail core.Mail) error {
	select {
	case m <- mail:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// NextMail waits for the next mail.
func (a *App) NextMail(t *testing.T) core.Mail {
	t.Helper()
	select {
	case m := <-a.Mails:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail came")
		return core.Mail{}
	}
}

// WantNoMail waits until everything that was queued is done. Nothing is sent
// from here on: it is a test's last step.
func (a *App) WantNoMail(t *testing.T) {
	t.Helper()
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(a.Mails) > 0 {
		m := <-a.Mails
		t.Errorf("a %s to %s was sent", m, m.To)
	}
}

// MailRoutes are the two routes that take an address and may send a mail.
var MailRoutes = map[string]string{"reset": "POST /auth/forgot-password ", "verify": "POST /auth/request-verify-token "}

// MailedToken asks for a mail and gives its token.
func (a *App) MailedToken(t *testing.T, kind string, u *Account) string {
	t.Helper()
	a.Want(t, MailRoutes[kind]+"202", JSONObject(Object{"email": u.Email}))
	m := a.NextMail(t)
	if m.Kind != kind || m.To != u.Email {
		t.Fatalf("got a %s to %s", m, m.To)
	}
	return m.Token
}

const ResetRoute = "POST /auth/reset-password "

func ResetBody(token string) Option {
	return JSONObject(Object{"token": token, "password": OtherPassword})
}

const VerifyRoute = "POST /auth/verify "

func VerifyBody(token string) Option { return JSONObject(Object{"token": token}) }
