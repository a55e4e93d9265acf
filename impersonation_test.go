package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/impersonation"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// listener is a flow that keeps events.
type listener struct {
	mu     sync.Mutex
	events []core.Event
}

func (*listener) Name() string                                { return "listener" }
func (*listener) PerBackend() bool                            { return false }
func (*listener) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (l *listener) On(_ context.Context, _ *core.Services, e core.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// last returns the last event of a kind.
func (l *listener) last(t *testing.T, kind core.EventKind) core.Event {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.events) - 1; i >= 0; i-- {
		if l.events[i].Kind == kind {
			return l.events[i]
		}
	}
	t.Fatalf("no event %s", kind)
	return core.Event{}
}

// acting is an application with an administrator and a user, and the
// administrator's token.
type acting struct {
	*app
	heard            *listener
	root, ada, token string
}

const impersonate = "/auth/web/impersonate"

func newActing(t *testing.T, change func(*latchkey.Options[Member])) *acting {
	t.Helper()
	a := &acting{heard: &listener{}}
	a.app = newApp(t, func(o *latchkey.Options[Member]) {
		o.Flows = append(o.Flows, impersonation.Flow{}, a.heard)
		if change != nil {
			change(o)
		}
	})
	a.root, a.ada = a.register("root@example.org").member("id"), a.register("ada@example.org").member("id")
	a.edit(a.root, func(m *Member) { m.IsSuperuser = true })
	a.token = a.login("root@example.org", password).member("token")
	return a
}

// as begins to act as a user.
func (a *acting) as(id string) string {
	a.t.Helper()
	body := `{"user_id": "` + id + `", "reason": "ticket 7"}`
	return a.want("POST", impersonate, a.token, body, 200, "token").member("token")
}

func TestImpersonation(t *testing.T) {
	t.Parallel()
	logins := 0
	a := newActing(t, func(o *latchkey.Options[Member]) {
		o.Hooks.BeforeLogin = func(context.Context, *latchkey.Event[Member]) error { logins++; return nil }
	})
	before := logins
	acted := a.as(a.ada)
	if logins != before {
		t.Error("acting as somebody is a login to hooks")
	}
	began := a.heard.last(t, core.EventImpersonationBegan)
	if began.Reason != "ticket 7" || began.User.Base().ID != a.ada || began.Actor.UserID != a.root ||
		began.Actor.Kind != "user" {
		t.Errorf("the event is %+v", began)
	}
	a.want("GET", "/users/me", acted, "", 200, "ada@example.org")
	a.want("GET", "/actor", acted, "", 200, a.root)
	a.want("GET", "/actor", a.token, "", 200, "nobody acts")
	a.want("GET", "/users/me", a.token, "", 200, "root@example.org") // theirs lives on

	a.want("PATCH", "/users/me", acted, `{"nick": "countess"}`, 200, "countess")
	e := a.heard.last(t, core.EventUpdated)
	if e.Actor.Kind != "user" || e.Actor.UserID != a.ada || e.Actor.Actor != a.root {
		t.Errorf("who changed it: %+v", e.Actor)
	}
	for _, body := range []string{
		`{"password": "another password"}`, `{"email": "x@example.org"}`,
		`{"password": "another password", "current_password": "` + password + `"}`,
		`{"password": "another password", "current_password": "a guess"}`,
	} {
		a.want("PATCH", "/users/me", acted, body, 403, "Forbidden")
	}
	a.want("GET", "/fresh", acted, "", 403, "PROOF_REQUIRED")

	back := a.want("POST", impersonate+"/end", acted, "", 200, "token").member("token")
	a.want("GET", "/users/me", back, "", 200, "root@example.org")
	a.want("GET", "/fresh", back, "", 200, "root@example.org")
	ended := a.heard.last(t, core.EventImpersonationEnded)
	if ended.User.Base().ID != a.ada || ended.Actor.Actor != a.root || ended.Target == "" {
		t.Errorf("the event is %+v", ended)
	}
	for _, token := range []string{acted, a.token} {
		a.want("GET", "/users/me", token, "", 401, "Unauthorized")
	}
	a.want("POST", impersonate+"/end", acted, "", 401, "Unauthorized")
	a.want("POST", impersonate+"/end", back, "", 409, core.CodeNotImpersonating)
}

