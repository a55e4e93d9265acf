package harness

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Mailbox is a Sender that keeps what it is given.
type Mailbox chan core.Mail

// Send keeps a mail, and waits while the mailbox is full.
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

// WantNoMail waits until everything that was queued is done, and checks that no
// mail is left. It closes the application: it is a test's last step.
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

// MailRoutes are the lines of the two routes that take an address and may send
// a mail, by the mail's kind, up to the status.
var MailRoutes = map[string]string{"reset": "POST /auth/forgot-password ", "verify": "POST /auth/request-verify-token "}

// MailedToken requests a mail of a kind for a user, and returns its token.
func (a *App) MailedToken(t *testing.T, kind string, u *Account) string {
	t.Helper()
	a.Want(t, MailRoutes[kind]+"202", JSONObject(Object{"email": u.Email}))
	m := a.NextMail(t)
	if m.Kind != kind || m.To != u.Email {
		t.Fatalf("got a %s to %s", m, m.To)
	}
	return m.Token
}

// ResetRoute is the line that resets a password, up to the status.
const ResetRoute = "POST /auth/reset-password "

// ResetBody is a body for ResetRoute, with OtherPassword.
func ResetBody(token string) Option {
	return JSONObject(Object{"token": token, "password": OtherPassword})
}

// VerifyRoute is the line that verifies an address, up to the status.
const VerifyRoute = "POST /auth/verify "

// VerifyBody is a body for VerifyRoute.
func VerifyBody(token string) Option { return JSONObject(Object{"token": token}) }
