package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func TestGuards(t *testing.T) {
	a := newApp(t, nil)
	ada := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	is := func(flag string, to bool) { a.edit(ada, func(m *Member) { set(m, flag, to) }) }

	a.want("GET", "/active", "", "", 401, `{"detail":"Unauthorized"}`)
	a.want("GET", "/active", "never-issued-0123456789012345678901234567890", "", 401, `{"detail":"Unauthorized"}`)
	a.want("GET", "/active", token, "", 200, "ada@example.org")
	a.want("GET", "/optional", "", "", 200, "nobody")
	a.want("GET", "/optional", "wrong", "", 200, "nobody")
	a.want("GET", "/optional", token, "", 200, "ada@example.org")
	a.want("GET", "/optional-verified", token, "", 200, "nobody")
	a.want("GET", "/verified", "", "", 401, "Unauthorized")
	a.want("GET", "/verified", token, "", 403, `{"detail":"Forbidden"}`)
	a.want("GET", "/superuser", token, "", 403, "Forbidden")
	a.want("GET", "/fresh", token, "", 200, "ada@example.org")
	a.want("GET", "/stale", token, "", 403, `{"detail":{"code":"PROOF_REQUIRED","max_age":1,"methods":[]}}`)
	a.want("GET", "/via", token, "", 200, "ada@example.org")
	a.want("GET", "/session-only", token, "", 200, "session")
	a.want("GET", "/checked", token, "", 200, "ada@example.org")

	is("verified", true)
	is("superuser", true)
	a.want("GET", "/verified", token, "", 200, "ada@example.org")
	a.want("GET", "/optional-verified", token, "", 200, "ada@example.org")
	a.want("GET", "/superuser", token, "", 200, "ada@example.org")

	a.want("PATCH", "/users/me", token, `{"nick": "broke"}`, 200, "broke")
	a.want("GET", "/checked", token, "", 400, `{"detail":"NO_CREDITS"}`)
	a.want("PATCH", "/users/me", token, `{"nick": "unknown"}`, 200, "unknown")
	if got := a.want("GET", "/checked", token, "", 503, "SERVICE_UNAVAILABLE"); got.header.Get("Retry-After") == "" ||
		strings.Contains(got.body, "billing") {
		t.Errorf("a check that cannot ask must answer 503 with Retry-After and without its reason: %v", got)
	}

	is("active", false) // behind Latchkey's back, so the epoch stays
	a.want("GET", "/active", token, "", 401, "Unauthorized")
	a.want("GET", "/optional", token, "", 200, "nobody")
	a.edit(ada, func(m *Member) { m.IsActive = true; m.TokenEpoch++ })
	a.want("GET", "/active", token, "", 401, "Unauthorized")
	a.want("GET", "/session-only", token, "", 401, "Unauthorized")
}

func TestGuardsThatCannotWorkPanicWhenMounted(t *testing.T) {
	a := newApp(t, nil)
	for want, mount := range map[string]func(){
		"names the backend api":    func() { a.Resolve(false, latchkey.Via("api")) },
		"leave no backend":         func() { a.Resolve(false, latchkey.Via()) },
		"needs the user":           func() { a.Resolve(false, latchkey.SessionOnly, latchkey.Verified) },
		`there is no flow "magic"`: func() { a.Flow("magic") },
		"of one backend, not of":   func() { a.Flow("login", "web", "web") },
		`for backend "api"`:        func() { a.Login("api") },
		"SessionOnly needs to know epochs": func() {
			bare, err := latchkey.New[Member](noEpochs{a.users}, options[Member]())
			if err != nil {
				t.Fatal(err)
			}
			bare.Resolve(false, latchkey.SessionOnly)
		},
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, want) {
					t.Errorf("mounting panicked with %q, want %q", p, want)
				}
			}()
			mount()
		}()
	}
}

// noEpochs is a user store without the optional EpochStore.
type noEpochs struct{ core.UserStore[Member] }

// A session that is presented through another backend than its own is invalid,
// though the store has it.
func TestASessionIsGoodThroughItsOwnBackendOnly(t *testing.T) {
	store := memstore.NewSessions(nil)
	a := newApp(t, func(o *latchkey.Options[Member]) {
		strategy, err := session.New(store, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends = []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: strategy},
			{Name: "api", Transport: other{}, Strategy: strategy}}
	})
	a.register("ada@example.org")
	token := a.login("ada@example.org", password).member("token")
	a.want("GET", "/active", token, "", 200, "ada@example.org")
	ctx, err := a.Resolve(false)(context.Background(), fakeHead{"X-Other": token})
	if !errors.Is(err, core.Unauthorized()) {
		t.Errorf("web's token through api's transport: %v, %v; want 401", ctx, err)
	}
}

