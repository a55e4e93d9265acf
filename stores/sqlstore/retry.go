package sqlstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	attempts = 6
	// staleAttempts is for failures that pass at once, one for each
	// connection of a pool.
	staleAttempts = 64
	// retryFor bounds the time in which another attempt begins where no
	// patience does: a busy SQLite file has made each of them wait already.
	retryFor = 2 * time.Second
)

// retry runs a statement again after a passing failure of the database, unless
// a transaction is open: only its owner can begin it again.
func (e *engine) retry(ctx context.Context, run func(context.Context) error) error {
	if e.transaction(ctx) != nil {
		return e.guard(ctx, run)
	}
	return e.repeat(ctx, func(patience time.Duration) error { return within(ctx, patience, run) })
}

// finalError is an error after which nothing runs again.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

func final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

func mayRepeat(err error) bool {
	var end finalError
	return passing(err) && !errors.As(err, &end)
}

// repeat runs do again after a passing failure of the database, with what is
// left of the patience.
func (e *engine) repeat(ctx context.Context, do func(patience time.Duration) error) error {
	begun, pause, patience := time.Now(), 5*time.Millisecond, e.patience(ctx)
	left := patience
	for attempt := 1; ; attempt++ {
		err := do(left)
		if err == nil {
			return nil
		}
		most := attempts
		if stale(err) {
			most = staleAttempts
		}
		if !mayRepeat(err) || patience < 0 && time.Since(begun) > retryFor || attempt >= most {
			return err
		}
		if !stale(err) {
			if !sleep(ctx, pause/2+rand.N(pause)) { //nolint:gosec // nothing secret depends on it
				return err
			}
			pause *= 2
		}
		if patience >= 0 {
			if left = patience - time.Since(begun); left <= 0 {
				return err
			}
		}
	}
}

// sleep is false if ctx ended meanwhile.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
