package latchkey_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// TestSuspended: who is suspended is answered like an inactive user, by every
// way in, until the suspension ends.
func TestSuspended(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	began := time.Now()
	now.Store(&began)
	k := &keys{}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Now, o.MailDelay = func() time.Time { return *now.Load() }, -1
		o.Backends = append(o.Backends, latchkey.Backend{Name: "keys", Transport: header{}, Strategy: k})
	})
	id := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	k.give("key", id, nil)
	a.want("GET", "/session-only", "key", "", 200, "session")
	until := began.Add(time.Hour)
	a.edit(id, func(m *Member) { m.SuspendedUntil, m.SuspendedFor = until, "spam" })
	for _, path := range []string{"/active", "/users/me"} {
		a.want("GET", path, token, "", 401, "Unauthorized")
	}
	a.want("GET", "/session-only", "key", "", 401, "Unauthorized")
	got := a.login("ada@example.org", password)
	if got.status != 400 || got.member("detail") != core.CodeLoginBadCredentials {
		t.Errorf("a login: %d %s", got.status, got.body)
	}
	if _, err := a.Manager().Authenticate(t.Context(), "ada@example.org", password); err == nil {
		t.Error("Authenticate let her in")
	}
	a.want("POST", "/auth/forgot-password", "", `{"email": "ada@example.org"}`, 202, "null")
	now.Store(&until)
	a.want("GET", "/users/me", token, "", 200, id)
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
