package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

const (
	// askEvery is how long a server's role is trusted. With the patience
	// for the reply, a demotion is noticed within 5 seconds.
	askEvery = maxAge - patience
	// pause is how long no connection is made after a new one led to a
	// replica.
	pause = time.Second
)

// primary makes sure that reads and writes go to a primary: after a failover by
// DNS or a virtual IP the old connection lives on, and its server keeps
// answering as a replica, which learns of revocations late or never. (In a
// cluster the role does not matter: a replica answers nothing there, but
// redirects to its primary.)
//
// The store asks for the role over every new connection, before it trusts
// anything read there, and again every few seconds. A connection that leads to
// a replica, or answers a write with READONLY, is closed, and everything that
// was read over it is dropped.
//
// It asks with HELLO and not ROLE: the reply has the role too, and the
// application's account may use it (@connection; ROLE is @admin).
type primary struct {
	ask   func(context.Context) (rueidis.RedisMessage, error) // nil in a cluster
	flush func()
	turn  chan struct{} // held by the one call that asks

	// made counts connections made and given up; good is its value when the
	// server last said that it is a primary.
	made, good atomic.Uint64

	mu    sync.Mutex
	conns map[*connection]struct{}
	again time.Time // no connection is made before this time
}

var errReplica = errors.New("the server is a replica")

func newPrimary(flush func()) *primary {
	return &primary{flush: flush, turn: make(chan struct{}, 1), conns: map[*connection]struct{}{}}
}

// check returns an error unless the present connection leads to a primary, as
// far as is known.
func (p *primary) check(ctx context.Context) error {
	known := func() bool { return p.ask == nil || p.good.Load() == p.made.Load() }
	if known() {
		return nil
	}
	return p.confirm(ctx, known)
}

// confirm asks the server for its role, unless done reports that another call
// did while this one waited for its turn.
func (p *primary) confirm(ctx context.Context, done func() bool) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for !done() {
		made := p.made.Load()
		hello, err := p.ask(ctx)
		if err != nil {
			return err
		}
		properties, err := hello.AsMap()
		if err != nil {
			return err
		}
		role := properties["role"]
		if name, _ := role.ToString(); name == "replica" || name == "slave" {
			p.leave(made)
			return errReplica
		}
		if made == p.made.Load() { // otherwise a connection was made meanwhile
			p.good.Store(made)
			return nil
		}
	}
	return nil
}

// watch asks repeatedly until ctx is done.
func (p *primary) watch(ctx context.Context) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		_ = p.confirm(ctx, func() bool { return false })
		cancel()
	}
}

// leave closes all connections and drops what was read over them, unless that
// was done since made was loaded.
func (p *primary) leave(made uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.made.CompareAndSwap(made, made+1) {
		return
	}
	if p.good.Load() != made { // a new connection led to a replica too
		p.again = time.Now().Add(pause)
	}
	for c := range p.conns {
		_ = c.Conn.Close()
	}
	clear(p.conns)
	p.flush()
}

// dial is the client's dial function. It refuses to connect right after a new
// connection led to a replica, so that a server which stays one is not flooded
// with connections.
func (p *primary) dial(
	o rueidis.ClientOption,
) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	return func(ctx context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
		p.mu.Lock()
		early := time.Now().Before(p.again)
		p.mu.Unlock()
		if early {
			return nil, errReplica
		}
		made, err := connect(ctx, o, addr, d, t)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		c := &connection{made, p}
		p.conns[c] = struct{}{}
		p.made.Add(1)
		return c, nil
	}
}

// connect makes a connection as the client would without the store's dial
// function.
func connect(ctx context.Context, o rueidis.ClientOption, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
	switch {
	case o.DialCtxFn != nil:
		return o.DialCtxFn(ctx, addr, d, t)
	case o.DialFn != nil:
		return o.DialFn(addr, d, t)
	case t != nil:
		return (&tls.Dialer{NetDialer: d, Config: t}).DialContext(ctx, "tcp", addr)
	}
	return d.DialContext(ctx, "tcp", addr)
}

// connection is a connection that leave can close.
type connection struct {
	net.Conn
	of *primary
}

// Close closes the connection.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// says reports whether an error is the server's and begins with code, which
// older servers put after the words "Error running script".
func says(err error, code string) bool {
	var reply *rueidis.RedisError
	return errors.As(err, &reply) && strings.Contains(reply.Error(), code+" ")
}

// call runs do with a primary, for at most patience. What do has read must not
// be used if call returns an error.
func (s *Store) call(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.primary.check(ctx); err != nil {
		return wrap(what, err)
	}
	made := s.primary.made.Load()
	err := do(ctx)
	if says(err, "READONLY") || says(err, "MASTERDOWN") {
		s.primary.leave(made)
	} else if unsure := s.primary.check(ctx); unsure != nil {
		return wrap(what, unsure) // a connection was made meanwhile
	}
	return wrap(what, err)
}

// wrap adds what failed to an error, unless the error means a nil reply. It
// never adds an argument.
func wrap(what string, err error) error {
	if err == nil || rueidis.IsRedisNil(err) {
		return err
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}
