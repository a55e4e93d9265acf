package leaving_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// newAuth is an application whose users may delete their account, and have 30
// days to change their mind.
func newAuth(backend latchkey.Backend, sender latchkey.Sender) (*latchkey.Auth[member], error) {
	return latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends:    []latchkey.Backend{backend},
		Flows:       []latchkey.Flow{leaving.Flow{Grace: 30 * 24 * time.Hour}},
		SelfDelete:  true,
		Credentials: memstore.NewCredentials(nil),
		Tickets:     memstore.NewTickets(nil),
		Sender:      sender,
		BaseURL:     "https://app.example.org",
	})
}

// send sends a request with JSON, and returns the answer.
func send(h http.Handler, method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A user who leaves can come back by the mail's link.
func ExampleFlow() {
	sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	box, err2 := outbox.New(outbox.Options{App: "Acme"})
	auth, err3 := newAuth(latchkey.Backend{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}, box)
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/users", auth.Users())
	httpauth.Mount(mux, "/auth", auth.Account())

	ctx := context.Background()
	ada := &member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	err1 = auth.Manager().Create(ctx, ada, "")
	login, err2 := auth.Manager().Login(ctx, ada.ID, "api", nil, core.Proof{Method: "test", At: time.Now()})
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	w := send(mux, "DELETE", "/users/me", login.Token.Raw, "")
	fmt.Println(w.Code, strings.HasPrefix(w.Body.String(), `{"until":"`))
	if err := auth.Wait(ctx); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.Subject, strings.Contains(mail.Text, "In 30 days it is gone for good."))
	w = send(mux, "POST", "/auth/leaving/undo", "", `{"token": "`+mail.Token+`"}`)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 202 true
	// Your account at Acme will be deleted true
	// 200 null
}
