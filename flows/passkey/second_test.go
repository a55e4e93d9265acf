package passkey_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// TestAttackM35: a passkey beside a password is a way in, and no lock, unless
// its owner made it one.
func TestAttackM35APasskeyIsNoLock(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	c := authtest.NewClient(t)
	if w := a.byPassword(c, u); w.Code != http.StatusOK {
		t.Fatalf("by password, not switched on: %d %s", w.Code, w.Body)
	}
	a.switchOn(u)
	for backend, status := range map[string]int{"web": http.StatusNoContent, "api": http.StatusOK} {
		c, d := a.pending(backend, u)
		if d.Code != core.CodeLoginFactorRequired || !slices.Equal(d.Factors, []string{"passkey"}) || a.loggedIn(c) {
			t.Errorf("%s, switched on: %+v", backend, d)
		}
		o := a.options(c, "/auth/"+backend+"/passkey/options", d.json())
		if len(o.PublicKey.Allow) != 1 || o.PublicKey.Allow[0].ID != b64(k.id) || o.PublicKey.Verify != "preferred" {
			t.Errorf("the options are %+v", o)
		}
		a.want(c, "/auth/"+backend+"/passkey", d.with(k.get(o)), status, "")
		if !a.loggedIn(c) || !a.allows(c, "/strong") {
			t.Errorf("%s: not logged in by both", backend)
		}
	}
	a.wantLogin("by the passkey alone", k, "")
	// The switch of who has no passkey locks nobody out.
	other := a.user()
	a.switchOn(other)
	if w := a.byPassword(c, other); w.Code != http.StatusOK {
		t.Errorf("switched on without a passkey: %d %s", w.Code, w.Body)
	}
	a.register(authtest.As(t, a.Auth, "api", other), "api", newAuthenticator(t))
	if _, d := a.pending("api", other); !slices.Equal(d.Factors, []string{"passkey"}) {
		t.Errorf("with the first one: %+v", d)
	}
}

// A browser's login that waits is in its cookie.
func TestSecondFactorByTheCookie(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.switchOn(u)
	c, _ := a.pending("web", u)
	c.Header.Set("Sec-Fetch-Site", "same-origin")
	o := a.options(c, "/auth/web/passkey/options", "{}")
	stranger := authtest.NewClient(t)
	a.want(stranger, "/auth/web/passkey", credential(k.get(o)), 400, core.CodeLoginBadCredentials)
	a.want(c, "/auth/web/passkey", credential(k.get(o)), http.StatusNoContent, "")
	if !a.loggedIn(c) {
		t.Error("the cookie does not log in")
	}
	a.want(c, "/auth/web/passkey", credential(k.get(o)), 400, core.CodeLoginBadCredentials)
}

// A page of another site starts and ends nothing of a browser's.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	o := a.options(authtest.NewClient(t), "/auth/web/login/passkey/options", "")
	c := authtest.NewClient(t)
	c.Header.Set("Sec-Fetch-Site", "cross-site")
	a.want(c, "/auth/web/login/passkey", credential(k.get(o)), http.StatusForbidden, core.CodeCrossOriginRefused)
	c.Header.Set("Sec-Fetch-Site", "same-origin")
	a.want(c, "/auth/web/login/passkey", credential(k.get(o)), http.StatusNoContent, "")
}

// Presence is enough beside a password, and for nothing else.
func TestAttackM15PresenceAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.switchOn(u)
	k.flags &^= flagUV
	a.wantLogin("as the first factor", k, core.CodePasskeyRefused)
	c, d := a.pending("api", u)
	a.want(c, "/auth/api/passkey", d.with(k.get(a.options(c, "/auth/api/passkey/options", d.json()))), http.StatusOK, "")
	if !a.allows(c, "/strong") || a.allows(c, "/passkey-just-now") {
		t.Error("password and presence: want two kinds, and no passkey")
	}
	// A step-up by it is one too; one by a PIN is more (M65).
	c = authtest.As(t, a.Auth, "api", u, core.Proof{Method: core.MethodPassword}, core.Proof{Method: "pin"})
	prove := func() {
		a.want(c, "/auth/api/prove/passkey", credential(k.get(a.options(c, "/auth/api/prove/passkey/options", ""))), 200, "")
	}
	prove()
	if a.allows(c, "/passkey-just-now") {
		t.Error("presence passes for a passkey")
	}
	k.flags |= flagUV
	prove()
	if !a.allows(c, "/passkey-just-now") {
		t.Error("a verified passkey is refused")
	}
	// And where a passkey logged in, presence is a step back.
	k.flags &^= flagUV
	c = authtest.As(t, a.Auth, "api", u, core.Proof{Method: core.MethodPasskey})
	o := a.options(c, "/auth/api/prove/passkey/options", "")
	if o.PublicKey.Verify != "required" {
		t.Errorf("asked for %q", o.PublicKey.Verify)
	}
	a.want(c, "/auth/api/prove/passkey", credential(k.get(o)), 400, core.CodePasskeyRefused)
}

