package emailchange_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// newAuth is an application in which a new address is confirmed first, and
// users may delete their own account.
func newAuth(backend latchkey.Backend, sender latchkey.Sender) (*latchkey.Auth[member], error) {
	return latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends:   []latchkey.Backend{backend},
		Flows:      []latchkey.Flow{reset.Flow{}, emailchange.Flow{Confirm: true}},
		SelfDelete: true,
		Tickets:    memstore.NewTickets(nil),
		Sender:     sender,
		BaseURL:    "https://app.example.org",
	})
}

// The mailbox before can undo every change, also one by an administrator. The
// page at the end of the mail's link posts its token.
func ExampleFlow() {
	sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	box, err2 := outbox.New(outbox.Options{App: "Acme"})
	auth, err3 := newAuth(latchkey.Backend{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}, box)
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/users", auth.Users())
	httpauth.Mount(mux, "/auth", auth.Reset(), auth.Account())

	ctx, manager := context.Background(), auth.Manager()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	err1 = manager.Create(ctx, ada, "")
	moved := "eve@example.net"
	_, err2 = manager.Update(ctx, ada.ID, latchkey.Changes[member]{Email: &moved})
	if err := errors.Join(err1, err2, auth.Wait(ctx)); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.To, mail.Subject, strings.Contains(mail.Text, "Its address now is e…@e….net."))

	r := httptest.NewRequest(http.MethodPost, "/auth/email/undo", strings.NewReader(`{"token": "`+mail.Token+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	ada, err := manager.Find(ctx, ada.ID)
	fmt.Println(w.Code, ada.Email, ada.IsVerified, err)
	// Output:
	// ada@example.org Your e-mail address was changed at Acme true
	// 200 ada@example.org true <nil>
}
