package passkey_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// TestAttackM60: another user's passkey proves nothing, and leaves the session
// as it is.
func TestAttackM60AnotherUsersPasskey(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	_, others := a.registered()
	for _, backend := range []string{"web", "api"} {
		c := authtest.As(t, a.Auth, backend, u)
		c.Header.Set("Sec-Fetch-Site", "same-origin")
		options := func() requested { return a.options(c, "/auth/"+backend+"/prove/passkey/options", "") }
		if o := options(); len(o.PublicKey.Allow) != 1 || o.PublicKey.Allow[0].ID != b64(k.id) {
			t.Errorf("asked for %+v", o.PublicKey.Allow)
		}
		for name, handle := range map[string][]byte{"its own": others.handle, "the user's": k.handle, "no": nil} {
			theirs := *others
			theirs.handle = handle
			w := a.do(c, "/auth/"+backend+"/prove/passkey", credential(theirs.get(options())))
			if w.Code != 400 || a.allows(c, "/strong") || !a.loggedIn(c) {
				t.Errorf("%s, another user's passkey with %s handle: %d %s", backend, name, w.Code, w.Body)
			}
		}
		k.handle = nil // a browser need not say whose it is
		w := a.do(c, "/auth/"+backend+"/prove/passkey", credential(k.get(options())))
		k.handle = others.handle
		w2 := a.do(c, "/auth/"+backend+"/prove/passkey", credential(k.get(options())))
		k.handle = nil
		if w.Code >= 300 || !a.allows(c, "/strong") || w2.Code != 400 {
			t.Errorf("%s, their own: %d %s; with another's handle: %d", backend, w.Code, w.Body, w2.Code)
		}
	}
}

// A step-up replaces the token, and no second session appears; it needs a
// credential of the backend.
func TestStepUp(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	c := authtest.As(t, a.Auth, "web", u)
	c.Header.Set("Sec-Fetch-Site", "same-origin")
	a.clock.Advance(time.Hour)
	a.want(c, "/auth/web/passkeys/options", "", http.StatusForbidden, core.CodeProofRequired)
	a.want(c, "/auth/web/prove/passkey", credential(k.get(a.options(c, "/auth/web/prove/passkey/options", ""))), 204, "")
	a.options(c, "/auth/web/passkeys/options", "")
	all, err := a.Manager().Sessions(t.Context(), u.ID)
	if err != nil || len(all) != 1 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
	a.wantHeard(core.EventProved, "")
	for _, path := range []string{"/prove/passkey/options", "/prove/passkey", "/passkeys/options", "/passkeys"} {
		a.want(authtest.NewClient(t), "/auth/web"+path, "{}", http.StatusUnauthorized, "")
		a.want(c, "/auth/api"+path, "{}", http.StatusUnauthorized, "")
	}
}

func TestUserWithoutPasskeysProvesNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	a.want(authtest.As(t, a.Auth, "api", a.user()), "/auth/api/prove/passkey/options", "", 400, core.CodePasskeyUnknown)
}

// A touch is a second proof where the password was given in the same login. At
// a device that was let in, what the approving login had does not count.
func TestD08TouchAtADevice(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, _ := a.registered()
	for want, done := range map[string][]core.Proof{
		"preferred": {{Method: core.MethodPassword, At: a.clock.Now()}},
		"required":  {{Method: core.MethodPassword}, {Method: core.MethodDevice}},
	} {
		last := len(done) - 1
		admission, err := a.Services().Gate.Admit(t.Context(), core.Attempt{
			User: u, Proof: done[last], More: done[:last], Backend: "api",
		})
		if err != nil {
			t.Fatal(err)
		}
		c := authtest.NewClient(t)
		c.Header.Set("Authorization", "Bearer "+admission.Token.Raw)
		if got := a.options(c, "/auth/api/prove/passkey/options", "").PublicKey.Verify; got != want {
			t.Errorf("after %+v, verification is %s, want %s", done, got, want)
		}
	}
}
