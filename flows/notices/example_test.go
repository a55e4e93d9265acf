package notices_test

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

func Example() {
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{notices.Flow{}},
		Sender:   box,
		Now:      func() time.Time { return time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC) },
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(ctx, ada, ""); err != nil {
		panic(err)
	}
	password := "analytical engine"
	if _, err := auth.Manager().Update(ctx, ada.ID, latchkey.Changes[member]{Password: &password}); err != nil {
		panic(err)
	}
	if err := auth.Wait(ctx); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.To, mail.Kind == core.MailNotice, mail.Subject)
	fmt.Println(mail.Text)
	// Output:
	// ada@example.org true Your password was changed (Acme)
	// Hello,
	//
	// the password of your account was changed.
	//
	// When: 2026-05-04 12:30 UTC
	// By: an administrator, or the application itself
	//
	// You did this, or know who did? Then there is nothing to do.
	//
	// If not: ask for a new password on the login page at once, which ends all logins.
	//
	// This mail has no links, so that nobody can fake one that leads elsewhere. Go to Acme as you always do.
}
