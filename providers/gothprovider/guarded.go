package gothprovider

import (
	"context"
	"errors"
)

var errPanicked = errors.New("goth's provider panicked")

// guarded calls goth. It returns when ctx is done, whatever goth does; goth's
// calls are then cancelled too, and with them the goroutine ends. The value of
// a panic is not passed on: it may contain secrets.
func guarded[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		out := outcome{err: errPanicked} // for runtime.Goexit
		defer func() {
			_ = recover()
			done <- out
		}()
		result, err := do()
		out = outcome{result, err}
	}()
	select {
	case out := <-done:
		return out.result, out.err
	case <-ctx.Done():
		return *new(T), ctx.Err()
	}
}
