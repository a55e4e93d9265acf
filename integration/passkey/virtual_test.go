package passkey_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

// member is the application's user type.
type member struct{ latchkey.User }

// app is an application over SQLite, of which the document is compared with
// what it answers.
type app struct {
	*latchkey.Auth[member]
	http.Handler
	t     *testing.T
	store *sqlstore.Store
}

func newApp(t *testing.T, change func(*latchkey.Options[member])) *app {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	users, err := sqlstore.Users[member](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := passkey.New(passkey.Options{Secret: authtest.Secret()})
	if err != nil {
		t.Fatal(err)
	}
	o := latchkey.Options[member]{
		Flows: []latchkey.Flow{keys, reset.Flow{}}, Credentials: store.Credentials(), Tickets: store.Tickets(),
	}
	if change != nil {
		change(&o)
	}
	a := &app{t: t, store: store}
	if a.Auth, err = latchkey.New(users, authtest.Options(t, o)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", a.API())
	doc, err := openapi.New(openapi.Options{}, a.API())
	if err != nil {
		t.Fatal(err)
	}
	a.Handler = doc.Checker().Handler(mux, func(err error) { t.Error(err) })
	return a
}

// device is an authenticator with one passkey.
type device struct {
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newDevice(kind virtualwebauthn.KeyType, o virtualwebauthn.AuthenticatorOptions) *device {
	d := &device{
		rp:   virtualwebauthn.RelyingParty{Name: "app.example.org", ID: "app.example.org", Origin: "https://app.example.org"},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(o), key: virtualwebauthn.NewCredential(kind),
	}
	// The library leaves out the padding of an elliptic key's coordinates,
	// which one in 128 keys needs (RFC 9053, section 7.1.1).
	for kind == virtualwebauthn.KeyTypeEC2 && len(d.key.Key.AttestationData()) != 77 {
		d.key = virtualwebauthn.NewCredential(kind)
	}
	return d
}

// create registers, and keeps whose the passkey is.
func (d *device) create(t *testing.T, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(o.UserID)
	return d.body(virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *o))
}

func (d *device) get(t *testing.T, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	d.key.Counter++
	return d.body(virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *o))
}

func (*device) body(credential string, more ...string) string {
	return strings.Join(append([]string{`{"credential": ` + credential}, more...), ", ") + "}"
}

// want posts a body, and checks the status.
func (a *app) want(c *authtest.Client, path, body string, status int) *httptest.ResponseRecorder {
	a.t.Helper()
	w := c.Do(a, http.MethodPost, path, body)
	if w.Code != status {
		a.t.Fatalf("POST %s: %d %s, want %d", path, w.Code, w.Body, status)
	}
	return w
}

// options returns what a path answers.
func (a *app) options(c *authtest.Client, path, body string) string {
	a.t.Helper()
	return a.want(c, path, body, http.StatusOK).Body.String()
}

func (a *app) register(c *authtest.Client, d *device) {
	a.t.Helper()
	a.want(c, "/auth/web/passkeys", d.create(a.t, a.options(c, "/auth/web/passkeys/options", "")), http.StatusCreated)
}

// logIn posts a login by the passkey.
func (a *app) logIn(d *device) *httptest.ResponseRecorder {
	a.t.Helper()
	c := authtest.NewClient(a.t)
	return c.Do(a, http.MethodPost, "/auth/api/login/passkey",
		d.get(a.t, a.options(c, "/auth/api/login/passkey/options", "")))
}

// Passkeys with keys of either kind register, log in, prove a login and
// continue one.
func TestAnotherImplementation(t *testing.T) {
	t.Parallel()
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil)
			u := authtest.User[member]()
			c, d := authtest.As(t, a.Auth, "web", u), newDevice(kind, virtualwebauthn.AuthenticatorOptions{})
			a.register(c, d)
			if w := a.logIn(d); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "access_token") {
				t.Errorf("a login: %d %s", w.Code, w.Body)
			}
			a.want(c, "/auth/web/prove/passkey", d.get(t, a.options(c, "/auth/web/prove/passkey/options", "")), 204)
			if w := c.Do(a, http.MethodGet, "/users/me", ""); w.Code != http.StatusOK {
				t.Errorf("after the step-up: %d %s", w.Code, w.Body)
			}
			evil := *d
			evil.rp.Origin = "https://app.example.org.evil.example"
			if w := a.logIn(&evil); w.Code != 400 {
				t.Errorf("another origin: %d %s", w.Code, w.Body)
			}
			d.auth.Options.UserNotVerified = true
			if w := a.logIn(d); w.Code != 400 {
				t.Errorf("not verified: %d %s", w.Code, w.Body)
			}
		})
	}
}

