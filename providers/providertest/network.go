package providertest

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Network is an in-memory network with one server that has every address. In a
// bubble of testing/synctest it is idle when nobody sends.
type Network struct {
	server   *http.Server
	accepted chan net.Conn
	closed   chan struct{}
	read     atomic.Int64 // bytes that clients have read

	mu     sync.Mutex
	conns  []net.Conn
	dialed []string
}

// NewNetwork starts the server. Close stops it.
func NewNetwork(h http.Handler) *Network {
	n := &Network{accepted: make(chan net.Conn), closed: make(chan struct{})}
	n.server = &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = n.server.Serve(listener{n}) }()
	return n
}

// Dial connects to the server, whatever the address. The connection carries
// HTTP without TLS: use Dial as http.Transport's DialTLSContext.
func (n *Network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	client, server := net.Pipe()
	n.mu.Lock()
	n.conns, n.dialed = append(n.conns, client, server), append(n.dialed, address)
	n.mu.Unlock()
	select {
	case n.accepted <- server:
		return counted{client, &n.read}, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close stops the server and closes all connections.
func (n *Network) Close() {
	_ = n.server.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.conns {
		_ = conn.Close()
	}
}

func (n *Network) addresses() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.dialed)
}

// listener is the network as its server sees it.
type listener struct{ n *Network }

func (l listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.n.accepted:
		return conn, nil
	case <-l.n.closed:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error { close(l.n.closed); return nil } // http.Server calls it once

func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

// counted counts what is read from a connection.
type counted struct {
	net.Conn
	read *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}
