package authtest

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/senders/outbox"
)

// Mail returns the latest mail of a kind ("verify", "reset") to an address. It
// waits until what the application has queued has been sent (Auth.Wait), and
// never sleeps. Without such a mail the test ends.
func Mail[U any](t testing.TB, auth *latchkey.Auth[U], box *outbox.Outbox, to, kind string) outbox.Mail {
	t.Helper()
	if box == nil {
		t.Fatalf("authtest: Mail: the outbox is nil: Options.Sender of the application must be an *outbox.Outbox, and this one")
	}
	if err := auth.Wait(t.Context()); err != nil {
		t.Fatalf("authtest: Mail: the mails are not sent: %v", err)
	}
	var others []string
	mails := box.Mails()
	for i := len(mails) - 1; i >= 0; i-- {
		if m := mails[i]; m.Kind == kind && strings.EqualFold(m.To, to) {
			return m
		}
		others = append(others, mails[i].Kind+" to "+mails[i].To)
	}
	if others == nil {
		others = []string{"nothing"}
	}
	t.Fatalf("authtest: Mail: no %q mail was sent to %s. The outbox has: %s. Does the user exist, active, with this address, "+
		"and still need the mail? A limit of mails, or a kind without a template, is in the log", kind, to,
		strings.Join(others, ", "))
	return outbox.Mail{}
}
