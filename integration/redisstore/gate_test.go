package redisstore_test

import (
	"net"
	"sync"
	"testing"

	"github.com/redis/rueidis"
)

// gate stands between a node and its Redis. While it is held the node receives
// nothing, as over a network that hangs; what it sends arrives.
type gate struct {
	listener net.Listener
	mu       sync.Mutex
	redis    string
	open     chan struct{} // closed, unless the gate is held
}

func newGate(t testing.TB, redis string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	g := &gate{listener: l, redis: redis, open: make(chan struct{})}
	g.release()
	go g.serve()
	return g
}

// client returns the node's client options.
func (g *gate) client() rueidis.ClientOption {
	return rueidis.ClientOption{InitAddress: []string{g.listener.Addr().String()}}
}

// lead directs new connections to another server.
func (g *gate) lead(redis string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.redis = redis
}

func (g *gate) target() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.redis
}

func (g *gate) hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.open)
}

func (g *gate) wait() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	<-open
}

func (g *gate) serve() {
	for {
		node, err := g.listener.Accept()
		if err != nil {
			return
		}
		redis, err := net.Dial("tcp", g.target())
		if err != nil {
			_ = node.Close()
			continue
		}
		go forward(redis, node, func() {})
		go forward(node, redis, g.wait)
	}
}

// forward copies until one of the two is closed, and waits before everything
// that it writes.
func forward(to, from net.Conn, wait func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		wait()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
