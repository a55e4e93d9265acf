package latchkey_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// observer is a flow without routes that decides, witnesses and listens.
type observer struct {
	mu     sync.Mutex
	heard  []core.Event
	order  []string
	decide func(*core.Event) error
	refuse error // of the witness
}

func (*observer) Name() string                                { return "observer" }
func (*observer) PerBackend() bool                            { return false }
func (*observer) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

func (o *observer) note(what string, e core.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.order = append(o.order, what+" "+string(e.Kind))
	if what == "on" {
		o.heard = append(o.heard, e)
	}
}

func (o *observer) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	o.note("decide", *e)
	if o.decide == nil {
		return nil
	}
	return o.decide(e)
}

func (o *observer) Witness(_ context.Context, _ *core.Services, e core.Event) error {
	o.note("witness", e)
	return o.refuse
}

func (o *observer) On(_ context.Context, _ *core.Services, e core.Event) { o.note("on", e) }

// last returns the latest event of a kind that was heard of.
func (o *observer) last(t *testing.T, kind core.EventKind) core.Event {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range slices.Backward(o.heard) {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("no event %s was heard of, only %q", kind, o.order)
	return core.Event{}
}

func observed(o *observer) func(*latchkey.Options[Member]) {
	return func(opts *latchkey.Options[Member]) { opts.Flows = append(opts.Flows, o) }
}

func TestEventsSayWhoDidWhat(t *testing.T) {
	o := &observer{}
	a := newApp(t, observed(o))
	id := a.register("ada@example.org").member("id")
	registered := o.last(t, core.EventRegistered)
	if registered.Actor.Kind != "nobody" || registered.Route != "register:register" || registered.At.IsZero() ||
		registered.User.Base().ID != id || registered.Client.IP != netip.MustParseAddr("127.0.0.1") ||
		!strings.HasPrefix(registered.Client.Label, "Go-http-client") {
		t.Errorf("registered: %+v", registered)
	}
	a.login("ada@example.org", "wrong")
	if e := o.last(t, core.EventLoginFailed); e.Code != core.CodeLoginBadCredentials || e.Backend != "web" {
		t.Errorf("a failed login: %+v", e)
	}
	token := a.login("ada@example.org", password).member("token")
	if e := o.last(t, core.EventLoggedIn); e.Session == nil || e.Actor.UserID != id || e.Method != "password" {
		t.Errorf("a login: %+v", e)
	}
	a.want("PATCH", "/users/me", token, `{"email": "countess@example.org", "nick": "x"}`, 200, "countess")
	e := o.last(t, core.EventUpdated)
	if e.Was == nil || e.Was.Email != "ada@example.org" || e.User.Base().Email != "countess@example.org" ||
		!slices.Equal(e.Fields, []string{"email", "nick"}) || e.Actor.Kind != "user" || e.Actor.UserID != id ||
		e.Actor.SessionID == "" {
		t.Errorf("an update: %+v", e)
	}
	other := a.login("countess@example.org", password).member("token")
	sessions := a.want("GET", "/auth/sessions", other, "", 200, `"current":true`)
	_ = sessions
	a.want("DELETE", "/auth/sessions", other, "", 204, "")
	if e := o.last(t, core.EventSessionsEnded); e.User.Base().ID != id || e.Client.Label == "" ||
		e.Was.TokenEpoch+1 != e.User.Base().TokenEpoch {
		t.Errorf("all others ended: %+v", e)
	}
	if err := a.Manager().Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if e := o.last(t, core.EventDeleted); e.Actor.Kind != "system" || e.Route != "" {
		t.Errorf("a deletion by the application: %+v", e)
	}
	order := o.order[:3]
	if want := []string{"decide register", "witness register", "on register"}; !slices.Equal(order, want) {
		t.Errorf("first %q, want %q", order, want)
	}
}

func TestRefusalsAreRaisedWhereRoutesAreBound(t *testing.T) {
	o := &observer{}
	a := newApp(t, observed(o))
	a.register("ada@example.org")
	token := a.login("ada@example.org", password).member("token")
	refusals := func() (codes []string) {
		for _, e := range o.heard {
			if e.Kind == core.EventRefused {
				codes = append(codes, e.Route+" "+e.Actor.Kind+" "+e.Code)
			}
		}
		return codes
	}
	a.want("GET", "/users/me", "", "", 401, "Unauthorized") // anybody can do that
	a.want("GET", "/users/me", token, "", 200, "ada")
	a.login("ada@example.org", "wrong") // an event of its own
	if got := refusals(); got != nil {
		t.Errorf("%q", got)
	}
	a.want("GET", "/users/me", "made up", "", 401, "Unauthorized")
	a.want("GET", "/users", token, "", 403, "Forbidden")
	want := []string{"users:current_user nobody Unauthorized", "users:list_users user Forbidden"}
	if got := refusals(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestADeciderMayRefuseAndEdit(t *testing.T) {
	o := &observer{}
	a := newApp(t, observed(o))
	o.decide = func(e *core.Event) error {
		if e.Kind == core.EventRegistered {
			e.User.(*Member).Credits = 7
		}
		return nil
	}
	a.register("ada@example.org")
	token := a.login("ada@example.org", password).member("token")
	a.want("GET", "/users/me", token, "", 200, `"credits":7`)
	for err, want := range map[error]string{
		latchkey.Refuse("LATER"): "LATER", errors.New("dial tcp: refused"): core.CodeServiceUnavailable,
	} {
		o.decide = func(*core.Event) error { return err }
		status := map[string]int{"LATER": 400}[want]
		if status == 0 {
			status = 503
		}
		a.want("PATCH", "/users/me", token, `{"nick": "x"}`, status, want)
		a.want("DELETE", "/auth/sessions", token, "", status, want)
	}
	o.decide = nil
	a.want("GET", "/users/me", token, "", 200, `"nick":""`)
}

// Without transactions the change stands, and the operator hears of it.
func TestAWitnessWithoutTransactions(t *testing.T) {
	o := &observer{refuse: core.ErrTaken}
	a := newApp(t, observed(o))
	a.register("ada@example.org")
	if !strings.Contains(a.log.String(), "could not be recorded") {
		t.Errorf("the log has %s", a.log.String())
	}
	if a.login("ada@example.org", password).status != 200 {
		t.Error("the account is lost")
	}
}
