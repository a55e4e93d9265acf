package server

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

var postgreSQL = dialect{
	open: func(addr string) (*sql.DB, error) { return sql.Open("pgx", addr) },
	within: func(addr, database string) (string, error) {
		u, err := url.Parse(addr)
		if err != nil {
			return "", err
		}
		u.Path = "/" + database
		return u.String(), nil
	},
	create: "CREATE DATABASE %s",
	drop:   "DROP DATABASE %s WITH (FORCE)",
}

var postgres = &engine{
	name:     "PostgreSQL",
	variable: "LATCHKEY_TEST_POSTGRES_BIN",
	given:    "LATCHKEY_TEST_POSTGRES",
	prepare: func(s *instance, program string) error {
		return s.run(nil, filepath.Join(program, "initdb"), "--pgdata="+s.folder, "--username=postgres", "--auth=trust",
			"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	},
	command: func(s *instance, program string) []string {
		command := []string{filepath.Join(program, "postgres"), "-D", s.folder, "-p", strconv.Itoa(s.port), "-c",
			"listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "shared_buffers=32MB", "-c", "max_connections=200", "-c", "dynamic_shared_memory_type=mmap"}
		if !s.durable {
			command = append(command, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
		}
		return command
	},
	address: func(port int) string {
		return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	},
	ping:    postgreSQL.ping,
	stop:    syscall.SIGINT,  // "fast": SIGTERM waits for the clients
	abandon: syscall.SIGQUIT, // "immediate": SIGKILL would leave shared memory
}

// Postgres returns the URL of a new, empty database on the server that the
// package's tests share, with its superuser. The database is dropped at the end
// of t, even if clients are connected.
func Postgres(t testing.TB) string {
	t.Helper()
	return newDatabase(t, postgres, postgreSQL)
}

// StartPostgres starts a PostgreSQL whose commits reach the disk.
func StartPostgres(t testing.TB) *Process {
	t.Helper()
	return startDatabase(t, postgres, postgreSQL)
}
