package passkey_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// member is the user type of these tests.
type member struct{ latchkey.User }

const password = "a password of ada's"

// app is an application with passkeys, and what it did.
type app struct {
	*authtest.App[member]
	http.Handler
	t       *testing.T
	keys    *passkey.Flow
	store   *memstore.Credentials
	tickets *tickets
	heard   *journal
	clock   *testclock.Clock
}

// newApp makes an application with the backends web (cookies) and api (bearer).
func newApp(t *testing.T, o passkey.Options, change func(*latchkey.Options[member])) *app {
	t.Helper()
	c := testclock.New(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	a := &app{
		t: t, clock: c, store: memstore.NewCredentials(c.Now), tickets: &tickets{TicketStore: memstore.NewTickets(c.Now)},
		heard: &journal{},
	}
	if o.Secret == nil {
		o.Secret = authtest.Secret()
	}
	var err error
	if a.keys, err = passkey.New(o); err != nil {
		t.Fatal(err)
	}
	options := latchkey.Options[member]{
		Flows: []latchkey.Flow{a.keys, a.heard}, Credentials: a.store, Tickets: a.tickets, Now: c.Now,
		StepUpGrace: -1,
	}
	if change != nil {
		change(&options)
	}
	a.App = authtest.New(t, options)
	a.keys = a.keys.Bind(a.Services()).(*passkey.Flow) // what New uses in its place
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", a.API())
	mux.Handle("GET /strong", httpauth.Require(a, latchkey.Factor(0))(http.NotFoundHandler()))
	mux.Handle("GET /passkey-just-now",
		httpauth.Require(a, latchkey.Factor(5*time.Minute, "passkey"))(http.NotFoundHandler()))
	a.Handler = mux
	return a
}

// user returns a new user with the password.
func (a *app) user(edit ...func(*member)) *member {
	a.t.Helper()
	u := authtest.User(edit...)
	if err := a.Manager().Create(a.t.Context(), u, password); err != nil {
		a.t.Fatal(err)
	}
	return u
}

// do posts a body and returns what was answered.
func (a *app) do(c *authtest.Client, path, body string) *httptest.ResponseRecorder {
	a.t.Helper()
	w := c.Do(a, http.MethodPost, path, body)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(w.Body.Bytes(), &token) == nil && token.AccessToken != "" {
		c.Header.Set("Authorization", "Bearer "+token.AccessToken)
	}
	return w
}

// want posts a body and checks the status and a part of what is answered.
func (a *app) want(c *authtest.Client, path, body string, status int, part string) *httptest.ResponseRecorder {
	a.t.Helper()
	w := a.do(c, path, body)
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		a.t.Fatalf("POST %s: %d %s, want %d …%s…", path, w.Code, w.Body, status, part)
	}
	return w
}

// options returns what a path answers to a body.
func (a *app) options(c *authtest.Client, path, body string) (o requested) {
	a.t.Helper()
	w := a.want(c, path, body, http.StatusOK, "challenge")
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		a.t.Fatal(err)
	}
	return o
}

// register adds a passkey to the client's user.
func (a *app) register(c *authtest.Client, backend string, k *authenticator) *authenticator {
	a.t.Helper()
	o := a.options(c, "/auth/"+backend+"/passkeys/options", "")
	a.want(c, "/auth/"+backend+"/passkeys", credential(k.create(o)), http.StatusCreated, `"kind":"passkey"`)
	return k
}

// registered returns a user with a passkey, and it.
func (a *app) registered() (*member, *authenticator) {
	a.t.Helper()
	u := a.user()
	return u, a.register(authtest.As(a.t, a.Auth, "web", u), "web", newAuthenticator(a.t))
}

