package mongostore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// cheap is a hasher that costs nothing.
type cheap struct{}

func (cheap) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("$" + password), nil
}
func (cheap) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "$") }
func (cheap) Outdated(core.PasswordHash) bool { return false }
func (cheap) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "$"+password, nil
}

// TestAttackM90M91M92 is integration/names on MongoDB: names that are none or
// taken, one count for two identifiers, and no mail without an address.
func TestAttackM90M91M92(t *testing.T) {
	_, _, users := open[storetest.NamedAccount](t, mongostore.Options{})
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	box, err := outbox.New(outbox.Options{App: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(users, latchkey.Options[storetest.NamedAccount]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{reset.Flow{}}, Tickets: memstore.NewTickets(nil), Sender: box, MailDelay: -1,
		BaseURL: "https://app.example.org", Hashers: []core.Hasher{cheap{}}, Log: slog.New(slog.DiscardHandler),
		EmailOptional: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	want := func(route string, status int, part string, members map[string]any) {
		t.Helper()
		body, _ := json.Marshal(members)
		r := httptest.NewRequest(http.MethodPost, route, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != status || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s %v is answered %d %s, want %d %s", route, members, w.Code, w.Body, status, part)
		}
	}
	type object = map[string]any
	const register, login, password = "/auth/register", "/auth/api/login", "analytical engine"
	want(register, 201, `"username":"Ada"`, object{"username": "Ada", "email": "ada@example.org", "password": password})
	want(register, 201, `"email":null`, object{"username": "Grace", "password": password})
	want(register, 201, `"email":null`, object{"username": "Edsger", "password": password})
	want(register, 400, core.CodeRegisterNameExists, object{"username": "ADA", "password": password})
	want(register, 400, core.CodeRegisterUserExists,
		object{"username": "eve", "email": "ada@example.org", "password": password})
	want(register, 422, `["body","username"]`, object{"username": "ada@example.org", "password": password})
	want(register, 422, `["body","username"]`, object{"username": "\u0430da", "password": password})
	for i := range 5 {
		identifier := []string{"ada", "ada@example.org"}[i%2]
		want(login, 400, core.CodeLoginBadCredentials, object{"username": identifier, "password": fmt.Sprint("wrong ", i)})
	}
	want(login, 400, core.CodeLoginBadCredentials, object{"username": "ada@example.org", "password": password})
	want(login, 200, "access_token", object{"username": "GRACE", "password": password})
	for identifier, mails := range map[string]int{"grace": 0, "nobody": 0, "ada": 1} {
		before := len(box.Mails())
		want("/auth/forgot-password", 202, "null", object{"email": identifier})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := auth.Wait(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if got := len(box.Mails()) - before; got != mails {
			t.Errorf("%d mails for %s, want %d", got, identifier, mails)
		}
	}
	if err := auth.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
