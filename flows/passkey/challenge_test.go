package passkey_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// TestAttackM40: options leave nothing behind, and each still works once.
func TestAttackM40OptionsKeepNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	before := a.tickets.writes
	seen := map[string]bool{}
	var all []requested
	for range 2_000 {
		o := a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")
		seen[o.PublicKey.Challenge] = true
		all = append(all, o)
	}
	if a.tickets.writes != before || len(seen) != len(all) {
		t.Errorf("%d rows were written for %d challenges, of which %d differ", a.tickets.writes-before, len(all), len(seen))
	}
	for _, o := range []requested{all[0], all[len(all)/2], all[len(all)-1]} {
		body := credential(k.get(o))
		a.want(authtest.NewClient(t), "/auth/api/login/passkey", body, http.StatusOK, "access_token")
		a.want(authtest.NewClient(t), "/auth/api/login/passkey", body, 400, core.CodePasskeyBadChallenge)
	}
}

// TestAttackM41: of any number of requests with one challenge one succeeds.
func TestAttackM41OneChallengeAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	body := credential(k.get(a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")))
	codes := make(chan int, 64)
	var all sync.WaitGroup
	for range cap(codes) {
		c := authtest.NewClient(t)
		all.Go(func() { codes <- a.do(c, "/auth/api/login/passkey", body).Code })
	}
	all.Wait()
	close(codes)
	in := 0
	for code := range codes {
		if code == http.StatusOK {
			in++
		} else if code != 400 {
			t.Errorf("an answer is %d", code)
		}
	}
	if in != 1 {
		t.Errorf("%d of 64 are logged in by one challenge", in)
	}
}

// A challenge is spent by what was made of it, good or not.
func TestARefusalSpendsTheChallenge(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	o := a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")
	evil := *k
	evil.key = newAuthenticator(t).key
	a.want(authtest.NewClient(t), "/auth/api/login/passkey", credential(evil.get(o)), 400, core.CodePasskeyRefused)
	a.want(authtest.NewClient(t), "/auth/api/login/passkey", credential(k.get(o)), 400, core.CodePasskeyBadChallenge)
	a.wantLogin("the next one", k, "")
}

// TestAttackM14: a challenge can be spent for what it was made for alone: one
// backend, one purpose, one session or login, until it expires.
func TestAttackM14ChallengeOfSomethingElse(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.switchOn(u)
	const login, loginOptions = "/auth/api/login/passkey", "/auth/api/login/passkey/options"
	mine, yours := authtest.As(t, a.Auth, "api", u), authtest.As(t, a.Auth, "api", u)
	anyone := authtest.NewClient(t)
	_, one := a.pending("api", u)
	_, two := a.pending("api", u)

	from := map[string]func() requested{
		"login": func() requested { return a.options(anyone, loginOptions, "") },
		"login of the other backend": func() requested {
			return a.options(authtest.NewClient(t), "/auth/web/login/passkey/options", "")
		},
		"pending login": func() requested { return a.options(anyone, "/auth/api/passkey/options", one.json()) },
		"another pending login": func() requested {
			return a.options(anyone, "/auth/api/passkey/options", two.json())
		},
		"session":         func() requested { return a.options(mine, "/auth/api/prove/passkey/options", "") },
		"another session": func() requested { return a.options(yours, "/auth/api/prove/passkey/options", "") },
		"registration": func() requested {
			o := a.options(mine, "/auth/api/passkeys/options", "")
			o.PublicKey.RPID = o.PublicKey.RP.ID
			return o
		},
	}
	for name, options := range from {
		for where, use := range map[string]func(o requested) int{
			"login": func(o requested) int {
				return a.do(authtest.NewClient(t), login, credential(k.get(o))).Code
			},
			"session": func(o requested) int {
				return a.do(mine, "/auth/api/prove/passkey", credential(k.get(o))).Code
			},
			"registration": func(o requested) int {
				o.PublicKey.RP.ID = o.PublicKey.RPID
				return a.do(mine, "/auth/api/passkeys", credential(newAuthenticator(t).create(o))).Code
			},
		} {
			good := name == where
			if got := use(options()); good != (got < 300) || !good && got != 400 {
				t.Errorf("a challenge of a %s as one of a %s: %d", name, where, got)
			}
		}
	}
	// A login that waits bounds its tries, so these are few.
	for _, name := range []string{"login", "another pending login", "session"} {
		a.want(anyone, "/auth/api/passkey", one.with(k.get(from[name]())), 400, core.CodePasskeyBadChallenge)
	}
	a.want(anyone, "/auth/api/passkey", one.with(k.get(from["pending login"]())), http.StatusOK, "access_token")
}

// A challenge lives as long as its answer says, and is whole or nothing.
func TestAttackM41ForgedOrExpired(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Lifetime: 2 * time.Minute}, nil)
	_, k := a.registered()
	for name, c := range map[string]struct {
		change func(o *requested)
		code   string
	}{
		"as it is":       {func(*requested) {}, ""},
		"nearly expired": {func(*requested) { a.clock.Advance(2*time.Minute - time.Microsecond) }, ""},
		"expired":        {func(*requested) { a.clock.Advance(2 * time.Minute) }, core.CodePasskeyBadChallenge},
		"empty":          {func(o *requested) { o.PublicKey.Challenge = "" }, core.CodePasskeyBadChallenge},
		"no base64url":   {func(o *requested) { o.PublicKey.Challenge = "+/+/" }, core.CodePasskeyBadChallenge},
		"one's own": {func(o *requested) { o.PublicKey.Challenge = b64(bytes.Repeat([]byte{7}, 64)) },
			core.CodePasskeyBadChallenge},
		"longer": {func(o *requested) {
			o.PublicKey.Challenge = b64(append(unb64(t, o.PublicKey.Challenge), 0))
		}, core.CodePasskeyBadChallenge},
		"cut short": {func(o *requested) { o.PublicKey.Challenge = o.PublicKey.Challenge[:40] }, core.CodePasskeyBadChallenge},
		"a longer life": {func(o *requested) {
			raw := unb64(t, o.PublicKey.Challenge)
			raw[25]++
			o.PublicKey.Challenge = b64(raw)
		}, core.CodePasskeyBadChallenge},
	} {
		o := a.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")
		if o.ExpiresIn != 120 {
			t.Fatalf("it expires in %d", o.ExpiresIn)
		}
		c.change(&o)
		status := map[bool]int{true: http.StatusOK, false: 400}[c.code == ""]
		w := a.do(authtest.NewClient(t), "/auth/api/login/passkey", credential(k.get(o)))
		if w.Code != status || c.code != "" && !bytes.Contains(w.Body.Bytes(), []byte(c.code)) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Another application's challenges are not this one's, and a node with the same
// secret takes those of the others.
func TestTheSecretMakesTheChallenge(t *testing.T) {
	t.Parallel()
	secret := authtest.Secret()
	a, same := newApp(t, passkey.Options{Secret: secret}, nil), newApp(t, passkey.Options{Secret: secret}, nil)
	other := newApp(t, passkey.Options{}, nil)
	_, k := a.registered()
	for from, code := range map[*app]int{same: http.StatusOK, other: 400} {
		o := from.options(authtest.NewClient(t), "/auth/api/login/passkey/options", "")
		if w := a.do(authtest.NewClient(t), "/auth/api/login/passkey", credential(k.get(o))); w.Code != code {
			t.Errorf("got %d %s, want %d", w.Code, w.Body, code)
		}
	}
}
