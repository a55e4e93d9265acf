package verify_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// Everybody who registers gets a mail, whose link leads to a page of the
// application and works for a day. The page posts the token to /verify, which
// does what Manager.Verify does.
func ExampleFlow() {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows: []latchkey.Flow{verify.Flow{
			OnRegister: true,
			Options:    mailtoken.Options{Link: "/welcome#code={token}", Lifetime: 24 * time.Hour},
		}},
		Tickets: memstore.NewTickets(nil),
		Sender:  box,
		BaseURL: "https://app.example.org",
	})
	if err != nil {
		panic(err)
	}
	ctx, manager := context.Background(), auth.Manager()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := manager.Create(ctx, ada, ""); err != nil { // as POST /register does
		panic(err)
	}
	if err := auth.Wait(ctx); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.Subject, strings.Contains(mail.Text, "https://app.example.org/welcome#code="+mail.Token))

	verified, err := manager.Verify(ctx, mail.Token)
	fmt.Println(verified.IsVerified, err)
	_, err = manager.Verify(ctx, mail.Token)
	fmt.Println(err)
	// Output:
	// Confirm your e-mail address for Acme true
	// true <nil>
	// VERIFY_USER_ALREADY_VERIFIED
}