// loginBy logs in by a passkey, and returns the client and the answer.
func (a *app) loginBy(backend string, k *authenticator) (*authtest.Client, *httptest.ResponseRecorder) {
	a.t.Helper()
	c := authtest.NewClient(a.t)
	c.Header.Set("Sec-Fetch-Site", "same-origin")
	o := a.options(c, "/auth/"+backend+"/login/passkey/options", "")
	return c, a.do(c, "/auth/"+backend+"/login/passkey", credential(k.get(o)))
}

// wantLogin checks whether a passkey logs in.
func (a *app) wantLogin(what string, k *authenticator, code string) {
	a.t.Helper()
	_, w := a.loginBy("api", k)
	if code == "" && w.Code != http.StatusOK || code != "" && (w.Code != 400 || !strings.Contains(w.Body.String(), code)) {
		a.t.Errorf("%s: %d %s, want %q", what, w.Code, w.Body, code)
	}
}

// pending logs in by password, which is not enough, and returns the client and
// the answer's detail.
func (a *app) pending(backend string, u *member) (*authtest.Client, detail) {
	a.t.Helper()
	c := authtest.NewClient(a.t)
	w := c.Do(a, http.MethodPost, "/auth/"+backend+"/login", "username="+u.Email+"&password="+password)
	var body struct{ Detail detail }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusForbidden {
		a.t.Fatalf("a login by password alone: %d %s (%v)", w.Code, w.Body, err)
	}
	return c, body.Detail
}

type detail struct {
	Code, Pending  string
	Factors, Enrol []string
}

func (d detail) json() string { return fmt.Sprintf(`{"pending": %q}`, d.Pending) }

// credential is a body with a passkey's answer.
func credential(text string, more ...string) string {
	return strings.Join(append([]string{`{"credential": ` + text}, more...), ", ") + "}"
}

func (d detail) with(text string) string {
	return credential(text, fmt.Sprintf(`"pending": %q`, d.Pending))
}

// byPassword logs in by the password, at the backend api.
func (a *app) byPassword(c *authtest.Client, u *member) *httptest.ResponseRecorder {
	a.t.Helper()
	return c.Do(a, http.MethodPost, "/auth/api/login", "username="+u.Email+"&password="+password)
}

// loggedIn reports whether a client is logged in.
func (a *app) loggedIn(c *authtest.Client) bool {
	a.t.Helper()
	return c.Do(a, http.MethodGet, "/users/me", "").Code == http.StatusOK
}

// allows reports whether the guards of a path let a client in.
func (a *app) allows(c *authtest.Client, path string) bool {
	a.t.Helper()
	return c.Do(a, http.MethodGet, path, "").Code == http.StatusNotFound
}

// switchOn has passkeys asked for as the user's second factor.
func (a *app) switchOn(u *member) {
	a.t.Helper()
	err := a.store.Create(a.t.Context(), &core.Credential{Owner: u.ID, Kind: core.KindSecond, Key: u.ID}, 1)
	if err != nil {
		a.t.Fatal(err)
	}
}

// rows are the passkeys of a user.
func (a *app) rows(u *member) []*core.Credential {
	a.t.Helper()
	rows, err := a.store.List(a.t.Context(), passkey.Kind, u.ID)
	if err != nil {
		a.t.Fatal(err)
	}
	return rows
}

func (a *app) wantHeard(kind core.EventKind, codes ...string) {
	a.t.Helper()
	if got := a.heard.of(kind); !slices.Equal(got, codes) {
		a.t.Errorf("the events %q have the codes %q, want %q", kind, got, codes)
	}
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// detailOf is the detail of a login that is not complete.
func detailOf(t *testing.T, w *httptest.ResponseRecorder) detail {
	t.Helper()
	var body struct{ Detail detail }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Detail.Pending == "" {
		t.Fatalf("got %d %s, want a login that waits", w.Code, w.Body)
	}
	return body.Detail
}

func hasCode(w *httptest.ResponseRecorder, code string) bool {
	return strings.Contains(w.Body.String(), code)
}

func request(t *testing.T) *core.Request {
	return httpauth.Request(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
}
