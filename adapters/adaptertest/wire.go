package adaptertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

const defaultPeer = "192.0.2.1:4711"

// noAddress is the peer at the other end of a Unix socket.
const noAddress = "@"

// listener sets each connection's peer address to the one in the first line
// that the client sends: on loopback there is only one.
type listener struct{ *net.TCPListener }

type peerConn struct {
	*net.TCPConn
	peer net.Addr
}

func (c peerConn) RemoteAddr() net.Addr { return c.peer }

func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if peer, err := readPeer(c); err == nil {
			return peerConn{c, peer}, nil
		}
		_ = c.Close() // not a client of this kit
	}
}

func readPeer(c net.Conn) (net.Addr, error) {
	var line []byte
	for b := make([]byte, 1); ; line = append(line, b[0]) {
		if _, err := io.ReadFull(c, b); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			break
		}
	}
	if string(line) == noAddress {
		return &net.UnixAddr{Net: "unix", Name: noAddress}, nil
	}
	ap, err := netip.ParseAddrPort(string(line))
	return net.TCPAddrFromAddrPort(ap), err
}

// A wire is a client's connection.
type wire struct {
	net.Conn
	in   *bufio.Reader
	sent *atomic.Int64
}

func (s *server) dial(peer string) (*wire, error) {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(s.patience))
	_, err = io.WriteString(c, peer+"\n")
	return &wire{c, bufio.NewReader(c), &s.sent}, err
}

// An answer is a response that was read. Status 0 means that the connection
// ended without one.
type answer struct {
	status int
	header http.Header
	body   string
}

// read reads one response to a request with the given method.
func (w *wire) read(method string) (answer, error) {
	w.sent.Add(1)
	if _, err := w.in.Peek(1); err != nil && !isTimeout(err) {
		return answer{}, nil
	}
	resp, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		return answer{}, fmt.Errorf("the response cannot be read: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("the body cannot be read: %w", err)
	}
	if resp.Close {
		resp.Header.Set("Connection", "close") // ReadResponse removes it
	}
	return answer{resp.StatusCode, resp.Header, string(body)}, nil
}

// end checks that the server sends nothing more and closes the connection.
func (w *wire) end() error {
	rest, err := io.ReadAll(w.in)
	if isTimeout(err) {
		return errors.New("the connection stays open")
	}
	if len(rest) > 0 { // any other error is a reset connection
		return fmt.Errorf("after the response came %q", rest)
	}
	return nil
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// exchange sends one request over a connection of its own, which the server
// must close after its response.
func (s *server) exchange(peer, raw string) (answer, error) {
	w, err := s.dial(peer)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = w.Close() }()
	// an early response must not wait for the last byte; a failed write
	// shows in the response
	go func() { _, _ = io.WriteString(w, raw) }()
	method, _, _ := strings.Cut(raw, " ")
	a, err := w.read(method)
	if err != nil {
		return a, err
	}
	return a, w.end()
}
