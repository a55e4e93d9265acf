package routes_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// keyed is a user with an authenticator.
type keyed struct {
	factored
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
	in   harness.Option
}

func newKeyed(t *testing.T, a *harness.App, backend string, change ...func(*harness.Account)) *keyed {
	t.Helper()
	k := &keyed{
		factored: factored{a: a, u: a.NewUser(t, append(change, harness.Verified)...), backend: backend},
		rp:       virtualwebauthn.RelyingParty{ID: "app.example.org", Origin: harness.BaseURL},
		auth:     virtualwebauthn.NewAuthenticator(), key: newKey(),
	}
	return k
}

// newKey makes a key whose coordinates need no padding, which the library
// leaves out (RFC 9053, section 7.1.1, requires it).
func newKey() (key virtualwebauthn.Credential) {
	const padded = 77 // bytes, of a COSE key with two coordinates of 32
	for key.Key == nil || len(key.Key.AttestationData()) != padded {
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return key
}

// logIn logs the user in by the password.
func (k *keyed) logIn(t *testing.T) *keyed {
	t.Helper()
	k.in = k.a.LogIn(t, k.backend, k.u)
	return k
}

// made is the body of a passkey that was made for options.
func (k *keyed) made(t *testing.T, options harness.Answer, pairs ...string) harness.Option {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(options.Body)
	if err != nil {
		t.Fatal(err)
	}
	k.auth.Options.UserHandle = []byte(o.UserID)
	return credential(virtualwebauthn.CreateAttestationResponse(k.rp, k.auth, k.key, *o), pairs...)
}

// signed is the body of what the passkey says to options.
func (k *keyed) signed(t *testing.T, options harness.Answer, pairs ...string) harness.Option {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options.Body)
	if err != nil {
		t.Fatal(err)
	}
	k.key.Counter++
	return credential(virtualwebauthn.CreateAssertionResponse(k.rp, k.auth, k.key, *o), pairs...)
}

func credential(answer string, pairs ...string) harness.Option {
	body := `{"credential": ` + answer
	for i := 0; i < len(pairs); i += 2 {
		body += `, "` + pairs[i] + `": "` + pairs[i+1] + `"`
	}
	return harness.JSON(body + "}")
}

// epoch is the user's, as it is stored.
func (k *keyed) epoch(t *testing.T) int64 {
	t.Helper()
	u, err := k.a.Stores.Users.Find(t.Context(), core.ByID(k.u.ID))
	if err != nil {
		t.Fatal(err)
	}
	return u.TokenEpoch
}

// waiting is the secret of a login that waits, and whether that is for one of
// the user's factors or for an enrolment.
func (k *keyed) waiting(t *testing.T) string {
	t.Helper()
	got := k.a.Send(t, "POST", "/auth/"+k.backend+"/login", harness.LoginForm(k.u.Email, harness.Password))
	detail, _ := got.Member(t, "detail").(harness.Object)
	pending, _ := detail["pending"].(string)
	if got.Status != 403 || pending == "" {
		t.Fatalf("the login does not wait: %d %s", got.Status, got.Body)
	}
	return pending
}

// withPasskeys adds them, with what one network may ask for.
func withPasskeys(t *testing.T, requests latchkey.Limit) func(*harness.App, *harness.Options) {
	return func(_ *harness.App, o *harness.Options) {
		keys, err := passkey.New(passkey.Options{Secret: harness.Secret, MaxPerUser: 2, Requests: requests})
		if err != nil {
			t.Fatal(err)
		}
		o.Flows = append(o.Flows, keys, harness.SecondFactor{})
		o.RequireFactor = func(_ context.Context, u *harness.Account) (bool, error) { return u.FullName == "Careful", nil }
	}
}

var plenty = latchkey.Limit{Events: 100_000, Window: time.Minute}

var nothing, noAnswer = harness.JSON(`{}`), harness.JSON(`{"credential": {}}`)

// TestPasskeys drives the operations of passkeys to each of their answers.
func TestPasskeys(t *testing.T) {
	harness.OnEveryAdapter(t, withPasskeys(t, plenty), func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			k := newKeyed(t, a, backend).logIn(t)
			k.bodies(t)
			k.registers(t)
			k.logsInByIt(t)
			k.proves(t)
			k.requires(t)
			k.continues(t)
			k.enrols(t)
			k.outages(t)
		}
	})
}

