package passkey_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

const (
	bound  = flagUP | flagUV
	synced = flagUP | flagUV | flagBE | flagBS
)

// step is one login of a passkey after others.
type step struct {
	flags byte
	count uint32
	code  string
}

// TestAttackM16: a counter that does not rise shows that there are two of a
// passkey that is on one device alone. What was refused leaves no trace that a
// clone could build on.
func TestAttackM16CounterOfADeviceBoundPasskey(t *testing.T) {
	t.Parallel()
	const refused = core.CodePasskeyRefused
	for name, c := range map[string]struct {
		steps  []step
		cloned []string
	}{
		"rises":           {[]step{{bound, 1, ""}, {bound, 2, ""}, {bound, 9, ""}}, nil},
		"never counts":    {[]step{{bound, 0, ""}, {bound, 0, ""}}, nil},
		"begins to count": {[]step{{bound, 0, ""}, {bound, 5, ""}}, nil},
		"equal":           {[]step{{bound, 5, ""}, {bound, 5, refused}, {bound, 6, ""}}, []string{refused}},
		"lower": {[]step{{bound, 5, ""}, {bound, 4, refused}, {bound, 5, refused}, {bound, 6, ""}},
			[]string{refused, refused}},
		"back to zero": {[]step{{bound, 5, ""}, {bound, 0, refused}, {bound, 1, refused}}, []string{refused, refused}},
		"lower, and says that it is synced": {[]step{{bound, 5, ""}, {synced, 4, refused}, {bound, 6, ""}},
			[]string{refused}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, passkey.Options{}, nil)
			a.steps(bound, c.steps)
			a.wantHeard(core.EventPasskeyCloned, c.cloned...)
		})
	}
}

// steps registers a passkey with these flags and logs in by it.
func (a *app) steps(registered byte, steps []step) {
	a.t.Helper()
	k := newAuthenticator(a.t)
	k.flags = registered
	a.register(authtest.As(a.t, a.Auth, "web", a.user()), "web", k)
	for i, s := range steps {
		k.flags, k.count = s.flags, s.count
		a.wantLogin("login "+string(rune('1'+i)), k, s.code)
	}
}

// TestAttackM43: each device counts a synced passkey on its own, so a login
// goes on, and an event says what was seen.
func TestAttackM43CounterOfASyncedPasskey(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	a.steps(synced, []step{{synced, 7, ""}, {synced, 3, ""}, {synced, 4, ""}, {synced, 0, ""}, {synced, 0, ""}})
	a.wantHeard(core.EventPasskeyCloned, "", "")
}

// TestAttackM19: a passkey that becomes a synced one, as those of telephones
// do, still logs in, and an event notes it once.
func TestAttackM19BackupFlagFlips(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	a.steps(bound, []step{{bound, 0, ""}, {synced, 0, ""}, {synced, 0, ""}})
	a.wantHeard(core.EventPasskeySynced, "")

	back := newApp(t, passkey.Options{}, nil)
	back.steps(synced, []step{{bound, 0, ""}, {bound, 0, ""}})
	back.wantHeard(core.EventPasskeySynced, "")
}

// DeviceBound admits passkeys of one device alone, also later.
func TestDeviceBound(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{DeviceBound: true}, nil)
	a.steps(bound, []step{{bound, 0, ""}, {synced, 0, core.CodePasskeyRefused}, {bound, 0, ""}})
	a.wantHeard(core.EventPasskeySynced, core.CodePasskeyRefused, "") // there, and back

	c := authtest.As(t, a.Auth, "web", a.user())
	o := a.options(c, "/auth/web/passkeys/options", "")
	a.want(c, "/auth/web/passkeys", credential(newAuthenticator(t).create(o)), 400, core.CodePasskeyRefused)
}

// A passkey that has become a synced one is no way in where that is refused, so
// that what else logs in stays.
func TestDeviceBoundCountsNoSyncedPasskey(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{DeviceBound: true}, nil)
	u, k := a.user(), newAuthenticator(t)
	k.flags = bound
	a.register(authtest.As(t, a.Auth, "web", u), "web", k)
	for _, step := range []struct {
		flags byte
		code  string
		ways  int
	}{{bound, "", 1}, {synced, core.CodePasskeyRefused, 0}, {bound, "", 1}} {
		k.flags = step.flags
		a.wantLogin("login", k, step.code)
		if ways, err := a.keys.Ways(t.Context(), u); ways != step.ways || err != nil {
			t.Errorf("%d ways in, %v; want %d", ways, err, step.ways)
		}
	}
}
