package passkey_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// required has a factor required of everybody.
func required(o *latchkey.Options[member]) {
	o.RequireFactor = func(context.Context, *member) (bool, error) { return true, nil }
}

// A user who must have a factor gets a passkey inside the login; other logins,
// which have not proved it, end.
func TestEnrolInsideALogin(t *testing.T) {
	t.Parallel()
	for backend, status := range map[string]int{"web": http.StatusNoContent, "api": http.StatusOK} {
		a := newApp(t, passkey.Options{}, required)
		u := a.user()
		older := authtest.As(t, a.Auth, backend, u)
		c, d := a.pending(backend, u)
		if d.Code != core.CodeLoginEnrolment || !slices.Equal(d.Enrol, []string{"passkey"}) {
			t.Fatalf("%s: %+v", backend, d)
		}
		_, twin := a.pending(backend, u)
		k := newAuthenticator(t)
		o := a.options(c, "/auth/"+backend+"/login/passkeys/options", d.json())
		body := credential(k.create(o), `"label": "phone"`, `"pending": "`+d.Pending+`"`)
		a.want(c, "/auth/"+backend+"/login/passkeys", body, status, "")
		if !a.loggedIn(c) || !a.allows(c, "/strong") || a.loggedIn(older) {
			t.Errorf("%s: logged in %t, strong %t; the older login lives: %t", backend, a.loggedIn(c), a.allows(c, "/strong"),
				a.loggedIn(older))
		}
		if rows := a.rows(u); len(rows) != 1 || rows[0].Label != "phone" {
			t.Errorf("%s: stored %+v", backend, rows)
		}
		a.wantHeard(core.EventFactorAdded, "")
		// A login that waited meanwhile enrols nothing more.
		a.want(c, "/auth/"+backend+"/login/passkeys/options", twin.json(), 400, core.CodeLoginBadCredentials)
		// From now on it is a second factor.
		if _, d := a.pending(backend, u); !slices.Equal(d.Factors, []string{"passkey"}) || d.Enrol != nil {
			t.Errorf("%s: the next login: %+v", backend, d)
		}
		a.wantLogin("by the passkey alone", k, "")
	}
}

// TestAttackM32: a password alone adds no passkey to an account that has a
// factor.
func TestAttackM32EnrolmentBesideAFactor(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, required)
	u, _ := a.registered()
	c, d := a.pending("api", u)
	a.want(c, "/auth/api/login/passkeys/options", d.json(), http.StatusForbidden, "Forbidden")
	// Nor with options of before.
	late := a.user()
	c, d = a.pending("api", late)
	o := a.options(c, "/auth/api/login/passkeys/options", d.json())
	a.register(authtest.As(t, a.Auth, "web", late), "web", newAuthenticator(t))
	body := credential(newAuthenticator(t).create(o), `"pending": "`+d.Pending+`"`)
	a.want(c, "/auth/api/login/passkeys", body, http.StatusForbidden, "Forbidden")
	if len(a.rows(late)) != 1 {
		t.Errorf("%d passkeys", len(a.rows(late)))
	}
	// And nobody enrols where none is required.
	free := newApp(t, passkey.Options{}, nil)
	v, _ := free.registered()
	free.switchOn(v)
	c, d = free.pending("api", v)
	free.want(c, "/auth/api/login/passkeys/options", d.json(), http.StatusForbidden, "Forbidden")
	free.want(c, "/auth/api/login/passkeys/options", `{"pending": "c2VjcmV0"}`, 400, core.CodeLoginBadCredentials)
}

// Of any number of enrolments at once, in one login or several, one is stored.
func TestAttackM25EnrolmentsAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, required)
	u := a.user()
	var bodies []string
	for range 8 {
		c, d := a.pending("api", u)
		for range 2 {
			o := a.options(c, "/auth/api/login/passkeys/options", d.json())
			bodies = append(bodies, credential(newAuthenticator(t).create(o), `"pending": "`+d.Pending+`"`))
		}
	}
	codes := make(chan int, len(bodies))
	var all sync.WaitGroup
	for _, body := range bodies {
		c := authtest.NewClient(t)
		all.Go(func() { codes <- c.Do(a, http.MethodPost, "/auth/api/login/passkeys", body).Code })
	}
	all.Wait()
	close(codes)
	in := 0
	for code := range codes {
		if code == http.StatusOK {
			in++
		} else if code != 400 && code != http.StatusForbidden {
			t.Errorf("an answer is %d", code)
		}
	}
	if in != 1 || len(a.rows(u)) != 1 {
		t.Errorf("%d are logged in, %d passkeys are stored", in, len(a.rows(u)))
	}
}

// TestAttackM37: who has not proved the address gets no second factor, which
// would keep its owner out. Users without an address may.
func TestAttackM37UnverifiedAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options passkey.Options
		verify  bool
		status  int
	}{
		"unverified": {passkey.Options{}, false, http.StatusForbidden},
		"verified":   {passkey.Options{}, true, http.StatusOK},
		"unverified, in an application that verifies nothing": {passkey.Options{InsecureUnverified: true}, false, http.StatusOK},
	} {
		a := newApp(t, c.options, required)
		u := a.user(func(m *member) { m.IsVerified = c.verify })
		client, d := a.pending("api", u)
		w := a.do(client, "/auth/api/login/passkeys/options", d.json())
		if w.Code != c.status || c.status == http.StatusForbidden && !hasCode(w, core.CodeFactorUnverified) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// Without an address: the login is by another proof.
	a := newApp(t, passkey.Options{}, required)
	u := a.user(func(m *member) { m.IsVerified = false })
	if _, err := a.Store.Update(t.Context(), u.ID, func(m *member) error {
		m.Email, m.EmailKey = "", ""
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	proof := core.Proof{Method: "oauth:acme", At: a.clock.Now()}
	admission, err := a.Manager().Login(t.Context(), u.ID, "api", request(t), proof)
	if err != nil || admission.Pending == "" {
		t.Fatalf("got %+v, %v", admission, err)
	}
	a.options(authtest.NewClient(t), "/auth/api/login/passkeys/options", `{"pending": "`+admission.Pending+`"}`)
}

// An enrolment that verifies nobody is refused where that is required, and the
// login still waits.
func TestEnrolmentRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, required)
	u := a.user()
	c, d := a.pending("api", u)
	k := newAuthenticator(t)
	k.flags = flagUP
	enrol := func() string {
		o := a.options(c, "/auth/api/login/passkeys/options", d.json())
		return credential(k.create(o), `"pending": "`+d.Pending+`"`)
	}
	a.want(c, "/auth/api/login/passkeys", enrol(), 400, core.CodePasskeyRefused)
	if len(a.rows(u)) != 0 {
		t.Error("it is stored")
	}
	k.flags = synced
	a.want(c, "/auth/api/login/passkeys", enrol(), http.StatusOK, "access_token")
}
