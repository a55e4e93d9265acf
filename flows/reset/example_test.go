package reset_test

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// newAuth returns an application in memory, and the mails that it sends.
func newAuth() (*latchkey.Auth[member], *outbox.Outbox, error) {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		return nil, nil, err
	}
	hasher, err := bcrypt.New(bcrypt.Options{Cost: 10})
	if err != nil {
		return nil, nil, err
	}
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		return nil, nil, err
	}
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{reset.Flow{}},
		Tickets:  memstore.NewTickets(nil),
		Sender:   box,
		BaseURL:  "https://app.example.org",
		Hashers:  []core.Hasher{hasher},
	})
	return auth, box, err
}

// POST /forgot-password and POST /reset-password do what these two methods of
// the Manager do. A password that the policy refuses leaves the token usable.
func ExampleFlow() {
	auth, box, err := newAuth()
	if err != nil {
		panic(err)
	}
	ctx, manager := context.Background(), auth.Manager()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := manager.Create(ctx, ada, ""); err != nil { // she has no password yet
		panic(err)
	}
	if err := manager.ForgotPassword(ctx, "Ada@example.org"); err != nil {
		panic(err)
	}
	if err := auth.Wait(ctx); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.To, mail.Subject)

	_, err = manager.ResetPassword(ctx, mail.Token, "short")
	fmt.Println(err)
	u, err := manager.ResetPassword(ctx, mail.Token, "analytical engine")
	fmt.Println(u.IsVerified, err) // the mail has proved the address
	_, err = manager.ResetPassword(ctx, mail.Token, "difference engine")
	fmt.Println(err)
	// Output:
	// ada@example.org Choose a new password for Acme
	// RESET_PASSWORD_INVALID_PASSWORD: Password should be at least 8 characters
	// true <nil>
	// RESET_PASSWORD_BAD_TOKEN
}