// Several credentials: an invalid one does not spoil a valid one; where none is
// valid the worst answer wins.
func TestTheWorstAnswerWins(t *testing.T) {
	verdict := map[string]error{
		"none": core.ErrNoCredential, "bad": core.ErrInvalid, "cross": &core.Error{Status: 403, Code: core.CodeCrossOriginRefused},
		"twice": core.Refuse(core.CodeDuplicateCredentials), "down": errors.New("dial tcp: secret host"),
	}
	a := newApp(t, func(o *latchkey.Options[Member]) {
		strategy, err := session.New(memstore.NewSessions(nil), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends = []latchkey.Backend{
			{Name: "first", Transport: scripted{verdict}, Strategy: static{}},
			{Name: "web", Transport: header{}, Strategy: strategy},
			{Name: "last", Transport: other{}, Strategy: scriptedStrategy{verdict}},
		}
	})
	a.register("ada@example.org")
	good := a.login("ada@example.org", password).member("token")
	resolve := a.Resolve(false)
	for _, c := range []struct {
		first, web, last string
		status           int // 0: admitted
	}{
		{"none", "", "", 401},
		{"none", good, "", 0},
		{"bad", good, "", 0},
		{"cross", good, "", 0},
		{"twice", good, "", 400},
		{"none", good, "down", 0},
		{"down", good, "", 0},
		{"bad", "", "", 401},
		{"cross", "", "", 403},
		{"cross", "", "bad", 403},
		{"cross", "", "down", 503},
		{"bad", "", "down", 503},
		{"none", "", "none", 401},
	} {
		h := fakeHead{"X-Verdict": c.first, "X-Token": c.web, "X-Other": c.last}
		_, err := resolve(context.Background(), h)
		var e *core.Error
		if status := 0; errors.As(err, &e) && e.Status != c.status || err == nil && c.status != status {
			t.Errorf("%v: got %v, want %d", c, err, c.status)
		}
	}
	_, err := a.Resolve(true)(context.Background(), fakeHead{"X-Other": "down"})
	if !errors.Is(err, core.Unavailable(nil)) {
		t.Errorf("a store that cannot be asked makes nobody anonymous: got %v, want 503", err)
	}
}

// edit changes a row behind Latchkey's back.
func (a *app) edit(id string, change func(*Member)) {
	a.t.Helper()
	_, err := a.users.Update(context.Background(), id, func(m *Member) error { change(m); return nil })
	if err != nil {
		a.t.Fatal(err)
	}
}

func set(m *Member, flag string, to bool) {
	*map[string]*bool{"verified": &m.IsVerified, "superuser": &m.IsSuperuser, "active": &m.IsActive}[flag] = to
}

// other is header under another name.
type other struct{ header }

func (other) Extract(h core.Head) (string, error) {
	if token := core.Line(h, "X-Other"); token != "" {
		return token, nil
	}
	return "", core.ErrNoCredential
}

// scripted is a transport, and scriptedStrategy a strategy, that answers with
// what it hears.
type scripted struct{ verdicts map[string]error }

func (s scripted) Extract(h core.Head) (string, error) {
	return "", s.verdicts[core.Line(h, "X-Verdict")]
}
func (scripted) Protect(core.Head) error           { return nil }
func (scripted) Attach(*core.Response, core.Token) {}
func (scripted) Clear(*core.Response)              {}
func (scripted) Scheme() json.RawMessage           { return json.RawMessage(`{"type": "apiKey"}`) }

type scriptedStrategy struct{ verdicts map[string]error }

func (scriptedStrategy) Issue(context.Context, core.Login) (core.Token, error) {
	return core.Token{}, errors.New("not used")
}
func (s scriptedStrategy) Verify(_ context.Context, token string) (core.Found, error) {
	return core.Found{}, s.verdicts[token]
}
func (scriptedStrategy) Revoke(context.Context, *core.Session) error { return nil }

// fakeHead is a GET with these headers.
type fakeHead map[string]string

func (fakeHead) Method() string { return "GET" }
func (fakeHead) Host() string   { return "app.example.org" }
func (h fakeHead) Lines(name string) []string {
	if v := h[name]; v != "" {
		return []string{v}
	}
	return nil
}

func TestAnAnswerKeepsItsError(t *testing.T) {
	a := newApp(t, nil)
	cause := errors.New("disk full")
	for _, err := range []error{core.Unavailable(cause), fmt.Errorf("while saving: %w", cause)} {
		resp := a.Render(context.Background(), err)
		if resp.Err == nil || resp.Err.Status != resp.Status || !errors.Is(resp.Err, cause) {
			t.Errorf("%v: the answer %d has the error %+v", err, resp.Status, resp.Err)
		}
	}
}
