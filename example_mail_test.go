package latchkey_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// exampleMail is an application whose flows send mail. An application sends by
// senders/smtpsender or a Sender of its own.
func exampleMail() (http.Handler, *latchkey.Auth[Member], *outbox.Outbox) {
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), withNotices(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()},
		Flows:    []latchkey.Flow{verify.Flow{OnRegister: true}, reset.Flow{}},
		Tickets:  memstore.NewTickets(nil),
		Sender:   box,
		BaseURL:  "https://app.example.org",
		Hashers:  cheap(),
	}))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"), auth.Verify(), auth.Reset())
	return mux, auth, box
}

func withNotices(o latchkey.Options[Member]) latchkey.Options[Member] {
	o.Flows = append(o.Flows, notices.Flow{Off: []string{notices.ProviderUnlinked}}) // Off: nil for all of them
	return o
}

// With OnRegister everybody who registers gets a mail. Its link leads to a page
// of the application, which posts the token.
func ExampleAuth_Verify() {
	mux, auth, box := exampleMail()
	exchange(mux, "POST /auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`)
	if err := auth.Wait(context.Background()); err != nil { // else it is sent within 2.5 seconds
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.To, mail.Subject)

	exchange(mux, "POST /auth/verify", "", `{"token": "`+mail.Token+`"}`)
	ada, err := auth.Manager().FindByEmail(context.Background(), "ada@example.org")
	fmt.Println(ada.IsVerified, err)
	fmt.Println(exchange(mux, "POST /auth/verify", "", `{"token": "`+mail.Token+`"}`))
	// Output:
	// ada@example.org Confirm your e-mail address for Acme
	// true <nil>
	// 400 {"detail":"VERIFY_USER_ALREADY_VERIFIED"}
}

// The answer is the same whether or not there is such a user; only the mailbox
// shows it. A reset ends all sessions.
func ExampleAuth_Reset() {
	mux, auth, box := exampleMail()
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	fmt.Println(exchange(mux, "POST /auth/forgot-password", "", `{"email": "nobody@example.org"}`))
	fmt.Println(exchange(mux, "POST /auth/forgot-password", "", `{"email": "ada@example.org"}`))
	if err := auth.Wait(context.Background()); err != nil {
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(len(box.Mails()), mail.To, mail.Subject)

	body := `{"token": "` + mail.Token + `", "password": "difference engine"}`
	fmt.Println(exchange(mux, "POST /auth/reset-password", "", body))
	fmt.Println(exchange(mux, "POST /auth/reset-password", "", body)) // a token works once
	fmt.Println(logIn(mux, "ada@example.org", "difference engine") != "")
	// Output:
	// 202 null
	// 202 null
	// 1 ada@example.org Choose a new password for Acme
	// 200 null
	// 400 {"detail":"RESET_PASSWORD_BAD_TOKEN"}
	// true
}
