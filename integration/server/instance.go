package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// engine is a make of server.
type engine struct {
	name     string
	variable string                                       // the variable that says where its programs are
	given    string                                       // the variable with the address of an existing one
	prepare  func(s *instance, program string) error      // fills the folder
	command  func(s *instance, program string) []string   // runs the server
	address  func(port int) string                        // for its administrator
	ping     func(ctx context.Context, addr string) error // nil if it responds
	stop     syscall.Signal                               // stops it in order
	abandon  syscall.Signal                               // stops it fast, and leaves nothing but its data
}

// instance is a server: its data, and the process that runs it or ran it last.
type instance struct {
	*engine
	durable bool     // a commit survives whatever happens
	args    []string // beyond the engine's
	folder  string   // of the data; its user owns it
	port    int
	process *exec.Cmd
	output  *tail
	ended   chan struct{} // closed when the process and its children have exited
}

// launch creates and starts a server.
func launch(e *engine, durable bool, args ...string) (*instance, error) {
	s := &instance{engine: e, durable: durable, args: args, ended: make(chan struct{})}
	close(s.ended)
	program, err := s.program()
	if err == nil {
		err = s.create(program)
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.name, err), s.remove())
	}
	return s, nil
}

func (e *engine) program() (string, error) {
	if program := os.Getenv(e.variable); program != "" {
		return program, nil
	}
	return "", fmt.Errorf("%s is not set: run make test, or this test by tools/servers, which finds or installs the program", e.variable)
}

// create makes the data.
func (s *instance) create(program string) (err error) {
	if s.port, err = freePort(); err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "latchkey-test-"); err != nil {
		return err
	}
	if err := giveAway(s.folder); err != nil {
		return err
	}
	return s.prepare(s, program)
}

// freePort looks among the ports that Linux never assigns by itself, so that a
// stopped server gets its own again. A node of a Redis Cluster also takes the
// port 10,000 higher, which is then one of those.
func freePort() (int, error) {
	for range 100 {
		port := 10_000 + rand.IntN(12_000) //nolint:gosec // no secret
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port is free")
}

// remove stops the server and removes its data.
func (s *instance) remove() error {
	var err error
	if s.running() {
		err = s.end(s.abandon)
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}
