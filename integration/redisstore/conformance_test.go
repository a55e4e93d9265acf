package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// opened returns a function that opens a store for each case: one Redis for
// all, and a prefix for each.
func opened(t *testing.T) func(t *testing.T, now func() time.Time) *redisstore.Store {
	addr, cases := server.Redis(t), 0
	return func(t *testing.T, now func() time.Time) *redisstore.Store {
		cases++
		return open(t, addr, redisstore.Options{Prefix: fmt.Sprint(cases, ":"), Now: now})
	}
}

func TestSessions(t *testing.T) {
	open := opened(t)
	storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore { return open(t, now).Sessions() })
}

func TestTickets(t *testing.T) {
	open := opened(t)
	storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore { return open(t, now).Tickets() })
}

func TestLimiter(t *testing.T) {
	open := opened(t)
	storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter { return open(t, now).Limiter() })
}

// TestSessionsOnTwoNodes writes on one node after the other, and checks the
// results of both.
func TestSessionsOnTwoNodes(t *testing.T) {
	addr, cases := server.Redis(t), 0
	storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore {
		cases++
		o := redisstore.Options{Prefix: fmt.Sprint(cases, ":"), Now: now}
		return &nodes{both: [2]*redisstore.Sessions{open(t, addr, o).Sessions(), open(t, addr, o).Sessions()}}
	})
}

// nodes are two processes. What one has read must soon become the same as what
// the other has, which the kit does not expect.
type nodes struct {
	both [2]*redisstore.Sessions
	turn atomic.Uint64
}

func (n *nodes) next() *redisstore.Sessions { return n.both[n.turn.Add(1)%2] }

func (n *nodes) Create(ctx context.Context, d [32]byte, one core.Session) error {
	return n.next().Create(ctx, d, one)
}

func (n *nodes) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	deadline := time.Now().Add(time.Second)
	for {
		one, err1 := n.both[0].Find(ctx, d)
		other, err2 := n.both[1].Find(ctx, d)
		if errors.Is(err1, core.ErrNotFound) == errors.Is(err2, core.ErrNotFound) && reflect.DeepEqual(one, other) {
			return one, errors.Join(err1, err2)
		}
		if time.Now().After(deadline) {
			return core.Found{}, fmt.Errorf("the nodes do not agree: %v and %v, %v and %v", one, other, err1, err2)
		}
		runtime.Gosched()
	}
}

func (n *nodes) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return n.next().Touch(ctx, d, seen, expires)
}

func (n *nodes) Delete(ctx context.Context, d [32]byte) error { return n.next().Delete(ctx, d) }

func (n *nodes) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return n.next().DeleteAll(ctx, userID, epoch, except)
}

func (n *nodes) List(ctx context.Context, userID string) ([]*core.Session, error) {
	return n.next().List(ctx, userID)
}

func (n *nodes) Trim(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
	return n.next().Trim(ctx, userID, backend, keep, named)
}

func (n *nodes) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	return n.next().Rotate(ctx, d, t)
}
