package passkey_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// A passkey alone logs in, at a backend of cookies and at one of bearer tokens,
// and is two kinds of proof.
func TestLogInByAPasskey(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Name: "Example"}, nil)
	u, k := a.registered()
	for backend, status := range map[string]int{"web": http.StatusNoContent, "api": http.StatusOK} {
		c, w := a.loginBy(backend, k)
		if w.Code != status || !a.loggedIn(c) || !a.allows(c, "/strong") || !a.allows(c, "/passkey-just-now") {
			t.Errorf("%s: %d %s", backend, w.Code, w.Body)
		}
	}
	if row := a.rows(u)[0]; row.Used.IsZero() {
		t.Errorf("the row does not say when it was used: %+v", row)
	}
	a.wantHeard(core.EventFactorAdded, "")
	a.wantHeard(core.EventLoggedIn, "", "", "")
	a.wantHeard(core.EventLoginFailed)
}

// The options of a login say nothing of anybody, and leave the choice to
// whoever has a passkey.
func TestOptionsOfALogin(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	o := a.options(authtest.NewClient(t), "/auth/web/login/passkey/options", "")
	k := o.PublicKey
	if k.RPID != "app.example.org" || k.Verify != "required" || k.Allow != nil || o.ExpiresIn != 300 ||
		k.Timeout != 300_000 || len(unb64(t, k.Challenge)) != 64 {
		t.Errorf("got %+v", o)
	}
}

// The user of a login may be let in no more, or not yet.
func TestWhoMayNotLogIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*member)
		code   string
	}{
		"active":    {func(*member) {}, ""},
		"inactive":  {func(m *member) { m.IsActive = false }, core.CodeLoginBadCredentials},
		"suspended": {func(m *member) { m.SuspendedUntil = m.CreatedAt.AddDate(1, 0, 0) }, core.CodeLoginUserSuspended},
		"unverified": {func(m *member) { m.IsVerified = false },
			core.CodeLoginUserNotVerified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) { o.RequireVerified = true })
			u, k := a.registered()
			_, err := a.Store.Update(t.Context(), u.ID, func(m *member) error {
				c.change(m)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			a.wantLogin(name, k, c.code)
			if c.code != "" && name != "unverified" {
				a.wantHeard(core.EventLoginFailed, c.code)
			}
		})
	}
}

// TestAttackM42: the passkey of a deleted user opens nothing, nor does it open
// the account of a user who got the same ID.
func TestAttackM42DeletedUser(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	_, other := a.registered()
	left := a.rows(u)[0]
	if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	a.wantLogin("after the deletion", k, core.CodePasskeyUnknown)
	a.wantHeard(core.EventLoginFailed, core.CodePasskeyUnknown)
	// A store that keeps what it should delete.
	if err := a.store.Create(t.Context(), left, 0); err != nil {
		t.Fatal(err)
	}
	a.wantLogin("whose user is no more", k, core.CodePasskeyUnknown)
	a.wantLogin("another user's", other, "")
}

