// Package server starts real database servers for tests: PostgreSQL, MariaDB
// and Redis, on free ports of 127.0.0.1, with their data in a temporary folder.
//
//	func TestMain(m *testing.M) { os.Exit(server.Main(m)) }
//
//	func TestStore(t *testing.T) {
//		db, err := sql.Open("pgx", server.Postgres(t))
//
// Tests that only need a database share one server, which does not wait for the
// disk. Tests that stop, kill or pause a server start their own, with the
// durability of production.
//
// tools/servers finds or installs the programs and sets variables with their
// locations: LATCHKEY_TEST_POSTGRES_BIN (the folder of initdb and postgres),
// LATCHKEY_TEST_PGBOUNCER, LATCHKEY_TEST_MARIADBD and
// LATCHKEY_TEST_REDIS_SERVER. A test without them fails. Existing servers are
// used instead of shared ones if these variables have their addresses, with an
// account that may create databases:
//
//	LATCHKEY_TEST_POSTGRES=postgres://user:password@host:port/postgres
//	LATCHKEY_TEST_MYSQL=user:password@tcp(host:port)/
//	LATCHKEY_TEST_REDIS=host:port
//
// Redis has no databases by name: the database 0 of such a Redis is emptied
// before and after a test, so that its tests must run one at a time (go test -p
// 1 -parallel 1). Without the variable each test has a Redis of its own.
//
// The servers accept everybody on the machine, without a password. They run as
// the test's user; root's run as nobody.
package server

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// Main runs the tests of a package, stops the servers that they shared, and
// returns the exit code.
func Main(m *testing.M) int {
	shared.started = map[*engine]*start{}
	code := m.Run()
	if err := shared.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		return 1
	}
	return code
}

// shared holds the servers that a package's tests share. Each starts when the
// first test needs it.
var shared servers

type servers struct {
	mu      sync.Mutex
	started map[*engine]*start
}

type start struct {
	server *instance
	err    error
}

// address returns the address of the shared server's administrator.
func (s *servers) address(e *engine) (string, error) {
	if given := os.Getenv(e.given); given != "" {
		return given, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started == nil {
		return "", errors.New("the package has no TestMain that calls server.Main, which stops the servers")
	}
	if s.started[e] == nil {
		server, err := launch(e, false)
		s.started[e] = &start{server, err}
	}
	if err := s.started[e].err; err != nil {
		return "", err
	}
	return e.address(s.started[e].server.port), nil
}

func (s *servers) remove() (err error) {
	for _, started := range s.started {
		if started.err == nil {
			err = errors.Join(err, started.server.remove())
		}
	}
	return err
}
