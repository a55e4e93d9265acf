// Package governor bounds how much work of one kind is done at once, and how much may wait for its turn. Password hashing runs behind one,
// so that a flood of logins costs neither all memory nor all cores: what is too much is refused at once.
//
//	g := governor.New(0, 0)
//	err := g.Do(ctx, func() { hash, hashErr = hasher.Hash(password) })
//	if errors.Is(err, governor.ErrBusy) { … } // 503, come again
//
// Turns are given in the order of arrival. It has no goroutines of its own and needs no closing.
package governor

import (
	"context"
	"errors"
	"runtime"
)

// ErrBusy says that as many callers as allowed are waiting already.
var ErrBusy = errors.New("governor: too many are waiting")

// waitingPerSlot is the default length of the queue. A password hash of the default parameters takes some 20 to 50 ms of a core, so the
// last in the queue waits for one to three seconds: as long as a person may be kept.
const waitingPerSlot = 64

// Governor is safe for concurrent use. Make it with New.
type Governor struct {
	admitted chan struct{} // one element for each caller that waits or works
	working  chan struct{} // one for each that works; Go wakes blocked senders in the order of their arrival
}

// New gives a governor that does the work of as many callers at once as concurrent says (0: as there are cores for Go, GOMAXPROCS), while
// as many others wait as queue says (0: 64 times concurrent). Negative numbers count as 0.
func New(concurrent, queue int) *Governor {
	if concurrent <= 0 {
		concurrent = runtime.GOMAXPROCS(0)
	}
	if queue <= 0 {
		queue = waitingPerSlot * concurrent
	}
	return &Governor{
		admitted: make(chan struct{}, concurrent+queue),
		working:  make(chan struct{}, concurrent),
	}
}

// Do calls f in the caller's goroutine as soon as it is its turn. It returns ErrBusy at once if the queue is full, and ctx.Err() if ctx
// ends before the turn has come; f is not called then. ctx does not stop f. A panic in f goes on to the caller and frees the slot.
func (g *Governor) Do(ctx context.Context, f func()) error {
	select {
	case g.admitted <- struct{}{}:
		defer func() { <-g.admitted }()
	default:
		return ErrBusy
	}
	select {
	case g.working <- struct{}{}:
		defer func() { <-g.working }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil { // both were ready, and select took the slot
		return err
	}
	f()
	return nil
}
