package gate_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

var errDown = errors.New("connection refused")

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// users has one user.
type users struct {
	core.Users
	ada core.User
	err error
}

func (u *users) Find(_ context.Context, k core.Key) (core.AnyUser, error) {
	if u.err != nil || k != core.ByID(u.ada.ID) {
		return nil, cmp.Or(u.err, core.ErrNotFound)
	}
	found := u.ada
	return &found, nil
}

// events lets everything happen, but for what refuse says.
type events struct {
	refuse error
	mu     sync.Mutex
	kinds  []core.EventKind
	last   core.Event
}

func (e *events) Begin(_ context.Context, event *core.Event) (core.Commit, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kinds, e.last = append(e.kinds, event.Kind), *event
	return func(ctx context.Context, do func(context.Context) error) error { return do(ctx) }, e.refuse
}

func (e *events) Commit(ctx context.Context, event *core.Event, do func(context.Context) error) error {
	commit, err := e.Begin(ctx, event)
	if err != nil {
		return err
	}
	return commit(ctx, do)
}

func (*events) Raise(context.Context, core.Event) {}

// flow is a core.Flow of no routes, by its name.
type flow string

func (f flow) Name() string                              { return string(f) }
func (flow) PerBackend() bool                            { return true }
func (flow) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (f flow) Method() string                            { return string(f) }

// asker asks until the proofs are strong; step until it is proved itself.
type (
	asker  struct{ flow }
	step   struct{ flow }
	failer struct{ flow }
	silent struct{ flow }
	// offerer never asks.
	offerer  struct{ silent }
	enroller struct{ silent }
	// idle may be enrolled, but not by this user.
	idle   struct{ silent }
	both   struct{ asker }
	waiver struct {
		flow
		refuses error
	}
	pin struct{ asker }
	// last is a last resort, notLast says that it is none.
	last     struct{ stepping }
	notLast  struct{ stepping }
	stepping interface {
		core.Flow
		core.Factor
	}
)

func (last) LastResort() bool    { return true }
func (notLast) LastResort() bool { return false }

func (asker) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	return !core.Strong(done), nil
}

func (f step) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	for _, p := range done {
		if p.Method == f.Method() {
			return false, nil
		}
	}
	return true, nil
}
func (step) Kind() core.ProofKind { return "" }

func (failer) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return false, errDown }
func (silent) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return false, nil }

func (offerer) Offers(context.Context, core.AnyUser, []core.Proof) (bool, error) { return true, nil }
func (both) Offers(context.Context, core.AnyUser, []core.Proof) (bool, error)    { return true, nil }
func (enroller) Enrols(context.Context, core.AnyUser) (bool, error)              { return true, nil }
func (idle) Enrols(context.Context, core.AnyUser) (bool, error)                  { return false, nil }
func (pin) Kind() core.ProofKind                                                 { return core.KindKnowledge }
func (w waiver) Waives(context.Context, core.Attempt) (bool, error) {
	return w.refuses == nil, w.refuses
}

// transport carries tokens in a header, and pending logins in another one.
type transport struct{ core.Transport }

func (transport) Attach(resp *core.Response, t core.Token) { resp.Header.Set("X-Token", t.Raw) }

// app is a gate over memstore with the backends web and api, seen from web.
type app struct {
	*gate.Gate
	users    *users
	events   *events
	sessions *session.Strategy
	later    []func(context.Context) error
	pauses   []time.Duration
	clock    *testclock.Clock
	wrong    error // of a factor
}

func newApp(t *testing.T, change func(*gate.Parts), flows ...core.Flow) *app {
	t.Helper()
	a := &app{events: &events{}, clock: testclock.New(noon)}
	a.users = &users{ada: core.User{ID: "ada", IsActive: true, IsVerified: true}}
	clock := a.clock.Now
	var err error
	if a.sessions, err = session.New(memstore.NewSessions(clock), session.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	p := gate.Parts{
		Backends: []core.Backend{
			{Name: "web", Transport: transport{}, Strategy: a.sessions}, {Name: "api", Transport: transport{}, Strategy: a.sessions},
		},
		Users: a.users, Tickets: memstore.NewTickets(clock), Flows: flows, Events: a.events, Grace: 10 * time.Second,
		After: func(pause time.Duration, _ string, do func(context.Context) error) bool {
			a.pauses, a.later = append(a.pauses, pause), append(a.later, do)
			return true
		},
		Log: slog.New(slog.DiscardHandler), Now: clock, Random: rand.Reader,
	}
	if change != nil {
		change(&p)
	}
	a.Gate = gate.New(p).For("web")
	return a
}

// attempt is a login by password, at web.
func (a *app) attempt() core.Attempt {
	u := a.users.ada
	return core.Attempt{User: &u, Proof: proof("password"), Backend: "web"}
}

func proof(method string) core.Proof { return core.Proof{Method: method, At: noon} }

// proving is a prove that succeeds.
func proving(method string) core.Prove {
	return func(context.Context, core.AnyUser) (core.Proof, error) { return proof(method), nil }
}
