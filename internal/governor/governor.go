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
// full queue their places are lost first. One account has half of the slots at
// most, so that a core is left for others' work, and for reading their
// requests. Among equals, the first to arrive is served first. It has no
// goroutines of its own and needs no closing.
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
	free  int            // slots to work in
	most  int            // slots that one account may hold
	held  map[string]int // by account
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
	return &Governor{free: concurrent, most: max(1, concurrent/2), held: map[string]int{}, queue: newQueue(queue)}
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
	defer g.leave(by)
	if err := ctx.Err(); err != nil {
		return err
	}
	f()
	return nil
}

// enter returns nil once the caller has a slot.
func (g *Governor) enter(ctx context.Context, by core.Asker) error {
	g.mu.Lock()
	if g.free > 0 && g.may(by) { // only accounts that may not are waiting
		g.take(by)
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
		g.leave(by)
	}
	return ctx.Err()
}

// may reports whether by may hold one slot more. Work of no account always may.
func (g *Governor) may(by core.Asker) bool { return by.Account == "" || g.held[by.Account] < g.most }

func (g *Governor) take(by core.Asker) {
	g.free--
	if by.Account != "" {
		g.held[by.Account]++
	}
}

// leave hands the slots that are free now to the next who may have them.
func (g *Governor) leave(by core.Asker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free++
	if g.held[by.Account]--; g.held[by.Account] <= 0 {
		delete(g.held, by.Account)
	}
	for g.free > 0 {
		w := g.queue.next(g.may)
		if w == nil {
			return
		}
		g.take(w.by)
		w.turn <- nil
	}
}
