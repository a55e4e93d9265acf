package latchkey_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
)

// TestSuspended: who is suspended has no way in until the suspension ends, and
// learns why by the right password alone.
func TestSuspended(t *testing.T) {
	t.Parallel()
	began := time.Now()
	clock := testclock.New(began)
	k := &keys{}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Now, o.MailDelay = clock.Now, -1
		o.Backends = append(o.Backends, latchkey.Backend{Name: "keys", Transport: header{}, Strategy: k})
	})
	id := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	k.give("key", id, nil)
	a.want("GET", "/session-only", "key", "", 200, "session")
	until := began.Add(time.Hour)
	if err := a.Manager().Suspend(t.Context(), id, until, "spam"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/active", "/users/me"} {
		a.want("GET", path, token, "", 401, "Unauthorized")
	}
	a.want("GET", "/session-only", "key", "", 401, "Unauthorized")
	got := a.login("ada@example.org", password)
	if got.status != 400 || got.body != `{"detail":{"code":"LOGIN_USER_SUSPENDED","reason":"spam"}}` {
		t.Errorf("a login: %d %s", got.status, got.body)
	}
	_, err := a.Manager().Authenticate(t.Context(), "ada@example.org", password)
	if !errors.Is(err, core.Refuse(core.CodeLoginUserSuspended)) {
		t.Errorf("Authenticate returns %v", err)
	}
	got = a.login("ada@example.org", "a wrong password")
	if got.status != 400 || got.member("detail") != core.CodeLoginBadCredentials {
		t.Errorf("a wrong password: %d %s", got.status, got.body)
	}
	a.want("POST", "/auth/forgot-password", "", `{"email": "ada@example.org"}`, 202, "null")
	if err := a.Wait(t.Context()); err != nil { // the mail, while the suspension lasts
		t.Fatal(err)
	}
	clock.Set(until.Add(-time.Microsecond)) // not before
	a.want("GET", "/session-only", "key", "", 401, "Unauthorized")
	clock.Set(until)
	a.want("GET", "/session-only", "key", "", 200, "session")
	a.want("GET", "/users/me", token, "", 401, "Unauthorized") // what the suspension has ended stays so
	if got := a.login("ada@example.org", password); got.status != 200 {
		t.Errorf("a login after the suspension: %d %s", got.status, got.body)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range a.mails.mails {
		if m.Kind == core.MailReset {
			t.Error("a suspended user got a reset mail")
		}
	}
}

// TestReinstated: an operator ends a suspension before its time, and one who is
// inactive besides is not told of it.
func TestReinstated(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	id := a.register("ada@example.org").member("id")
	people := a.Manager()
	if err := people.Suspend(t.Context(), id, time.Time{}, "spam"); err != nil {
		t.Fatal(err)
	}
	a.edit(id, func(m *Member) { m.IsActive = false })
	if got := a.login("ada@example.org", password); got.member("detail") != core.CodeLoginBadCredentials {
		t.Errorf("an inactive user: %d %s", got.status, got.body)
	}
	a.edit(id, func(m *Member) { m.IsActive = true })
	if got := a.login("ada@example.org", password); got.status != 400 {
		t.Errorf("for good: %d %s", got.status, got.body)
	}
	if err := people.Reinstate(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := a.login("ada@example.org", password); got.status != 200 {
		t.Errorf("reinstated: %d %s", got.status, got.body)
	}
	if err := people.Suspend(t.Context(), "nobody", time.Time{}, "spam"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("nobody is suspended: %v", err)
	}
	if err := people.Reinstate(t.Context(), "nobody"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("nobody is reinstated: %v", err)
	}
}