func (k *keyed) bodies(t *testing.T) {
	a := k.a
	for _, route := range []string{
		"/login/passkey", "/passkey", "/passkey/options", "/prove/passkey", "/passkeys", "/login/passkeys", "/login/passkeys/options",
	} {
		a.Want(t, k.at(route)+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, k.in, harness.Body("text/plain", "{}"))
		a.Want(t, k.at(route)+"413 BODY_TOO_LARGE", harness.Row, k.in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		if strings.HasSuffix(route, "/options") {
			a.Want(t, k.at(route)+"422 body.pending string_type", harness.Row, harness.JSON(`{"pending": 1}`))
		} else {
			a.Want(t, k.at(route)+"422 body.credential missing", harness.Row, k.in, nothing)
		}
	}
	for _, route := range []string{"/passkeys", "/passkeys/options", "/prove/passkey", "/prove/passkey/options"} {
		a.Want(t, k.at(route)+"401", harness.Row, noAnswer)
		a.Want(t, k.at(route)+"400 DUPLICATE_CREDENTIALS", harness.Row, k.in, k.in, noAnswer)
	}
}

// registers adds the two passkeys that there may be.
func (k *keyed) registers(t *testing.T) {
	a := k.a
	options := a.Want(t, k.at("/passkeys/options")+"200 (of a new one)", k.in)
	later := a.Want(t, k.at("/passkeys/options")+"200", k.in)
	body := k.made(t, options, "label", "phone")
	a.Want(t, k.at("/passkeys")+"201 (a passkey)", k.in, body)
	a.Want(t, k.at("/passkeys")+"400 PASSKEY_BAD_CHALLENGE (the same twice)", k.in, body)
	a.Want(t, k.at("/passkeys")+"409 FACTOR_ALREADY_EXISTS (the same key)", k.in, k.made(t, later))
	second := newKeyed(t, a, k.backend)
	options = a.Want(t, k.at("/passkeys/options")+"200", k.in)
	a.Want(t, k.at("/passkeys")+"201 (a second one)", k.in, second.made(t, options))
	a.Want(t, k.at("/passkeys/options")+"409 PASSKEY_TOO_MANY", harness.Row, k.in)
}

func (k *keyed) logsInByIt(t *testing.T) {
	a, ok := k.a, harness.LoginStatus(k.backend)
	body := k.signed(t, a.Want(t, k.at("/login/passkey/options")+"200 (of nobody)"))
	a.Want(t, k.at("/login/passkey")+ok+" (a passkey alone)", body)
	a.Want(t, k.at("/login/passkey")+"400 PASSKEY_BAD_CHALLENGE (the same twice)", body)
	a.EditStored(t, k.u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
	body = k.signed(t, a.Want(t, k.at("/login/passkey/options")+"200"))
	if got := a.Send(t, "POST", "/auth/"+k.backend+"/login/passkey", body); got.Status != 403 {
		t.Errorf("with another project's factor: %d %s", got.Status, got.Body)
	}
	a.EditStored(t, k.u, func(u *harness.Account) { u.FullName = "" })
}

func (k *keyed) proves(t *testing.T) {
	a, ok := k.a, harness.LoginStatus(k.backend)
	a.Advance(11 * time.Minute)
	a.Want(t, k.at("/passkeys/options")+proof, harness.Row, k.in)
	a.Want(t, k.at("/passkeys")+proof, harness.Row, k.in, noAnswer)
	body := k.signed(t, a.Want(t, k.at("/prove/passkey/options")+"200 (of a login)", k.in))
	k.in = k.renewed(t, a.Want(t, k.at("/prove/passkey")+ok+" (a passkey)", k.in, body))
	a.Want(t, k.at("/prove/passkey")+"400 PASSKEY_BAD_CHALLENGE (the same twice)", k.in, body)
	without := a.LogIn(t, k.backend, a.NewUser(t))
	a.Want(t, k.at("/prove/passkey/options")+"400 PASSKEY_UNKNOWN (of a user without)", without)
	acting := a.Issue(t, k.backend, core.Session{
		UserID: k.u.ID, Epoch: k.epoch(t), Actor: a.NewUser(t, harness.Superuser).ID, ActorSession: "x",
		Proofs: []core.Proof{{Method: "password", At: a.Now()}},
	})
	a.Want(t, k.at("/prove/passkey/options")+"403 (whoever acts as the user)", acting)
	a.Want(t, k.at("/prove/passkey")+"403 (whoever acts as the user)", acting, noAnswer)
}

// requires switches the second factor on, and logs in once more.
func (k *keyed) requires(t *testing.T) {
	const get, put = "GET /auth/second-factor ", "PUT /auth/second-factor "
	a, on := k.a, harness.JSON(`{"required": true}`)
	a.Want(t, get+"200 (off)", k.in)
	a.Want(t, get+"401", harness.Row)
	a.Want(t, put+"401", harness.Row, on)
	a.Want(t, get+"400 DUPLICATE_CREDENTIALS", harness.Row, harness.Bearer("x"), harness.Bearer("x"))
	a.Want(t, put+"400 DUPLICATE_CREDENTIALS", harness.Row, harness.Bearer("x"), harness.Bearer("x"), on)
	few := a.Issue(t, "session", core.Session{UserID: k.u.ID, Epoch: k.epoch(t), Scopes: []string{"x"}})
	a.Want(t, get+"403 INSUFFICIENT_SCOPE", harness.Row, few)
	a.Want(t, put+"403 INSUFFICIENT_SCOPE", harness.Row, few, on)
	a.Want(t, put+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, k.in, harness.Form("required", "true"))
	a.Want(t, put+"413 BODY_TOO_LARGE", harness.Row, k.in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
	a.Want(t, put+"422 body.required missing", harness.Row, k.in, nothing)
	a.Want(t, put+"409 NO_FACTOR", harness.Row, a.LogIn(t, k.backend, a.NewUser(t, harness.Verified)), on)
	a.Break("credentials")
	a.Want(t, get+down+"(without credentials)", k.in)
	a.Want(t, put+down+"(without credentials)", k.in, on)
	a.Mend()
	a.Want(t, put+"204 (on)", k.in, on)
}

// continues logs in by the password and the passkey.
func (k *keyed) continues(t *testing.T) {
	a, ok := k.a, harness.LoginStatus(k.backend)
	pending := k.waiting(t)
	a.Want(t, k.at("/passkey/options")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", nothing)
	a.Want(t, k.at("/passkey/options")+"400 LOGIN_BAD_CREDENTIALS (no body)")
	a.Want(t, k.at("/passkey")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", noAnswer)
	options := a.Want(t, k.at("/passkey/options")+"200 (of a login that waits)", pendingBody(pending, ""))
	k.in = k.renewed(t, a.Want(t, k.at("/passkey")+ok+" (a passkey)", k.signed(t, options, "pending", pending)))
	pending = k.waiting(t)
	a.EditStored(t, k.u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
	options = a.Want(t, k.at("/passkey/options")+"200", pendingBody(pending, ""))
	got := a.Send(t, "POST", "/auth/"+k.backend+"/passkey", k.signed(t, options, "pending", pending))
	if got.Status != 403 {
		t.Errorf("with another project's factor: %d %s", got.Status, got.Body)
	}
	a.EditStored(t, k.u, func(u *harness.Account) { u.FullName = "" })
}

// enrols somebody of whom a factor is required.
func (k *keyed) enrols(t *testing.T) {
	a, ok := k.a, harness.LoginStatus(k.backend)
	other := newKeyed(t, a, k.backend, func(u *harness.Account) { u.FullName = "Careful" })
	pending := other.waiting(t)
	a.Want(t, k.at("/login/passkeys/options")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", nothing)
	a.Want(t, k.at("/login/passkeys")+"400 LOGIN_BAD_CREDENTIALS (nothing waits)", noAnswer)
	has := k.waiting(t)
	a.Want(t, k.at("/login/passkeys/options")+"403 (of a user who has one)", pendingBody(has, ""))
	a.Want(t, k.at("/login/passkeys")+"403 (of a user who has one)", credential("{}", "pending", has))
	options := a.Want(t, k.at("/login/passkeys/options")+"200 (inside a login)", pendingBody(pending, ""))
	key := other.key
	other.key = k.key
	a.Want(t, k.at("/login/passkeys")+"409 FACTOR_ALREADY_EXISTS (another user's key)",
		other.made(t, options, "pending", pending))
	other.key = key
	options = a.Want(t, k.at("/login/passkeys/options")+"200", pendingBody(pending, ""))
	a.Want(t, k.at("/login/passkeys")+ok+" (inside a login)", other.made(t, options, "pending", pending))
}

// outages are those of what counts, which every route asks.
func (k *keyed) outages(t *testing.T) {
	k.a.Break("limiter")
	k.everywhere(t, down+"(without a limiter)")
	k.a.Mend()
}

// everywhere has each route answer the same.
func (k *keyed) everywhere(t *testing.T, answer string) {
	for _, route := range []string{
		"/login/passkey", "/login/passkey/options", "/passkey", "/passkey/options", "/prove/passkey", "/prove/passkey/options",
		"/passkeys", "/passkeys/options", "/login/passkeys", "/login/passkeys/options",
	} {
		k.a.Want(t, k.at(route)+answer, harness.Row, k.in, noAnswer)
	}
}

// TestPasskeysAtTheirLimit drives the limits of a network.
func TestPasskeysAtTheirLimit(t *testing.T) {
	one := latchkey.Limit{Events: 1, Window: time.Hour}
	harness.OnOneAdapter(t, withPasskeys(t, one), func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			k := newKeyed(t, a, backend).logIn(t)
			a.Send(t, "POST", "/auth/"+backend+"/login/passkey/options")
			a.Send(t, "POST", "/auth/"+backend+"/login/passkey", noAnswer)
			k.everywhere(t, "429 RATE_LIMITED")
			if backend == "cookie" {
				foreign := harness.Header("Sec-Fetch-Site", "cross-site")
				for _, route := range []string{"/login/passkey", "/login/passkey/options", "/passkey", "/passkey/options"} {
					a.Want(t, k.at(route)+"403 CROSS_ORIGIN_REFUSED", harness.Row, foreign, noAnswer)
				}
			}
		}
	})
}
