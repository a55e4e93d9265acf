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
	// askEvery is how long a server's role is believed. With the patience
	// for the answer a demotion is noticed within 5 seconds.
	askEvery = maxAge - patience
	// pause is how long no connection is made after a new one led to a
	// replica.
	pause = time.Second
)

// primary makes sure that what is read and written comes from a primary: after
// a fail-over by DNS or a virtual IP the old connection lives on, and its
// server goes on answering as a replica, which hears of revocations late or
// never. (In a cluster the role does not matter: a replica answers nothing
// there, but says where its primary is.)
//
// The store asks for the role over every new connection, before it believes
// anything that was read there, and again every few seconds. One that leads to
// a replica, or answers a write with READONLY, is closed, and everything is
// forgotten that was read over it.
//
// The question is HELLO and not ROLE: its answer has the role too, and an
// account of the application's may ask it (@connection; ROLE is @admin).
type primary struct {
	ask   func(context.Context) (rueidis.RedisMessage, error) // nil in a cluster
	flush func()
	turn  chan struct{} // of the one call that asks

	// made counts connections, and those that were given up; good is its
	// value when the server last said that it is a primary.
	made, good atomic.Uint64

	mu    sync.Mutex
	conns map[*connection]struct{}
	again time.Time // no connection is made before
}

var errReplica = errors.New("the server is a replica")

func newPrimary(flush func()) *primary {
	return &primary{flush: flush, turn: make(chan struct{}, 1), conns: map[*connection]struct{}{}}
}

// check is an error unless the present connection leads to a primary, as far
// as is known.
func (p *primary) check(ctx context.Context) error {
	known := func() bool { return p.ask == nil || p.good.Load() == p.made.Load() }
	if known() {
		return nil
	}
	return p.confirm(ctx, known)
}

// confirm asks the server for its role, unless done reports that another call
// has, while this one waited for its turn.
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
		if made == p.made.Load() { // else a connection was made meanwhile
			p.good.Store(made)
			return nil
		}
	}
	return nil
}

// watch asks until ctx ends.
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

// leave closes all connections and forgets what was read over them, unless
// that was done since made was loaded.
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

// dial is the client's. It refuses to connect right after a new connection led
// to a replica, so that a server which stays one is not stormed.
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

// connect makes a connection as the client would without a dial of the store's.
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

// connection is one that leave can close.
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

// says reports whether an error is the server's and begins with the code, which
// older servers put behind the words "Error running script".
func says(err error, code string) bool {
	var reply *rueidis.RedisError
	return errors.As(err, &reply) && strings.Contains(reply.Error(), code+" ")
}

// call runs do with a primary, for as long as patience lasts. What do has read
// must not be used if call returns an error.
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
		return wrap(what, unsure) // a connection that was made meanwhile
	}
	return wrap(what, err)
}

// wrap says what failed, unless the answer was absent. It never adds an
// argument.
func wrap(what string, err error) error {
	if err == nil || rueidis.IsRedisNil(err) {
		return err
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}