// TestAttackM41: over a database too, one of many logins with one challenge
// succeeds, and one of many enrolments.
func TestAttackM41AtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(o *latchkey.Options[member]) {
		o.RequireFactor = func(context.Context, *member) (bool, error) { return true, nil }
	})
	const password = "a password of ada's"
	u := authtest.User[member]()
	if err := a.Manager().Create(t.Context(), u, password); err != nil {
		t.Fatal(err)
	}
	first := newDevice(virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{})
	var bodies []string
	for range 8 {
		c := authtest.NewClient(t)
		w := a.want(c, "/auth/api/login", "username="+u.Email+"&password="+password, http.StatusForbidden)
		var waits struct{ Detail struct{ Pending string } }
		if err := json.Unmarshal(w.Body.Bytes(), &waits); err != nil {
			t.Fatal(err)
		}
		pending := fmt.Sprintf(`"pending": %q`, waits.Detail.Pending)
		d := newDevice(virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{})
		body := d.create(t, a.options(c, "/auth/api/login/passkeys/options", "{"+pending+"}"))
		bodies = append(bodies, strings.TrimSuffix(body, "}")+", "+pending+"}")
	}
	if got := a.atOnce("/auth/api/login/passkeys", bodies...); got != 1 {
		t.Errorf("%d enrolments are logged in", got)
	}
	rows, err := a.store.Credentials().List(t.Context(), passkey.Kind, u.ID)
	if err != nil || len(rows) != 1 {
		t.Errorf("%d passkeys are stored, %v", len(rows), err)
	}

	a.register(authtest.As(t, a.Auth, "web", authtest.User[member]()), first)
	body := first.get(t, a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", ""))
	var same []string
	for range 16 {
		same = append(same, body)
	}
	if got := a.atOnce("/auth/api/login/passkey", same...); got != 1 {
		t.Errorf("%d logins by one challenge", got)
	}
}

// atOnce posts all bodies at once and returns how many succeed.
func (a *app) atOnce(path string, bodies ...string) (good int) {
	a.t.Helper()
	codes := make(chan int, len(bodies))
	var all sync.WaitGroup
	for _, body := range bodies {
		c := authtest.NewClient(a.t)
		all.Go(func() { codes <- c.Do(a, http.MethodPost, path, body).Code })
	}
	all.Wait()
	close(codes)
	for code := range codes {
		if code == http.StatusOK {
			good++
		} else if code >= 500 {
			a.t.Errorf("an answer is %d", code)
		}
	}
	return good
}

// TestAttackM36: whoever resets the password of an account that was never
// verified gets it without the passkeys that were there.
func TestAttackM36Reset(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	for verified, status := range map[bool]int{false: 400, true: http.StatusOK} {
		u := authtest.User(func(m *member) { m.IsVerified = verified })
		d := newDevice(virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{})
		a.register(authtest.As(t, a.Auth, "web", u), d)
		link, _, err := a.Manager().ResetLink(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ := strings.Cut(link, "token=")
		a.want(authtest.NewClient(t), "/auth/reset-password",
			fmt.Sprintf(`{"token": %q, "password": "another password"}`, token), http.StatusOK)
		if w := a.logIn(d); w.Code != status {
			t.Errorf("verified %t: the passkey of before: %d %s", verified, w.Code, w.Body)
		}
	}
}

// A deletion takes the passkeys along, in its transaction.
func TestDeletion(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	u := authtest.User[member]()
	d := newDevice(virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{})
	a.register(authtest.As(t, a.Auth, "web", u), d)
	if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if w := a.logIn(d); w.Code != 400 || !strings.Contains(w.Body.String(), "PASSKEY_UNKNOWN") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestAttackM16: what the counter of a passkey was is in the row.
func TestAttackM16Counter(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	d := newDevice(virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{})
	a.register(authtest.As(t, a.Auth, "web", authtest.User[member]()), d)
	clone := *d
	for range 3 {
		if w := a.logIn(d); w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	if w := a.logIn(&clone); w.Code != 400 {
		t.Errorf("its copy of before: %d %s", w.Code, w.Body)
	}
	if w := a.logIn(d); w.Code != http.StatusOK {
		t.Errorf("itself: %d %s", w.Code, w.Body)
	}
}
