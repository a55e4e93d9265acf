package latchkey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// events implements core.Events: it brings what happens to the flows that
// decide, witness and listen, and to the application's hooks.
type events[U any, PU core.Model[U]] struct {
	befores   map[core.EventKind]func(context.Context, *Event[U]) error
	afters    map[core.EventKind]func(context.Context, Event[U])
	deciders  []core.Decider
	witnesses []core.Witness
	listeners []core.Listener

	// What New fills in once it is made.
	svc      *core.Services
	sessions *gate.Gate
	recheck  rechecker

	log *slog.Logger
	now func() time.Time
}

func newEvents[U any, PU core.Model[U]](h Hooks[U], log *slog.Logger, now func() time.Time) *events[U, PU] {
	return &events[U, PU]{
		log: log, now: now,
		befores: map[core.EventKind]func(context.Context, *Event[U]) error{
			core.EventRegistered: h.BeforeRegister,
			core.EventLoggedIn:   h.BeforeLogin,
			core.EventUpdated:    h.BeforeUpdate,
			core.EventDeleted:    h.BeforeDelete,
			core.EventLeaving:    h.BeforeDelete,
		},
		afters: map[core.EventKind]func(context.Context, Event[U]){
			core.EventRegistered:      h.AfterRegister,
			core.EventLoggedIn:        h.AfterLogin,
			core.EventLoginFailed:     h.AfterFailedLogin,
			core.EventLoggedOut:       h.AfterLogout,
			core.EventUpdated:         h.AfterUpdate,
			core.EventVerifyRequested: h.AfterRequestVerify,
			core.EventEmailVerified:   h.AfterVerify,
			core.EventResetRequested:  h.AfterForgotPassword,
			core.EventPasswordReset:   h.AfterResetPassword,
			core.EventDeleted:         h.AfterDelete,
		},
	}
}

// join adds the parts that a flow plays in events.
func (d *events[U, PU]) join(f Flow) {
	if decider, ok := core.As[core.Decider](f); ok {
		d.deciders = append(d.deciders, decider)
	}
	if witness, ok := core.As[core.Witness](f); ok {
		d.witnesses = append(d.witnesses, witness)
	}
	if listener, ok := core.As[core.Listener](f); ok {
		d.listeners = append(d.listeners, listener)
	}
}

// Begin implements core.Events.
func (d *events[U, PU]) Begin(ctx context.Context, e *core.Event) (core.Commit, error) {
	d.complete(ctx, e)
	if hook := d.befores[e.Kind]; hook != nil {
		typed := d.typed(*e)
		if err := hook(ctx, &typed); err != nil {
			return nil, refusal(err)
		}
	}
	for _, decider := range d.deciders {
		if err := decider.Decide(ctx, d.svc, e); err != nil {
			return nil, refusal(err)
		}
	}
	return func(ctx context.Context, do func(context.Context) error) error { return d.commit(ctx, e, do) }, nil
}

// Commit implements core.Events.
func (d *events[U, PU]) Commit(ctx context.Context, e *core.Event, do func(context.Context) error) error {
	commit, err := d.Begin(ctx, e)
	if err != nil {
		return err
	}
	return commit(ctx, do)
}

// Raise implements core.Events. What hears of it cannot fail what happened: its
// context is not cancelled, and a panic is logged. What a hook does by a
// Manager is the application's decision, not the caller's.
func (d *events[U, PU]) Raise(ctx context.Context, e core.Event) {
	d.complete(ctx, &e)
	ctx = withoutRoute(context.WithoutCancel(ctx))
	for _, l := range d.listeners {
		d.safely(ctx, e.Kind, func() { l.On(ctx, d.svc, e) })
	}
	if hook := d.afters[e.Kind]; hook != nil {
		d.safely(ctx, e.Kind, func() { hook(ctx, d.typed(e)) })
	}
}

func (d *events[U, PU]) commit(ctx context.Context, e *core.Event, do func(context.Context) error) error {
	// The error of a witness is kept apart, so that no flow takes it for
	// its own ("taken", "used").
	var witnessed error
	run := d.recheck.run
	if e.Kind == core.EventLoggedIn && len(d.witnesses) == 0 { // the strategy has written it
		run = func(ctx context.Context, _ []string, do func(context.Context) error) error { return do(ctx) }
	}
	err := run(ctx, locks(e), func(ctx context.Context) error {
		witnessed = nil
		if err := do(ctx); err != nil {
			return err
		}
		if d.svc.Users.Atomic() {
			witnessed = d.witness(ctx, *e)
		}
		return witnessed
	})
	switch {
	case err != nil && witnessed != nil:
		return opaque(witnessed)
	case err != nil:
		return err
	}
	if !d.svc.Users.Atomic() {
		if err := d.witness(ctx, *e); err != nil { // the change stands
			d.log.ErrorContext(ctx, "latchkey: a change was made and could not be recorded", "event", e.Kind, "err", err)
		}
	}
	if err := d.revoke(ctx, e); err != nil {
		return core.Unavailable(err)
	}
	d.Raise(ctx, *e)
	return nil
}