// Where a user store uses an ID again, its passkeys do not come along.
func TestAttackM42IDGivenAgain(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.wantLogin("at first", k, "")
	_, err := a.Store.Update(t.Context(), u.ID, func(m *member) error {
		m.CreatedAt = m.CreatedAt.Add(time.Second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a.wantLogin("another user of the same ID", k, core.CodePasskeyUnknown)
	if ways, err := a.keys.Ways(t.Context(), u); err != nil || ways != 1 {
		t.Errorf("the user of before has %d ways in by passkeys, %v", ways, err)
	}
	now, err := a.Manager().Find(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if ways, err := a.keys.Ways(t.Context(), now); err != nil || ways != 0 {
		t.Errorf("the other one has %d ways in by passkeys, %v", ways, err)
	}
}

// TestAttackM45: a login by a passkey alone says whose it is, rightly.
func TestAttackM45UserHandle(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	_, other := a.registered()
	own := k.handle
	for name, handle := range map[string][]byte{
		"absent": nil, "empty": {}, "another's": other.handle, "of 65 bytes": []byte(strings.Repeat("h", 65)),
	} {
		k.handle = handle
		a.wantLogin(name, k, core.CodePasskeyRefused)
	}
	k.handle = own
	a.wantLogin("its own", k, "")
}

// TestAttackM17: a passkey of somebody is nobody else's.
func TestAttackM17TakenCredentialID(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	owner, k := a.registered()
	thief := a.user()
	c := authtest.As(t, a.Auth, "web", thief)
	copied := newAuthenticator(t)
	copied.id = k.id
	o := a.options(c, "/auth/web/passkeys/options", "")
	a.want(c, "/auth/web/passkeys", credential(copied.create(o)), http.StatusConflict, core.CodeFactorExists)
	a.wantLogin("the key of the one who came second", copied, core.CodePasskeyRefused)
	a.wantLogin("the owner's", k, "")
	if len(a.rows(owner)) != 1 || len(a.rows(thief)) != 0 {
		t.Error("the passkey has moved")
	}
	a.register(c, "web", newAuthenticator(t))
}

// TestAttackM13: what was signed for another origin, another RP ID or another
// purpose is no login, nor what a frame of another origin has signed.
func TestAttackM13ClientData(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Origins: []string{"https://www.app.example.org"}}, nil)
	_, right := a.registered()
	for name, c := range map[string]struct {
		change func(*authenticator)
		code   string
	}{
		"as it was made":        {func(*authenticator) {}, ""},
		"another listed origin": {func(k *authenticator) { k.origin = "https://www.app.example.org" }, ""},
		"said not to be framed": {func(k *authenticator) { k.client = map[string]any{"crossOrigin": false} }, ""},
		"a new member":          {func(k *authenticator) { k.client = map[string]any{"more": "to come"} }, ""},
		"another origin":        {func(k *authenticator) { k.origin = "https://evil.example" }, core.CodePasskeyRefused},
		"a sub-domain":          {func(k *authenticator) { k.origin = "https://evil.app.example.org" }, core.CodePasskeyRefused},
		"another port":          {func(k *authenticator) { k.origin = origin + ":8443" }, core.CodePasskeyRefused},
		"http":                  {func(k *authenticator) { k.origin = "http://app.example.org" }, core.CodePasskeyRefused},
		"no origin":             {func(k *authenticator) { k.origin = "null" }, core.CodePasskeyRefused},
		"another RP ID":         {func(k *authenticator) { k.rpID = "example.org" }, core.CodePasskeyRefused},
		"a registration":        {func(k *authenticator) { k.typ = "webauthn.create" }, core.CodePasskeyRefused},
		"framed": {func(k *authenticator) { k.client = map[string]any{"crossOrigin": true} },
			core.CodePasskeyRefused},
		"framed, by one that is listed": {func(k *authenticator) {
			k.client = map[string]any{"crossOrigin": true, "topOrigin": origin}
		}, core.CodePasskeyRefused},
		"a top origin": {func(k *authenticator) { k.client = map[string]any{"topOrigin": origin} },
			core.CodePasskeyRefused},
		"another key":       {func(k *authenticator) { k.key = newAuthenticator(k.t).key }, core.CodePasskeyRefused},
		"nobody was there":  {func(k *authenticator) { k.flags &^= flagUP }, core.CodePasskeyRefused},
		"not verified":      {func(k *authenticator) { k.flags &^= flagUV }, core.CodePasskeyRefused},
		"backed up, unable": {func(k *authenticator) { k.flags = flagUP | flagUV | flagBS }, core.CodePasskeyRefused},
		"not registered":    {func(k *authenticator) { k.id = append([]byte{1}, k.id...) }, core.CodePasskeyUnknown},
	} {
		k := *right
		c.change(&k)
		a.wantLogin(name, &k, c.code)
	}
}

// TestAttackM46: which site a passkey is for is configured, and never taken
// from a request.
func TestAttackM46Host(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	for _, name := range []string{"X-Forwarded-Host", "Forwarded", "Origin", "Referer"} {
		c := authtest.NewClient(t)
		c.Header.Set(name, map[string]string{"Forwarded": "host=evil.example", "X-Forwarded-Host": "evil.example"}[name])
		if name == "Origin" || name == "Referer" {
			c.Header.Set(name, "https://evil.example")
		}
		r := c.Request(http.MethodPost, "http://evil.example/auth/api/login/passkey/options", "")
		w := do(a, r)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "evil") ||
			!strings.Contains(w.Body.String(), `"rpId":"app.example.org"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	evil := *k
	evil.origin, evil.rpID = "https://evil.example", "evil.example"
	c := authtest.NewClient(t)
	c.Header.Set("X-Forwarded-Host", "evil.example")
	o := a.options(c, "/auth/api/login/passkey/options", "")
	r := c.Request(http.MethodPost, "http://evil.example/auth/api/login/passkey", credential(evil.get(o)))
	if w := do(a, r); w.Code != 400 {
		t.Errorf("signed for the host of the request: %d %s", w.Code, w.Body)
	}
	a.wantLogin("the own", k, "")
}