// With Verification Preferred, presence is one proof of one kind: a PIN is
// required beside it, and the same key is not offered as another one, but as
// one that verifies.
func TestAttackM30TheSameKeyTwice(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Verification: passkey.Preferred}, func(o *latchkey.Options[member]) {
		o.Flows = append(o.Flows, pin{})
	})
	k := newAuthenticator(t)
	k.flags = flagUP
	u := a.user()
	a.register(authtest.As(t, a.Auth, "web", u), "web", k)
	first := func() (*authtest.Client, detail) {
		c, w := a.loginBy("api", k)
		return c, detailOf(t, w)
	}
	c, d := first()
	if !slices.Equal(d.Factors, []string{"pin", "passkey"}) {
		t.Fatalf("after presence alone: %+v", d)
	}
	again := a.options(c, "/auth/api/passkey/options", d.json())
	if again.PublicKey.Verify != "required" {
		t.Errorf("a second time: %q", again.PublicKey.Verify)
	}
	k.count = 0
	a.want(c, "/auth/api/passkey", d.with(k.get(again)), 400, core.CodePasskeyRefused)
	a.wantHeard(core.EventFactorRefused, core.CodePasskeyRefused)
	// pin is a thing, too: still not two kinds.
	w := a.want(c, "/auth/api/pin", d.json()[:len(d.json())-1]+`, "code": "1234"}`, http.StatusForbidden, "")
	d = detailOf(t, w)
	k.flags |= flagUV
	a.want(c, "/auth/api/passkey", d.with(k.get(a.options(c, "/auth/api/passkey/options", d.json()))), http.StatusOK, "")
}

// Where nothing more is needed, a step of an application's own does not have
// the passkey offered beside it, whichever word it was proved by.
func TestOffersNothingBesideAStep(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, _ := a.registered()
	for name, c := range map[string]struct {
		done []string
		want bool
	}{
		"a password":             {[]string{"password"}, true},
		"password and key":       {[]string{"password", "security-key"}, false},
		"a passkey":              {[]string{"passkey"}, false},
		"a key":                  {[]string{"security-key"}, true},
		"a key and a code":       {[]string{"security-key", "totp"}, true},
		"password and code":      {[]string{"password", "totp"}, false},
		"a provider and a key":   {[]string{"oauth:acme", "security-key"}, false},
		"a provider and a mail":  {[]string{"oauth:acme", "email"}, true},
		"a provider and a terms": {[]string{"oauth:acme"}, true},
	} {
		var done []core.Proof
		for _, m := range c.done {
			done = append(done, core.Proof{Method: m, At: time.Now()})
		}
		if got, err := a.keys.Offers(t.Context(), u, done); got != c.want || err != nil {
			t.Errorf("%s: offers %t, %v", name, got, err)
		}
		if got, err := a.keys.Asks(t.Context(), u, done); got || err != nil {
			t.Errorf("%s: asks %t, %v", name, got, err)
		}
	}
	if got, err := a.keys.Offers(t.Context(), a.user(), nil); got || err != nil {
		t.Errorf("to a user without one: %t, %v", got, err)
	}
}

// Another factor that asks has the passkey as an alternative.
func TestAPasskeyInPlaceOfAnotherFactor(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) { o.Flows = append(o.Flows, pin{}) })
	without := a.user()
	if _, d := a.pending("api", without); !slices.Equal(d.Factors, []string{"pin"}) {
		t.Errorf("of one without a passkey: %+v", d)
	}
	c, d := a.pending("api", without)
	a.want(c, "/auth/api/passkey/options", d.json(), 400, core.CodePasskeyUnknown)

	u := a.user()
	k := a.register(authtest.As(t, a.Auth, "web", u), "web", newAuthenticator(t))
	c, d = a.pending("api", u)
	if !slices.Equal(d.Factors, []string{"pin", "passkey"}) {
		t.Fatalf("got %+v", d)
	}
	a.want(c, "/auth/api/passkey", d.with(k.get(a.options(c, "/auth/api/passkey/options", d.json()))), http.StatusOK, "")
}

// A login that waits is refused at another backend, and to a made-up ticket; it
// dies with the sixth try.
func TestPendingRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.switchOn(u)
	c, d := a.pending("api", u)
	for _, path := range []string{"/auth/web/passkey/options", "/auth/api/passkey/options"} {
		wrong := d
		if path == "/auth/api/passkey/options" {
			wrong.Pending = "c2VjcmV0"
		}
		a.want(c, path, wrong.json(), 400, core.CodeLoginBadCredentials)
	}
	o := a.options(c, "/auth/api/passkey/options", d.json())
	evil := *k
	evil.key = newAuthenticator(t).key
	for range 5 {
		a.want(c, "/auth/api/passkey", d.with(evil.get(o)), 400, "PASSKEY_")
	}
	a.want(c, "/auth/api/passkey", d.with(k.get(o)), 400, core.CodeLoginBadCredentials)
}

// A store that cannot be reached is a 503, never a login without the factor.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	down := &broken{}
	a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) {
		down.CredentialStore = o.Credentials
		o.Credentials = down
	})
	u, k := a.registered()
	a.switchOn(u)
	o := a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")
	down.set(true)
	c := authtest.NewClient(t)
	w := a.byPassword(c, u)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("by password: %d %s", w.Code, w.Body)
	}
	a.want(c, "/auth/api/login/passkey", credential(k.get(o)), http.StatusServiceUnavailable, "")
	down.set(false)
	a.wantLogin("afterwards", k, "")
}

// broken is a credential store that can be down.
type broken struct {
	core.CredentialStore
	down bool
}

func (b *broken) set(down bool) { b.down = down }

func (b *broken) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if b.down {
		return nil, context.DeadlineExceeded
	}
	return b.CredentialStore.Find(ctx, kind, key)
}

func (b *broken) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if b.down {
		return nil, context.DeadlineExceeded
	}
	return b.CredentialStore.List(ctx, kind, owner)
}
