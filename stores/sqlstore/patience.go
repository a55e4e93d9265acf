package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// defaultPatience is Options.Patience unless it is set.
const defaultPatience = 2 * time.Second

// errPatience stands for what a driver says about a context that has ended: it
// must not pass for the caller's own deadline.
var errPatience = errors.New("the database did not answer within Options.Patience")

// patientKey marks the context of work that may take long.
type patientKey struct{}

// patience is how long a statement may wait under ctx, for a connection too;
// negative: as long as ctx lives.
func (e *engine) patience(ctx context.Context) time.Duration {
	if t := e.transaction(ctx); t != nil && !t.joined {
		return t.patience
	}
	if ctx.Value(patientKey{}) != nil {
		return -1
	}
	return e.opts.Patience
}

// within runs wait under a context that ends with the patience.
func within(ctx context.Context, patience time.Duration, wait func(context.Context) error) error {
	if patience < 0 {
		return wait(ctx)
	}
	bounded, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	return gaveUp(bounded, wait(bounded))
}

// gaveUp is errPatience in place of an error that is due to the patience's end.
func gaveUp(bounded context.Context, err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) || !errors.Is(context.Cause(bounded), errPatience) {
		return err
	}
	if _, refused := violationOf(err); refused {
		return err
	}
	return errPatience
}

// holding is the context of a transaction, which must live as long as that
// does. Its patience is that of one step, which takes no other context.
type holding struct {
	context.Context
	cancel   context.CancelCauseFunc
	patience time.Duration
}

func hold(ctx context.Context, patience time.Duration) *holding {
	held, cancel := context.WithCancelCause(ctx)
	return &holding{held, cancel, patience}
}

// step runs wait, and ends the transaction's context when the patience ends.
func (h *holding) step(wait func() error) error {
	if h.patience >= 0 {
		timer := time.AfterFunc(h.patience, func() { h.cancel(errPatience) })
		defer timer.Stop()
	}
	return gaveUp(h, wait())
}
