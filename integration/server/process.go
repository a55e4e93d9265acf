package server

import (
	"syscall"
	"testing"
)

// Process is a server that a test may stop or kill. It is stopped at the end of
// the test. A method that fails fails the test; any goroutine may call the
// methods, one at a time.
type Process struct {
	t      testing.TB
	server *instance
	url    string
}

// startProcess starts a server for one test.
func startProcess(t testing.TB, e *engine, args ...string) *Process {
	t.Helper()
	s, err := launch(e, true, args...)
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{t, s, s.address(s.port)}
	t.Cleanup(func() { p.check(s.remove()) })
	return p
}

// URL returns the server's address: a database called test for SQL, host:port
// for Redis. It stays the same.
func (p *Process) URL() string { return p.url }

// Start starts the server again, at its address and with its data (Redis has
// none), and waits until it responds.
func (p *Process) Start() {
	p.t.Helper()
	p.check(p.server.start())
}

// Stop asks the server to exit, which breaks its connections, and waits until
// it has.
func (p *Process) Stop() {
	p.t.Helper()
	p.check(p.server.end(p.server.stop))
}

// Kill kills the server, with all its processes, by SIGKILL.
func (p *Process) Kill() {
	p.t.Helper()
	p.check(p.server.kill())
}

// Pause makes the server hang, by SIGSTOP: its connections stay, and nobody
// responds.
func (p *Process) Pause() {
	p.t.Helper()
	p.check(p.server.signal(syscall.SIGSTOP))
}

// Resume ends Pause.
func (p *Process) Resume() {
	p.t.Helper()
	p.check(p.server.signal(syscall.SIGCONT))
}

func (p *Process) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Errorf("%s: %v", p.server.name, err)
	}
}
