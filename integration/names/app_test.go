package names_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// account is a user with a name, and perhaps an address.
type account struct {
	latchkey.User
	latchkey.Named
	Nick string `json:"nick" auth:"register,update"`
}

const password = "analytical engine"

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

// app is an application on an adapter, over a store.
type app struct {
	*latchkey.Auth[account]
	t     *testing.T
	serve serve
	box   *outbox.Outbox
}

// everywhere runs a test on each adapter, over memory, and on each store.
func everywhere(t *testing.T, test func(t *testing.T, a *app)) {
	t.Parallel()
	for name, mount := range adapters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newApp(t, stores["memory"](t), mount))
		})
	}
	for name, open := range stores {
		if name == "memory" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newApp(t, open(t), adapters["net-http"]))
		})
	}
}

func newApp(t *testing.T, users core.UserStore[account], mount func(core.Group) serve) *app {
	t.Helper()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	fatal(t, err)
	box, err := outbox.New(outbox.Options{App: "Test"})
	fatal(t, err)
	auth, err := latchkey.New(users, latchkey.Options[account]{
		Backends:    []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:       []latchkey.Flow{reset.Flow{}, verify.Flow{}, maillogin.Flow{SignUp: true}, totp.Flow{}},
		Credentials: memstore.NewCredentials(nil),
		Vault:       []core.VaultKey{{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}},
		Tickets:     memstore.NewTickets(nil), Sender: box, BaseURL: "https://app.example.org", MailDelay: -1,
		Hashers: []core.Hasher{cheap{}}, Log: slog.New(slog.DiscardHandler), EmailOptional: true,
	})
	fatal(t, err)
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	return &app{auth, t, mount(auth.API()), box}
}

// object is the JSON of an object.
type object map[string]any

// send sends a request with a JSON body, and returns status and body.
func (a *app) send(route, token string, body object) (status int, answer string) {
	a.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	text, err := json.Marshal(body)
	fatal(a.t, err)
	r := httptest.NewRequest(method, path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp := a.serve(a.t, r)
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	fatal(a.t, err)
	return resp.StatusCode, string(read)
}

// want sends a request and compares the answer: a status and a part of the
// body.
func (a *app) want(route, token string, body object, status int, part string) string {
	a.t.Helper()
	got, answer := a.send(route, token, body)
	if got != status || !strings.Contains(answer, part) {
		a.t.Errorf("%s %.200v is answered %d %.300s, want %d %s", route, body, got, answer, status, part)
	}
	return answer
}

func (a *app) register(members object, status int, part string) {
	a.t.Helper()
	members["password"] = password
	a.want("POST /auth/register", "", members, status, part)
}

// login tries to log in, and returns the status and the token.
func (a *app) login(identifier, password string) (status int, token string) {
	a.t.Helper()
	status, answer := a.send("POST /auth/api/login", "", object{"username": identifier, "password": password})
	var login struct {
		Token string `json:"access_token"`
	}
	if status == http.StatusOK {
		fatal(a.t, json.Unmarshal([]byte(answer), &login))
	}
	return status, login.Token
}

// mails waits for the mails that are queued, and returns how many there were.
func (a *app) mails() int {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	fatal(a.t, a.Wait(ctx))
	return len(a.box.Mails())
}
