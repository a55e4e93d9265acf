// Package governor bounds how much work of one kind is done at once, and how
// much may wait for its turn. Password hashing runs behind one, so that a flood
// of logins costs neither all memory nor all cores: what is too much is refused
// at once.
//
//	g := governor.New(0, 0)
//	err := g.Do(ctx, asker, func() {
//		hash, hashErr = hasher.Hash(password)
//	})
//	if errors.Is(err, governor.ErrBusy) { … } // 503, come again
//
// It is fair between askers: an account that has much waiting comes after
// others, whatever its networks, and so does a network with many accounts. In a
// full queue their places are lost first.
// Among equals turns are given in the order of arrival. It has no goroutines of
// its own and needs no closing.
package governor

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// ErrBusy says that as many callers as allowed are waiting already.
var ErrBusy = errors.New("governor: too many are waiting")

// waitingPerSlot is the default length of the queue. A password hash of the
// default parameters takes some 20 to 50 ms of a core, so the last in the queue
// waits for one to three seconds: as long as a person may be kept.
const waitingPerSlot = 64

// Governor is safe for concurrent use. Make it with New.
type Governor struct {
	mu    sync.Mutex
	free  int // slots to work in
	queue queue
}

// New returns a governor that does the work of as many callers at once as
// concurrent says (0: as there are cores for Go, GOMAXPROCS), while as many
// others wait as queue says (0: 64 times concurrent). Negative numbers count as
// 0.
func New(concurrent, queue int) *Governor {
	if concurrent <= 0 {
		concurrent = runtime.GOMAXPROCS(0)
	}
	if queue <= 0 {
		queue = waitingPerSlot * concurrent
	}
	return &Governor{free: concurrent, queue: newQueue(queue)}
}

// Do calls f in the caller's goroutine as soon as it is its turn. It returns
// ErrBusy at once if the queue is full of work that comes before, or later if
// it has lost its place, and ctx.Err() if ctx ends before the turn has come; f
// is not called then. ctx does not stop f. A panic in f goes on to the caller
// and frees the slot.
func (g *Governor) Do(ctx context.Context, by core.Asker, f func()) error {
	if err := g.enter(ctx, by); err != nil {
		return err
	}
	defer g.leave()
	if err := ctx.Err(); err != nil {
		return err
	}
	f()
	return nil
}

// enter returns nil once the caller has a slot.
func (g *Governor) enter(ctx context.Context, by core.Asker) error {
	g.mu.Lock()
	if g.free > 0 { // nobody waits then
		g.free--
		g.mu.Unlock()
		return nil
	}
	w := g.queue.add(by)
	g.mu.Unlock()
	if w == nil {
		return ErrBusy
	}
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
	}
	g.mu.Lock()
	waiting := g.queue.remove(w)
	g.mu.Unlock()
	if !waiting && <-w.turn == nil { // its turn came at the same time
		g.leave()
	}
	return ctx.Err()
}

// leave hands the slot to the next.
func (g *Governor) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.queue.next(); w != nil {
		w.turn <- nil
		return
	}
	g.free++
}
