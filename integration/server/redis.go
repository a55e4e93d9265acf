package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
)

var redis = &engine{
	name:     "Redis",
	variable: "LATCHKEY_TEST_REDIS_SERVER",
	given:    "LATCHKEY_TEST_REDIS",
	prepare:  func(*instance, string) error { return nil },
	command: func(s *instance, program string) []string {
		return []string{program, "--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--save", "", "--appendonly", "no"}
	},
	address: func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) },
	ping:    func(ctx context.Context, addr string) error { return tellRedis(ctx, addr, "PING", "+PONG") },
	stop:    syscall.SIGTERM,
	abandon: syscall.SIGKILL,
}

// Redis returns the host:port of an empty Redis. It belongs to t and is stopped
// with it, unless LATCHKEY_TEST_REDIS is set.
func Redis(t testing.TB) string {
	t.Helper()
	given := os.Getenv(redis.given)
	if given == "" {
		return StartRedis(t).URL()
	}
	empty := func() {
		if err := tellRedis(context.Background(), given, "FLUSHDB", "+OK"); err != nil {
			t.Fatalf("the Redis of %s: %v", redis.given, err)
		}
	}
	empty()
	t.Cleanup(empty)
	return given
}

// StartRedis starts a Redis that keeps nothing on disk. args come after all
// other arguments, such as "--maxmemory", "10mb".
func StartRedis(t testing.TB, args ...string) *Process {
	t.Helper()
	return startProcess(t, redis, args...)
}

// tellRedis sends a command and compares the first line of the reply.
func tellRedis(ctx context.Context, addr, command, want string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != want+"\r\n" {
		err = fmt.Errorf("the reply to %s is %q", command, answer)
	}
	return err
}
