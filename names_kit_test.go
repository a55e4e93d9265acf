package latchkey_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// Handled is a user with a name beside the address.
type Handled struct {
	latchkey.User
	latchkey.Named
	Nick string `json:"nick" auth:"register,update"`
}

// nameApp is an application whose users have names, over memstore and with a
// clock of its own.
type nameApp struct {
	*latchkey.Auth[Handled]
	t     *testing.T
	users *memstore.Users[Handled]
	mails *letters
	mux   *http.ServeMux
	clock *testclock.Clock
}

func newNameApp(t *testing.T, change ...func(*latchkey.Options[Handled])) *nameApp {
	t.Helper()
	a := &nameApp{t: t, users: memstore.NewUsers[Handled](), mails: &letters{}, clock: testclock.New(time.Now())}
	sessions, err := session.New(memstore.NewSessions(a.clock.Now), session.Options{Now: a.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	o := latchkey.Options[Handled]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{reset.Flow{}, verify.Flow{}, maillogin.Flow{SignUp: true}},
		Tickets:  memstore.NewTickets(a.clock.Now), Sender: a.mails, BaseURL: "https://app.example.org",
		Hashers: []core.Hasher{fast("new")}, Now: a.clock.Now, MailDelay: -1, Log: slog.New(slog.DiscardHandler),
		Limiter: memstore.NewLimiter(memstore.LimiterOptions{Now: a.clock.Now}),
	}
	for _, c := range change {
		c(&o)
	}
	auth, err := latchkey.New(a.users, o)
	if err != nil {
		t.Fatal(err)
	}
	a.Auth, a.mux = auth, http.NewServeMux()
	httpauth.Mount(a.mux, "", auth.API())
	t.Cleanup(func() {
		if err := auth.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

func emailOptional(o *latchkey.Options[Handled]) { o.EmailOptional = true }

// send sends a request with a JSON body.
func (a *nameApp) send(route, token, body string) (status int, answer string) {
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// want sends a request and compares the answer: a status and a part of the
// body.
func (a *nameApp) want(route, token, body string, status int, part string) string {
	a.t.Helper()
	got, answer := a.send(route, token, body)
	if got != status || !strings.Contains(answer, part) {
		a.t.Errorf("%s %s is answered %d %s, want %d %s", route, short(body), got, short(answer), status, part)
	}
	return answer
}

func short(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}

// members is the JSON of an object, of pairs of name and value.
func members(pairs ...any) string {
	all := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i].(string)] = pairs[i+1]
	}
	text, _ := json.Marshal(all)
	return string(text)
}

const (
	aName    = "ada.lovelace"
	anEmail  = "ada@example.org"
	registry = "POST /auth/register"
)

// add registers a user by name and address; "" for none.
func (a *nameApp) add(name, email string) (id string) {
	a.t.Helper()
	pairs := []any{"password", password}
	if name != "" {
		pairs = append(pairs, "username", name)
	}
	if email != "" {
		pairs = append(pairs, "email", email)
	}
	var u struct{ ID string }
	if err := json.Unmarshal([]byte(a.want(registry, "", members(pairs...), 201, "")), &u); err != nil {
		a.t.Fatal(err)
	}
	return u.ID
}

// login logs in with an identifier, and returns the token.
func (a *nameApp) login(identifier string) string {
	a.t.Helper()
	var answer struct {
		Token string `json:"access_token"`
	}
	text := a.want("POST /auth/api/login", "", members("username", identifier, "password", password), 200, "access_token")
	_ = json.Unmarshal([]byte(text), &answer)
	return answer.Token
}

// sent waits for the mails that are queued, and returns their addressees.
func (a *nameApp) sent() (to []string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Wait(ctx); err != nil {
		a.t.Fatal(err)
	}
	a.mails.mu.Lock()
	defer a.mails.mu.Unlock()
	for _, m := range a.mails.mails {
		to = append(to, m.To)
	}
	return to
}
