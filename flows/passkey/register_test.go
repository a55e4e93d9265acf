package passkey_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// The options of a new passkey, and what is kept of it.
func TestRegister(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Name: "Example"}, nil)
	u := a.user()
	c := authtest.As(t, a.Auth, "api", u)
	o := a.options(c, "/auth/api/passkeys/options", "")
	k := o.PublicKey
	if k.RP.ID != "app.example.org" || k.RP.Name != "Example" || k.User.Name != u.Email ||
		len(unb64(t, k.User.ID)) != 32 || strings.Contains(k.User.ID, u.ID) || k.Selection.Resident != "required" ||
		k.Selection.Verify != "required" || k.Attestation != "none" || k.Exclude != nil || o.ExpiresIn != 300 {
		t.Errorf("the options are %+v", o)
	}
	key := newAuthenticator(t)
	w := a.want(c, "/auth/api/passkeys", credential(key.create(o), `"label": " the blue key "`), http.StatusCreated, "")
	var made struct {
		ID, Kind, Label string
		CreatedAt       time.Time `json:"created_at"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	rows := a.rows(u)
	if len(rows) != 1 || made.ID != rows[0].ID || made.Kind != "passkey" || made.Label != "the blue key" ||
		!made.CreatedAt.Equal(a.clock.Now()) || rows[0].Label != made.Label || strings.Contains(rows[0].Key, b64(key.id)) {
		t.Errorf("got %s, stored %+v", w.Body, rows)
	}
	if len(rows[0].Data) > 600 {
		t.Errorf("a row has %d bytes", len(rows[0].Data))
	}
	e := a.heard.events[len(a.heard.events)-1]
	if e.Kind != core.EventFactorAdded || e.Method != "passkey" || e.Target != made.ID || e.User.Base().ID != u.ID {
		t.Errorf("the event is %+v", e)
	}
	// The next one is not to be on the same authenticator.
	o = a.options(c, "/auth/api/passkeys/options", "")
	if len(o.PublicKey.Exclude) != 1 || o.PublicKey.Exclude[0].ID != b64(key.id) {
		t.Errorf("excluded are %+v", o.PublicKey.Exclude)
	}
	a.want(c, "/auth/api/passkeys", credential(key.create(o)), http.StatusConflict, core.CodeFactorExists)
	if !a.loggedIn(c) {
		t.Error("the session has ended")
	}
}

// What is no registration for this site and this challenge adds nothing.
func TestRegistrationRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u := a.user()
	c := authtest.As(t, a.Auth, "api", u)
	for name, change := range map[string]func(*authenticator){
		"another origin":   func(k *authenticator) { k.origin = "https://evil.example" },
		"another RP ID":    func(k *authenticator) { k.rpID = "evil.example" },
		"a login":          func(k *authenticator) { k.typ = "webauthn.get" },
		"framed":           func(k *authenticator) { k.client = map[string]any{"crossOrigin": true} },
		"nobody was there": func(k *authenticator) { k.flags &^= flagUP },
		"not verified":     func(k *authenticator) { k.flags &^= flagUV },
		"a long ID":        func(k *authenticator) { k.id = make([]byte, 1024) },
		"no ID":            func(k *authenticator) { k.id = nil },
		"no point":         func(k *authenticator) { k.public = []byte{0xa3, 1, 2, 3, 0x26, 0x20, 1} },
		"another algorithm": func(k *authenticator) { // ES256K
			k.public = append([]byte{0xa5, 1, 2, 3, 0x38, 0x2e}, k.cose()[5:]...)
		},
	} {
		k := newAuthenticator(t)
		change(k)
		o := a.options(c, "/auth/api/passkeys/options", "")
		w := a.do(c, "/auth/api/passkeys", credential(k.create(o)))
		if w.Code != 400 || len(a.rows(u)) != 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// What a client says besides is read for what is needed (unsolicited
	// extensions), and the longest ID fits.
	k := newAuthenticator(t)
	k.id, k.output = make([]byte, 1023), map[string]any{"credProps": map[string]any{"rk": true}, "prf": map[string]any{}}
	a.register(c, "api", k)
	a.wantLogin("a long ID", k, "")
}

// A user who lost what the application requires of accounts adds nothing.
func TestAccountGuards(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) { o.RequireVerified = true })
	u, _ := a.registered()
	c := authtest.As(t, a.Auth, "api", u)
	a.options(c, "/auth/api/passkeys/options", "")
	_, err := a.Store.Update(t.Context(), u.ID, func(m *member) error {
		m.IsVerified = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/passkeys/options", "/passkeys", "/prove/passkey/options", "/prove/passkey"} {
		a.want(c, "/auth/api"+path, "{}", http.StatusForbidden, "Forbidden")
	}
}

// TestAttackS24: a row of a later version is not read, and stays.
func TestAttackS24RowOfALaterVersion(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	row := a.rows(u)[0]
	version := func(from, to string) {
		_, err := a.store.Update(t.Context(), row.Kind, u.ID, row.ID, func(c *core.Credential) error {
			c.Data = []byte(strings.Replace(string(c.Data), from, to, 1))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	version(`"v":1`, `"v":2`)
	if _, w := a.loginBy("api", k); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a login: %d %s", w.Code, w.Body)
	}
	a.want(authtest.As(t, a.Auth, "api", u), "/auth/api/passkeys/options", "", http.StatusServiceUnavailable, "")
	if len(a.rows(u)) != 1 {
		t.Error("it is gone")
	}
	version(`"v":2`, `"v":1`)
	a.wantLogin("as it was", k, "")
}

func TestLabels(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	c := authtest.As(t, a.Auth, "api", a.user())
	for label, status := range map[string]int{
		`""`: 201, `null`: 201, `"ключ"`: 201, fmt.Sprintf("%q", strings.Repeat("k", 200)): 201,
		fmt.Sprintf("%q", strings.Repeat("k", 201)): 422, `7`: 422, `"a\u0000b"`: 422,
	} {
		body := credential(newAuthenticator(t).create(a.options(c, "/auth/api/passkeys/options", "")), `"label": `+label)
		if w := a.do(c, "/auth/api/passkeys", body); w.Code != status {
			t.Errorf("%s: %d %s", label, w.Code, w.Body)
		}
	}
}

// A user has as many as the options say, however many requests come at once.
func TestTooMany(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{MaxPerUser: 3}, nil)
	u := a.user()
	c := authtest.As(t, a.Auth, "api", u)
	var bodies []string
	for range 16 {
		bodies = append(bodies, credential(newAuthenticator(t).create(a.options(c, "/auth/api/passkeys/options", ""))))
	}
	codes := make(chan int, len(bodies))
	var all sync.WaitGroup
	for _, body := range bodies {
		all.Go(func() { codes <- c.Do(a, http.MethodPost, "/auth/api/passkeys", body).Code })
	}
	all.Wait()
	close(codes)
	count := map[int]int{}
	for code := range codes {
		count[code]++
	}
	if count[http.StatusCreated] != 3 || count[http.StatusConflict] != 13 || len(a.rows(u)) != 3 {
		t.Errorf("the answers are %v, and %d are stored", count, len(a.rows(u)))
	}
	a.want(c, "/auth/api/passkeys/options", "", http.StatusConflict, core.CodePasskeyTooMany)
	a.register(authtest.As(t, a.Auth, "api", a.user()), "api", newAuthenticator(t))
}

// TestAttackM31: who has a factor that asks adds no passkey by the password
// alone, nor anybody in a login of an hour ago.
func TestAttackM31RegistrationIsSensitive(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	c := authtest.As(t, a.Auth, "api", u)
	o := a.options(c, "/auth/api/passkeys/options", "") // still one proof and no lock
	a.switchOn(u)
	made := newAuthenticator(t).create(o)
	for _, path := range []string{"/auth/api/passkeys/options", "/auth/api/passkeys"} {
		w := a.want(c, path, credential(made), http.StatusForbidden, core.CodeProofRequired)
		if !strings.Contains(w.Body.String(), `"methods":["passkey"]`) {
			t.Errorf("it names %s", w.Body)
		}
	}
	a.want(c, "/auth/api/prove/passkey", credential(k.get(a.options(c, "/auth/api/prove/passkey/options", ""))), 200, "")
	a.register(c, "api", newAuthenticator(t))

	stale := authtest.As(t, a.Auth, "api", a.user())
	a.clock.Advance(11 * time.Minute)
	a.want(stale, "/auth/api/passkeys/options", "", http.StatusForbidden, core.CodeProofRequired)
	if len(a.rows(u)) != 2 {
		t.Errorf("%d passkeys", len(a.rows(u)))
	}
}

// TestAttackM36: a take-over removes all passkeys, and the switch that has them
// asked for, of one user alone.
func TestAttackM36TakeOver(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	u, k := a.registered()
	a.switchOn(u)
	a.register(authtest.As(t, a.Auth, "web", u, core.Proof{Method: "passkey"}), "web", newAuthenticator(t))
	other, kept := a.registered()
	a.switchOn(other)
	if removed, err := a.Services().Security.Purge(t.Context(), u.ID); removed != 3 || err != nil {
		t.Errorf("%d credentials were removed, %v; want 3", removed, err)
	}
	a.wantLogin("the squatter's", k, core.CodePasskeyUnknown)
	a.wantLogin("another user's", kept, "")
	for owner, want := range map[string]int{u.ID: 0, other.ID: 2} {
		if left, err := a.store.List(t.Context(), "", owner); len(left) != want || err != nil {
			t.Errorf("%d credentials are left, %v; want %d", len(left), err, want)
		}
	}
}

// Each passkey that logs in alone is a way in.
func TestWays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options passkey.Options
		flags   byte
		rk      any
		want    int
	}{
		"verified":                       {passkey.Options{}, synced, nil, 1},
		"discoverable":                   {passkey.Options{}, synced, true, 1},
		"not discoverable":               {passkey.Options{}, synced, false, 0},
		"presence, where that is enough": {passkey.Options{Verification: passkey.Preferred}, flagUP, nil, 1},
		"bound":                          {passkey.Options{DeviceBound: true}, bound, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, c.options, nil)
			u := a.user()
			k := newAuthenticator(t)
			if k.flags = c.flags; c.rk != nil {
				k.output = map[string]any{"credProps": map[string]any{"rk": c.rk}}
			}
			client := authtest.As(t, a.Auth, "web", u)
			a.register(client, "web", k)
			if got, err := a.keys.Ways(t.Context(), u); got != c.want || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
			rows, err := a.store.List(t.Context(), passkey.Kind, u.ID)
			if err != nil || len(rows) != 1 || a.keys.Keeps().Way(rows[0]) != (c.want == 1) {
				t.Errorf("%v, %v: each alone is not as all", rows, err)
			}
			if all, err := a.Services().Security.Ways(t.Context(), u); all != c.want+1 || err != nil {
				t.Errorf("with the password %d, %v", all, err)
			}
		})
	}
}
