package latchkey

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Wait begins the mails and clean-ups that are queued at once, and returns when
// they have been tried, or with the error of ctx. It is for tests and for
// commands that end soon; a server needs Close only.
func (a *Auth[U]) Wait(ctx context.Context) error { return a.queue.Wait(ctx) }

// Close begins the mails and clean-ups that are queued at once, and returns
// when they have been tried and what strategies do in the background has ended,
// or with the error of ctx. Call it after the server has stopped, before the
// stores are closed.
func (a *Auth[U]) Close(ctx context.Context) error {
	err := a.queue.Close(ctx)
	for _, b := range a.opts.Backends {
		if w, ok := core.As[core.Waiter](b.Strategy); ok {
			err = errors.Join(err, w.Wait(ctx))
		}
	}
	return err
}

// SweepEvery calls Sweep again and again until ctx ends, about so often: up to
// a quarter sooner or later, so that the processes of an application do not all
// sweep at once. It logs failures. An hour is a sensible interval; every must
// be positive.
func (a *Auth[U]) SweepEvery(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every - every/4 + rand.N(every/2+1)): //nolint:gosec // nothing secret depends on it
		}
		if n, err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.opts.Log.ErrorContext(ctx, "latchkey: sweeping expired rows", "deleted", n, "err", err)
		}
	}
}

// Sweep deletes expired sessions, one-time tokens, credentials and counts, in
// every store that can, and what flows keep for a time, such as audit records
// and, of leaving.Flow, users who have left. It returns how many. Nothing but
// space depends on it, and that these users go; SweepEvery calls it from time
// to time.
func (a *Auth[U]) Sweep(ctx context.Context) (int, error) {
	parts := []any{a.opts.Tickets, a.opts.Credentials, a.opts.Limiter}
	for _, b := range a.opts.Backends {
		parts = append(parts, b.Strategy)
	}
	for _, f := range a.flows {
		parts = append(parts, f)
	}
	total, errs := 0, []error(nil)
	for _, part := range parts {
		if s, ok := core.As[core.Sweeper](part); ok {
			n, err := s.Sweep(ctx)
			total += n
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}