func TestImpersonationRefused(t *testing.T) {
	t.Parallel()
	a := newActing(t, nil)
	other := a.register("other@example.org").member("id")
	a.edit(other, func(m *Member) { m.IsSuperuser = true })
	off := a.register("off@example.org").member("id")
	for what, edit := range map[string]func(*Member){
		"inactive":  func(m *Member) { m.IsActive = false },
		"suspended": func(m *Member) { m.IsActive, m.SuspendedUntil = true, core.ForGood() },
	} {
		a.edit(off, edit)
		if got := a.do("POST", impersonate, a.token, `{"user_id": "`+off+`", "reason": "x"}`); got.status != 403 ||
			got.member("detail") != core.CodeImpersonationRefused {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	for id, want := range map[string]int{a.root: 403, other: 403, "nobody": 404, "": 404} {
		a.want("POST", impersonate, a.token, `{"user_id": "`+id+`", "reason": "x"}`, want, "")
	}
	for body, part := range map[string]string{
		`{}`: "reason", `{"user_id": 1, "reason": ""}`: "string_type", `{"user_id": "x", "reason": ""}`: "1 to 200 characters",
	} {
		a.want("POST", impersonate, a.token, body, 422, part)
	}
	acted := a.as(a.ada)
	body := `{"user_id": "` + other + `", "reason": "x"}`
	a.want("POST", impersonate, acted, body, 403, "Forbidden")
	a.edit(a.ada, func(m *Member) { m.IsSuperuser = true }) // made one meanwhile
	a.want("POST", impersonate, acted, body, 403, "Forbidden")
	a.want("GET", "/users", acted, "", 403, "Forbidden")
}

// Who acts is judged at every request.
func TestAnActorIsJudgedAnew(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*Member){
		"demoted":            func(m *Member) { m.IsSuperuser = false },
		"deactivated":        func(m *Member) { m.IsActive = false },
		"suspended":          func(m *Member) { m.SuspendedUntil = core.ForGood() },
		"has a new password": func(m *Member) { m.TokenEpoch++ },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			a := newActing(t, nil)
			acted := a.as(a.ada)
			a.want("GET", "/session-only", acted, "", 200, "session")
			a.edit(a.root, end)
			for _, path := range []string{"/users/me", "/session-only", "/active"} {
				a.want("GET", path, acted, "", 401, "Unauthorized")
			}
			a.want("POST", impersonate+"/end", acted, "", 401, "Unauthorized")
		})
	}
	t.Run("deleted", func(t *testing.T) {
		t.Parallel()
		a := newActing(t, nil)
		acted := a.as(a.ada)
		if err := a.Manager().Delete(t.Context(), a.root); err != nil {
			t.Fatal(err)
		}
		a.want("GET", "/users/me", acted, "", 401, "Unauthorized")
	})
	t.Run("while a hook runs", func(t *testing.T) {
		t.Parallel()
		var a *acting
		a = newActing(t, func(o *latchkey.Options[Member]) {
			o.Hooks.BeforeUpdate = func(context.Context, *latchkey.Event[Member]) error {
				a.edit(a.root, func(m *Member) { m.IsSuperuser = false })
				return nil
			}
		})
		acted := a.as(a.ada)
		a.want("PATCH", "/users/me", acted, `{"nick": "late"}`, 401, "Unauthorized")
		a.want("GET", "/users/"+a.ada, a.token, "", 403, "Forbidden")
	})
	t.Run("the actor's own login has ended", func(t *testing.T) {
		t.Parallel()
		a := newActing(t, nil)
		acted := a.as(a.ada)
		a.want("POST", "/auth/web/logout", a.token, "", 204, "")
		a.want("GET", "/users/me", acted, "", 200, "ada") // a logout is of that login alone
		if got := a.want("POST", impersonate+"/end", acted, "", 204, ""); got.header.Get("Cleared") == "" {
			t.Errorf("the client keeps its token: %v", got.header)
		}
		a.want("GET", "/users/me", acted, "", 401, "Unauthorized")
	})
}

// Of several who come back by one session at once, one does.
func TestOneComesBack(t *testing.T) {
	t.Parallel()
	a := newActing(t, nil)
	acted := a.as(a.ada)
	answers := make(chan int, 16)
	for range cap(answers) {
		go func() { answers <- a.do("POST", impersonate+"/end", acted, "").status }()
	}
	good := 0
	for range cap(answers) {
		if <-answers == 200 {
			good++
		}
	}
	living, err := a.Manager().Sessions(t.Context(), a.root)
	if good != 1 || err != nil || len(living) != 1 {
		t.Errorf("%d came back, and %d sessions are left, %v", good, len(living), err)
	}
}

// A JWT has no list, so its actor logs in again.
func TestImpersonationByJWT(t *testing.T) {
	t.Parallel()
	a := newActing(t, func(o *latchkey.Options[Member]) {
		key, err := jwt.HS256("", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Denied: o.Tickets})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends[0].Strategy = tokens
	})
	acted := a.as(a.ada)
	a.want("GET", "/actor", acted, "", 200, a.root)
	a.want("POST", impersonate+"/end", acted, "", 204, "")
	a.want("GET", "/users/me", acted, "", 401, "Unauthorized")
	a.want("GET", "/users/me", a.token, "", 200, "root@example.org")
}

func TestImpersonationNeedsTickets(t *testing.T) {
	t.Parallel()
	o := options[latchkey.User]()
	o.Flows = []latchkey.Flow{impersonation.Flow{}}
	if got := faults(t, o); !strings.Contains(got, "impersonation needs Options.Tickets") {
		t.Errorf("New says %q", got)
	}
	guarded := newActing(t, func(o *latchkey.Options[Member]) {
		o.Flows[2] = impersonation.Flow{Allow: []core.Guard{core.CheckUser(func(_ context.Context, m *Member) error {
			return errors.Join(map[bool]error{true: latchkey.Forbidden()}[m.Nick != "support"])
		})}}
	})
	body := `{"user_id": "` + guarded.ada + `", "reason": "x"}`
	guarded.edit(guarded.root, func(m *Member) { m.Nick = "support" })
	guarded.want("POST", impersonate, guarded.token, body, 200, "token")
	guarded.edit(guarded.root, func(m *Member) { m.Nick = "" })
	guarded.want("POST", impersonate, guarded.token, body, 403, "Forbidden")
}