// locks returns the IDs of the users whose rows an event's change depends on.
func locks(e *core.Event) []string {
	if e.User == nil || e.Kind == core.EventRegistered {
		return e.Locks
	}
	return append([]string{e.User.Base().ID}, e.Locks...)
}

func (d *events[U, PU]) witness(ctx context.Context, e core.Event) error {
	for _, w := range d.witnesses {
		if err := w.Witness(ctx, d.svc, e); err != nil {
			return err
		}
	}
	return nil
}

// revoke ends the sessions that the change has outdated, before anybody hears
// of it. After the transaction: until it commits, a cache would take a session
// up again.
func (d *events[U, PU]) revoke(ctx context.Context, e *core.Event) error {
	switch {
	case e.Kind == core.EventSessionEnded, e.Kind == core.EventImpersonationEnded:
		return d.sessions.Revoke(ctx, e.Session)
	case e.Kind == core.EventDeleted:
		gone := d.svc.Users.New()
		gone.Base().ID, gone.Base().TokenEpoch = e.User.Base().ID, math.MaxInt64
		d.sessions.CleanUp(ctx, gone, nil)
	case e.Was != nil && e.User != nil && e.Was.TokenEpoch != e.User.Base().TokenEpoch:
		d.sessions.CleanUp(ctx, e.User, e.Keep)
	}
	return nil
}

// complete fills in what is known of every event.
func (d *events[U, PU]) complete(ctx context.Context, e *core.Event) {
	if e.At.IsZero() {
		e.At = d.now().UTC()
	}
	c := core.CurrentFrom(ctx)
	if e.Request == nil && c != nil && c.Route != nil {
		e.Request = c.Request
	}
	if r := e.Request; r != nil {
		e.Route = r.Route
		e.Client = core.Client{IP: r.Remote, Label: useragent.Label(core.Line(r, "User-Agent"))}
	}
	switch {
	case e.Actor.Kind != "":
	case c != nil && e.Request != nil:
		e.Actor = core.Principal{Kind: "user", UserID: c.Session.UserID, SessionID: c.Session.ID, Actor: c.Session.Actor}
	case e.Request != nil:
		e.Actor.Kind = "nobody"
	default:
		e.Actor.Kind = "system"
	}
}

// safely does not log the panic's value, which may hold anything; its type and
// the stack show where to look.
func (d *events[U, PU]) safely(ctx context.Context, kind core.EventKind, do func()) {
	defer func() {
		if p := recover(); p != nil {
			d.log.ErrorContext(ctx, "latchkey: a hook panicked", "event", kind, "panic", fmt.Sprintf("%T", p), "stack",
				string(debug.Stack()))
		}
	}()
	do()
}

func (d *events[U, PU]) typed(e core.Event) Event[U] {
	u, _ := e.User.(PU)
	return Event[U]{
		Kind: e.Kind, At: e.At, Route: e.Route, Backend: e.Backend, Method: e.Method, Code: e.Code, Actor: e.Actor,
		User: (*U)(u), Was: e.Was, Target: e.Target, NewDevice: e.NewDevice, Reason: e.Reason, Session: e.Session,
		Client: e.Client, Fields: e.Fields, Request: e.Request, Input: e.Input, Identity: e.Identity,
		Enqueue: d.svc.Jobs.Enqueue,
	}
}

// refusal returns err where it is an answer, else a 503.
func refusal(err error) error {
	if e := (*core.Error)(nil); errors.As(err, &e) {
		return err
	}
	return core.Unavailable(err)
}

// opaque is refusal without the error's chain.
func opaque(err error) error {
	if e := (*core.Error)(nil); errors.As(err, &e) {
		answer := *e
		answer.Cause = nil
		if e.Status >= http.StatusInternalServerError && e.Cause != nil {
			answer.Cause = errors.New(e.Cause.Error())
		}
		return &answer
	}
	return core.Unavailable(errors.New(err.Error()))
}
