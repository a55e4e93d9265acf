package maillogin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// newAuth returns an application with a login by mail.
func newAuth(byMail maillogin.Flow, sender core.Sender) (*latchkey.Auth[member], error) {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		return nil, err
	}
	hasher, err := bcrypt.New(bcrypt.Options{Cost: 10})
	if err != nil {
		return nil, err
	}
	return latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{byMail},
		Tickets:  memstore.NewTickets(nil),
		Sender:   sender,
		BaseURL:  "https://app.example.org",
		Hashers:  []core.Hasher{hasher},
	})
}

// Somebody whom the application does not know yet logs in by the code of a
// mail.
func Example() {
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		panic(err)
	}
	auth, err := newAuth(maillogin.Flow{SignUp: true}, box)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/api", auth.MailLogin("api"))

	status, asked := post(mux, "/auth/api/mail-login", map[string]string{"email": "ada@example.org"})
	fmt.Println(status, asked["expires_in"])

	if err := auth.Wait(context.Background()); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.Subject)

	// The link is nothing without the flow, as where a program opens it.
	confirm := "/auth/api/mail-login/confirm"
	status, answer := post(mux, confirm, map[string]string{"token": mail.Token})
	fmt.Println(status, answer)
	// It still works for who asked, and so does the code.
	status, _ = post(mux, confirm, map[string]string{"flow": asked["flow"].(string), "code": mail.Code})
	ada, err := auth.Manager().FindByEmail(context.Background(), "ada@example.org")
	fmt.Println(status, ada.IsVerified, err)
	// Output:
	// 202 600
	// Log in to Acme
	// 400 map[detail:MAIL_LOGIN_BAD_CODE]
	// 200 true <nil>
}

// A login by password waits for the code of a mail.
func Example_secondFactor() {
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		panic(err)
	}
	auth, err := newAuth(maillogin.Flow{SecondFactor: true}, box)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/api", auth.Login("api"), auth.MailLogin("api"))

	ctx := context.Background()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(ctx, ada, "analytical engine"); err != nil {
		panic(err)
	}
	status, answer := post(mux, "/auth/api/login",
		map[string]string{"username": "ada@example.org", "password": "analytical engine"})
	detail := answer["detail"].(map[string]any)
	fmt.Println(status, detail["code"], detail["factors"])
	pending := detail["pending"].(string)

	status, asked := post(mux, "/auth/api/mail", map[string]string{"pending": pending})
	fmt.Println(status)
	if err := auth.Wait(ctx); err != nil {
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.Subject)

	status, answer = post(mux, "/auth/api/mail/confirm",
		map[string]string{"pending": pending, "flow": asked["flow"].(string), "code": mail.Code})
	fmt.Println(status, answer["token_type"])
	// Output:
	// 403 LOGIN_FACTOR_REQUIRED [email]
	// 202
	// Confirm that it is you at Acme
	// 200 bearer
}

// post sends JSON, as a client of the API does.
func post(h http.Handler, path string, members map[string]string) (status int, answer map[string]any) {
	in, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(in)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		panic(err)
	}
	return w.Code, answer
}
