package gothprovider

import (
	"context"
	"errors"
)

var errPanicked = errors.New("goth's provider panicked")

// guarded calls goth. It returns control back when ctx ends, whatever goth
// does; its calls end with ctx too, and with them the goroutine. The value of a
// panic stays here: it may hold secrets.
func guarded[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		out := outcome{err: errPanicked} // runtime.Goexit leaves it
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
