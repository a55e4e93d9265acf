package latchkey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/latchkey-go/latchkey/core"
)

// dispatcher brings events to the flows that listen and to the application's
// hooks.
type dispatcher[U any, PU core.Model[U]] struct {
	befores   map[core.Moment]func(context.Context, *Event[U]) error
	afters    map[core.Moment]func(context.Context, Event[U])
	listeners []func(context.Context, core.Event)
	log       *slog.Logger
}

func newDispatcher[U any, PU core.Model[U]](h Hooks[U], log *slog.Logger) *dispatcher[U, PU] {
	return &dispatcher[U, PU]{
		log: log,
		befores: map[core.Moment]func(context.Context, *Event[U]) error{
			core.Register: h.BeforeRegister,
			core.LoggedIn: h.BeforeLogin,
			core.Update:   h.BeforeUpdate,
			core.Delete:   h.BeforeDelete,
		},
		afters: map[core.Moment]func(context.Context, Event[U]){
			core.Register:      h.AfterRegister,
			core.LoggedIn:      h.AfterLogin,
			core.FailedLogin:   h.AfterFailedLogin,
			core.Logout:        h.AfterLogout,
			core.Update:        h.AfterUpdate,
			core.RequestVerify: h.AfterRequestVerify,
			core.Verify:        h.AfterVerify,
			core.Forgot:        h.AfterForgotPassword,
			core.Reset:         h.AfterResetPassword,
			core.Delete:        h.AfterDelete,
		},
	}
}

func (d *dispatcher[U, PU]) before(ctx context.Context, e *core.Event) error {
	hook := d.befores[e.Moment]
	if hook == nil {
		return nil
	}
	typed := typedEvent[U, PU](*e)
	err := hook(ctx, &typed)
	if refusal := (*core.Error)(nil); err == nil || errors.As(err, &refusal) {
		return err
	}
	return core.Unavailable(err)
}

// after cannot fail what happened: its context is not cancelled, and a panic is
// logged.
func (d *dispatcher[U, PU]) after(ctx context.Context, e core.Event) {
	ctx = context.WithoutCancel(ctx)
	for _, listen := range d.listeners {
		d.safely(ctx, e.Moment, func() { listen(ctx, e) })
	}
	if hook := d.afters[e.Moment]; hook != nil {
		d.safely(ctx, e.Moment, func() { hook(ctx, typedEvent[U, PU](e)) })
	}
}

// safely does not log the panic's value, which may hold anything; its type and
// the stack tell where to look.
func (d *dispatcher[U, PU]) safely(ctx context.Context, moment core.Moment, do func()) {
	defer func() {
		if p := recover(); p != nil {
			d.log.ErrorContext(ctx, "latchkey: a hook panicked", "moment", moment, "panic", fmt.Sprintf("%T", p), "stack",
				string(debug.Stack()))
		}
	}()
	do()
}

func typedEvent[U any, PU core.Model[U]](e core.Event) Event[U] {
	u, _ := e.User.(PU)
	return Event[U]{
		Moment: e.Moment, Backend: e.Backend, Method: e.Method, User: (*U)(u), Request: e.Request, Input: e.Input,
		Identity: e.Identity,
	}
}
