package server

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// PgBouncer starts a PgBouncer in transaction mode before the database of a
// PostgreSQL URL, for one test, and returns the database's URL behind it. It
// has a single connection, which one transaction has after the other.
func PgBouncer(t testing.TB, postgres string) string {
	t.Helper()
	u, err := url.Parse(postgres)
	if err != nil {
		t.Fatal(err)
	}
	s := startProcess(t, pgBouncer(u)).server
	u.Host = "127.0.0.1:" + strconv.Itoa(s.port)
	return u.String()
}

func pgBouncer(of *url.URL) *engine {
	address := func(port int) string {
		behind := *of
		behind.Host = "127.0.0.1:" + strconv.Itoa(port)
		return behind.String()
	}
	return &engine{
		name:     "PgBouncer",
		variable: "LATCHKEY_TEST_PGBOUNCER",
		prepare: func(s *instance, _ string) error {
			target := fmt.Sprintf("host=%s port=%s user=%s", of.Hostname(), of.Port(), of.User.Username())
			if password, ok := of.User.Password(); ok {
				target += " password=" + password
			}
			config := fmt.Sprintf("[databases]\n* = %s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
				"unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\n", target, s.port)
			return os.WriteFile(filepath.Join(s.folder, "pgbouncer.ini"), []byte(config), 0o644)
		},
		command: func(s *instance, program string) []string {
			return []string{program, filepath.Join(s.folder, "pgbouncer.ini")}
		},
		address: address,
		ping:    postgreSQL.ping,
		stop:    syscall.SIGINT,
		abandon: syscall.SIGKILL,
	}
}
